"""What fails or is lost without a word is told by comparison: at times, from a size on, on the way there or back."""

from __future__ import annotations

import json

import pytest

from registry_conformance.judge.diagnosis.asker import Asker
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probes import bodies, repeats
from registry_conformance.judge.diagnosis.probes.artifacts import content
from registry_conformance.judge.evidence.exchange import Body, Exchange
from tests.test_probes_of_others import context_at

GONE = "500 json INTERNAL_ERROR s3:NotFound"
WHOLE = {"put.P": "200 json", "get.P": "200 whole", "repeat.get.P": "all 200"}
MADE = {"meta.create.P": "200 json"}
SOON = MADE | {"pace.search.P": "fast"}
SWALLOWED = {"put.P": "200 json", "list.P": "200 json empty", "get.P": GONE, "text.get.P": GONE}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"repeat.get.P": "200 short 200 200 short 200 200 short"}, "downloads-cut-at-times"),
        ({"repeat.get.P": "200 503 200 200 503 200 200 200"}, "other"),
        ({"repeat.get.P": "all short", "get.P": "200 short"}, "other"),
        ({"repeat.get.P": "200 short 200", "repeat.get.O": "200 short 200"}, "other"),
        (SWALLOWED | {"multipart.complete.P": "200 json"}, "uploads-swallowed"),
        (SWALLOWED, "other"),
        (WHOLE | {"ladder.get.P": "1m 200 empty", "ladder.kept.P": "1m short"}, "large-uploads-lose-bytes"),
        (WHOLE | {"ladder.get.P": "1m 200 empty", "ladder.kept.P": "1m whole"}, "large-downloads-lose-bytes"),
        (WHOLE | {"ladder.get.P": "1m 200 empty"}, "other"),
        ({"register.taken.P": "200 json done"}, "answers-to-post-repeated"),
        (SOON | {"put.P": "timeout", "multipart.part.P": "timeout"}, "store-slow-to-write"),
        (SOON | {"put.P": "200 json", "pace.put.P": "slow 6 s", "multipart.part.P": "timeout"}, "store-slow-to-write"),
        (SOON | {"put.P": "200 json", "multipart.part.P": "timeout"}, "other"),
        (MADE | {"meta.model.P": "404 json RESOURCE_DOES_NOT_EXIST"}, "database-refuses-the-row"),
        ({"repeat.search.P": "all 200", "repeat.put.P": "200 500 200 200 500 200"}, "uploads-now-and-then"),
        ({"repeat.search.P": "all 200", "repeat.put.P": "200 503 200 200 503 200"}, "other"),
    ],
)
def test_what_is_lost_without_a_word_is_told(values: dict[str, str], named: str) -> None:
    """The first cause is what the comparison shows, and no more than it shows."""
    first = conclude(facts_of(values), causes=()).causes[0]
    assert first.id == named or (named == "other" and first.layer != "store" and "bytes" not in first.id)


def facts_of(values: dict[str, str]) -> Facts:
    """Return facts with these values."""
    facts = Facts()
    for name, value in values.items():
        normal = ".*" if name == "ladder.kept.P" else r"(?:all )?200(?: whole| json)?|fast"
        facts.record(name, value, f"{name}: {value}", normal)
    return facts


@pytest.mark.parametrize(
    ("came", "value"),
    [([600] * 8, "all 200"), ([600, 300] * 4, "200 short 200 short 200 short 200 short"), ([0] * 8, "all empty")],
)
def test_one_download_is_asked_for_again_and_again(
    came: list[int], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers of the same file that differ are told one by one."""
    context, sizes = context_at("http://door"), iter(came)
    context._folder = "f"

    def answer(_: Asker, method: str, path: str, **__: object) -> Exchange:
        size = next(sizes) if method == "GET" and "repeat" in path else 0
        return Exchange(method, path, "door", 200, response_body=Body.of([content(600, seed=11)[:size]]))

    monkeypatch.setattr(Asker, "send", answer)
    monkeypatch.setattr(Asker, "why_not", lambda *_: "")
    repeats.repeats(context, "P")
    assert context.facts.value("repeat.get.P") == value


@pytest.mark.parametrize(
    ("listed", "value"),
    [({"file_size": "1048577"}, "1m whole"), ({"file_size": 9}, "1m short"), ({}, "1m short")],
)
def test_the_listed_size_of_what_comes_back_shorter_is_told(
    listed: dict[str, object], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A size that is left out of a list is none."""
    context = context_at("http://door")
    context._folder = "f"
    text = json.dumps({"files": [{"path": "1m.bin", **listed}]}).encode()
    monkeypatch.setattr(Asker, "send", lambda *_, **__: Exchange("GET", "/x", "d", 200, response_body=Body.of([text])))
    bodies._kept_in_size(context.at("P"), "1m")
    assert context.facts.value("ladder.kept.P") == value
