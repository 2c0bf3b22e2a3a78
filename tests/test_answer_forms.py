"""Where no other place can be asked, the form of an answer shows a layer, and several answers together show more."""

from __future__ import annotations

from typing import Any

import pytest

from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts

FINE = {"doors.search.P": "all 200 json", "put.P": "200 empty"}
MADE = "200 json, made"
KEY_CHECK = '{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "The API key cannot be checked now; try again."}'


def seen(said: str = "", status: int = 503, **wrong: str) -> Facts:
    """Return what is seen through the door alone: what works there, what does not; ``said`` is its answer's text."""
    facts = Facts()
    body = {"size": len(said), "sha256": "", "text": said}
    answer: Any = {"kind": "exchange", "method": "PUT", "url": "http://door/x", "door": "main", "status": status,
                   "response_headers": [["Content-Type", "application/json"]], "response_body": body}  # fmt: skip
    for name, value in FINE.items():
        facts.record(name, value, name, value)
    for name, value in wrong.items():
        normal = value if value == MADE else "(?!)"
        facts.record(name.replace("__", "."), value, name, normal, (answer,) if said else ())
    return facts


def test_downloads_that_alone_break_off_are_before_mlflow() -> None:
    """Kind: a proxy without room for answers. The same files pass on the way there."""
    facts = seen(size__5m__get__P="200 bytes cut", ladder__get__P="5m 200 bytes cut")
    for name in ("size.5m.P", "ladder.put.P"):
        facts.record(name, "whole", name, "whole")
    named = conclude(facts, causes=(), known={}).causes[0]
    assert (named.layer, "uploads of any size pass" in named.sentence) == ("proxy", True)


@pytest.mark.parametrize(
    ("facts", "layer", "told"),
    [
        (seen(name__space__P="403 html"), "proxy", "403 html"),
        (seen(name__space__P="400 text", name__plus__P="400 text"), "proxy", "400 text"),
        (seen(name__plus__P="404 json ENDPOINT_NOT_FOUND"), "proxy", "ENDPOINT_NOT_FOUND"),
        (seen(meta__logged__P="403 json PERMISSION_DENIED"), "auth", "PERMISSION_DENIED"),
        (seen(meta__run__P="429 json REQUEST_LIMIT_EXCEEDED"), "auth", "REQUEST_LIMIT"),
        (seen(KEY_CHECK, name__unicode__P="503 json TEMPORARILY_UNAVAILABLE"), "auth", "503 json"),
        (seen("database is locked", name__unicode__P="503 json TEMPORARILY_UNAVAILABLE"), "database", "503 json"),
        (seen(name__unicode__P="503 json TEMPORARILY_UNAVAILABLE"), "", "does not show"),
        (seen(presign__P="503 json TEMPORARILY_UNAVAILABLE flask"), "mlflow", "flask"),
        (seen(size__1m__P="500 json"), "proxy", "500 json"),
        (seen(meta__version__P="400 json INVALID_PARAMETER_VALUE"), "mlflow", "INVALID_PARAMETER"),
        (seen(get__P="500 json INTERNAL_ERROR s3:NotFound"), "store", "s3:NotFound"),
        (
            seen(put__P="reset", get__P="500 json INTERNAL_ERROR s3:NotFound"),
            "",
            "gets no answer at all (a small upload",
        ),
        (seen(text__P="500 json INTERNAL_ERROR s3:timeout"), "network", "s3:timeout"),
        (seen(put__again__P="502 json TEMPORARILY_UNAVAILABLE"), "proxy", "502 json"),
        (seen(size__5m__get__P="200 bytes cut", ladder__get__P="5m 200 bytes cut"), "network", "break off"),
        (seen(size__64k__P="timeout", ladder__put__P="64k timeout", meta__long__P="timeout"), "network", "break off"),
        (seen(chunked__P="timeout", empty__P="timeout", size__1m__P=MADE), "proxy", "bodies in chunks"),
        (seen(chunked__P="timeout", size__1m__P="timeout"), "network", "break off"),
        (
            seen(size__9m__P="502 json X", ladder__put__P="9m 502 json X", empty__P="502 json X"),
            "mlflow",
            "ended under",
        ),
        (seen(put__P="500 text", list__P="401 json UNAUTHENTICATED", meta__create__P=MADE), "iam", "own access key"),
        (seen(put__P="500 text", meta__create__P=MADE), "store", "does it reach it, trust its certificate"),
        (
            seen(model__put__P="500 text", register__upload__P="500 text", meta__create__P=MADE),
            "store",
            "asks the store",
        ),
        (seen(ladder__put__P="9m 500 text", size__9m__P="500 text", meta__create__P=MADE), "store", "in parts"),
        (seen(put__P="500 text", list__P="200 json empty", meta__create__P=MADE), "store", "is there room"),
        (
            seen(ladder__put__P="1m 500 text", size__1m__P="500 text", meta__create__P=MADE),
            "",
            "is there room for them, in its temporary folder",
        ),
        (
            seen(list__P="500 html flask", get__P="500 html flask", delete__P="500 html flask", meta__create__P=MADE),
            "store",
            "may it list the bucket",
        ),
        (
            seen(delete__P="500 html flask", multipart__abort__P="500 html flask", meta__create__P=MADE),
            "store",
            "may it delete objects",
        ),
        (
            seen(meta__model__P="500 html flask", register__model__P="500 html flask", meta__run__P=MADE),
            "mlflow",
            "fails without a word on registered models",
        ),
        (seen(meta__by_name__P="404 json RESOURCE_DOES_NOT_EXIST"), "mlflow", "RESOURCE_DOES"),
        (
            seen(meta__read__P="404 json RESOURCE_DOES_NOT_EXIST", meta__params__P="404 json RESOURCE_DOES_NOT_EXIST"),
            "mlflow",
            "does not know what it just made",
        ),
    ],
)
def test_the_form_of_what_is_wrong_shows_a_layer(facts: Facts, layer: str, told: str) -> None:
    """A page is the proxy's, a refusal the auth service's, a failure MLflow's; a code of the store's is the store's."""
    named = conclude(facts, (), (), known={}).causes[0]
    assert (named.id, named.layer) == ("unknown", layer)
    assert told in named.sentence


def test_what_was_replaced_and_is_still_answered_is_a_cache() -> None:
    """Old content of an artifact and a deleted model still there: something on the way keeps answers."""
    facts = seen(get__again__P="200 long", meta__gone__P="200 json")
    facts.record("put.again.P", "200 empty", "an upload to a name that was taken", "200 empty")
    (found,) = conclude(facts, (), (), known={}).causes
    assert (found.id, found.layer) == ("answers-kept", "proxy")
    assert "a cache stands on the way" in found.sentence
    assert "proxy_cache" not in found.remedy

    facts.record("first.product.P", "nginx", "nginx answers")
    assert "proxy_cache off" in conclude(facts, (), (), known={}).causes[0].remedy


def test_what_could_not_be_replaced_is_no_cache() -> None:
    """An upload that is refused leaves what was there."""
    facts = seen(get__again__P="200 long", get__deleted__P="200 bytes", put__again__P="403 json")
    assert all(each.id != "answers-kept" for each in conclude(facts, (), (), known={}).causes)


def test_text_that_comes_back_rewritten_is_the_doing_of_something_on_the_way() -> None:
    """Only a program that reads what it passes on makes https of http in a file; one that cuts need not read."""
    rewritten = conclude(seen(text__get__P="200 long (http made https in it)"), (), (), known={}).causes[0]
    recoded = conclude(seen(get__P="200 long (as base64)"), (), (), known={}).causes[0]
    cut = conclude(seen(text__get__P="200 short (cut after 10 B)"), (), (), known={}).causes[0]
    assert (recoded.layer, "come back rewritten" in recoded.sentence) == ("proxy", True)
    assert (rewritten.layer, rewritten.id) == ("proxy", "addresses-rewritten-in-files")
    assert "come back rewritten" not in cut.sentence


def test_a_step_that_fails_for_good_goes_before_what_a_client_bridges() -> None:
    """Some requests went through when they were repeated; the upload did not, and its answer says why."""
    facts = seen("<html><title>504</title><hr><center>nginx/1.22.1</center>", 504, put__P="504 html nginx")
    facts.record("again.bridged.P", "6 of 158: 500", "intermittent: 6 of 158 requests failed (500)", ".*")
    first = conclude(facts, (), (), known={}).causes[0]
    assert (first.id, first.layer) == ("step-gets-no-answer", "proxy")


def test_files_that_some_replicas_lack_are_told_by_the_list_of_a_model() -> None:
    """Requests for files alone fail at one time, and a list lacks some of them: that is no store that throttles."""
    facts = seen(register__files__P="200 json other", meta__create__P=MADE)
    facts.record("again.bridged.P", "6 of 158: 500, files alone", "intermittent: 6 of 158 requests failed (500)", ".*")
    with_all = seen(register__files__P="200 json other", meta__create__P=MADE)

    assert conclude(facts, (), (), known={}).causes[0].id == "model-files-of-each-replica"
    assert "replicas" not in conclude(with_all, (), (), known={}).causes[0].sentence


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("6 of 158: 500, files alone", "store-now-and-then"),
        ("2 of 158: 500, files alone", "busy-now-and-then"),
        ("6 of 158: 429, files alone", "busy-now-and-then"),
        ("6 of 158: 500", "busy-now-and-then"),
    ],
)
def test_files_alone_that_fail_for_a_moment_are_the_store_s(value: str, named: str) -> None:
    """Several requests, all for files, failed for a moment, and none was throttled at the door."""
    facts = seen()
    facts.record("again.bridged.P", value, f"intermittent: {value}", ".*")
    (found,) = conclude(facts, (), (), known={}).causes
    assert (found.id, found.band) == (named, Band.POSSIBLE)


def test_what_was_not_replaced_is_no_cache() -> None:
    """If the second upload failed, the first content is what belongs there."""
    facts = seen(get__again__P="200 long", meta__gone__P="200 json", put__again__P="502 json X")
    assert "a cache" not in conclude(facts, (), (), known={}).causes[0].sentence


def test_the_words_of_a_product_count_more_than_a_possible_cause_elsewhere() -> None:
    """A page of nginx's own is not explained by a device that resets connections."""
    page = "<html><title>500</title><hr><center>nginx/1.22.1</center>"
    facts = seen(page, 500, size__1m__P="500 html nginx", ladder__put__P="1m 500 html nginx")
    first = conclude(facts).causes[0]
    assert (first.id, first.layer) == ("proxy-fails", "proxy")
    assert "nginx itself answers the upload of a large file" in first.sentence
