"""What the store takes and what not tells room, rights, form, and MLflow's own folder apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from registry_conformance.judge.diagnosis.asker import Asker
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probes import size_limit
from registry_conformance.judge.evidence.exchange import Body, Exchange
from tests.test_probes_of_others import context_at

MADE = {"doors.search.P": "all 200 json", "meta.create.P": "200 json", "list.P": "200 json"}
NO_UPLOAD = MADE | {"put.P": "500 text", "get.P": "500 json INTERNAL_ERROR"}
SMALL = MADE | {"put.P": "200 empty", "get.P": "200 whole"}
NO_PARTS = "500 html flask"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (NO_UPLOAD | {"multipart.create.P": "200 json", "multipart.part.P": "200 empty"}, "store-takes-parts-alone"),
        (NO_UPLOAD | {"multipart.create.P": NO_PARTS}, "store-takes-no-writes"),
        (NO_UPLOAD | {"multipart.create.P": NO_PARTS, "list.P": "500 json INTERNAL_ERROR"}, "unknown"),
        (NO_UPLOAD | {"multipart.create.P": "404 json"}, "unknown"),
        (SMALL | {"multipart.create.P": NO_PARTS, "delete.P": NO_PARTS}, "store-takes-no-post"),
        (SMALL | {"multipart.create.P": NO_PARTS, "delete.P": "200 json"}, "unknown"),
        (SMALL | {"ladder.put.P": "9m 500 text", "ladder.part.P": "7m 200 empty"}, "mlflow-fails-by-size"),
        (SMALL | {"ladder.put.P": "5m 500 text", "ladder.part.P": "5m 200 empty"}, "mlflow-fails-by-size"),
        (SMALL | {"ladder.put.P": "9m 500 text", "ladder.part.P": "9m 200 empty"}, "unknown"),
        (SMALL | {"ladder.put.P": "5m 500 text", "ladder.part.P": "5m 400 xml s3:X"}, "store-refuses-by-size"),
        (SMALL | {"ladder.put.P": "5m 413 html nginx", "ladder.part.P": "5m 400 xml s3:X"}, "other"),
    ],
)
def test_what_the_store_takes_tells_causes_apart(values: dict[str, str], named: str) -> None:
    """The first cause is what the facts together show, and no more than they show."""
    facts = Facts()
    for name, value in values.items():
        normal = ".*" if name in ("ladder.part.P", "ladder.between.P") else "(?:all )?200.*"
        facts.record(name, value, f"{name}: {value}", normal)
    first = conclude(facts, causes=()).causes[0].id
    assert first == named or (named == "other" and "store" not in first)


@pytest.mark.parametrize(
    ("value", "told"),
    [("7m 500 text", "is there room for them"), ("7m 200 empty", "in parts")],
)
def test_a_size_between_refutes_the_limit_of_uploads_in_parts(value: str, told: str) -> None:
    """What fails below the size from which MLflow sends parts has another reason than parts."""
    facts = Facts()
    for name, text in (SMALL | {"ladder.put.P": "9m 500 text", "size.9m.P": "500 text"}).items():
        facts.record(name, text, name, "(?:all )?200.*")
    facts.record("ladder.between.P", value, "between", ".*")
    assert told in conclude(facts, causes=()).causes[0].sentence


def answering(statuses: dict[str, int]) -> Callable[..., Exchange]:
    """Return how an asker sends where each method and last word of a path is answered so."""

    def send(method: str, path: str, **_: Any) -> Exchange:
        body = b'{"upload_id": "u", "credentials": [{"url": "http://store.test/x"}]}'
        head = (("Content-Type", "application/json"),)
        name = next(word for word in statuses if word in path)
        return Exchange(method, path, "door", statuses[name], response_headers=head,
                        response_body=Body(len(body), "", body))  # fmt: skip

    return send


@pytest.mark.parametrize(
    ("between", "part", "told"),
    [
        (500, 200, ("7m 500 json", "7m 200 empty")),
        (200, 507, ("7m 200 json", "9m 507 empty")),
    ],
)
def test_the_smallest_size_that_fails_is_sent_to_the_store(
    between: int, part: int, told: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more size narrows the interval, and a part of the size that fails shows what the store makes of it."""
    sent: list[int] = []

    def follow(_: object, method: str, url: str, body: bytes) -> Exchange:
        sent.append(len(body))
        return Exchange(method, url, "store", part)

    monkeypatch.setattr(size_limit, "follow", follow)
    context = context_at("http://127.0.0.1:1")
    context._folder = "f"
    asker: Asker = context.at("P")
    monkeypatch.setattr(asker, "send", answering({"between.bin": between, "mpu/": 200}))
    size_limit.narrowed(asker, "9m", Exchange("PUT", "http://door/x", "door", 500))

    assert (context.facts.value("ladder.between.P"), context.facts.value("ladder.part.P")) == told
    assert sent == [7 << 20 if between == 500 else (9 << 20) + 1]
