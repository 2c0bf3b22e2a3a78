"""An answer that is not the one expected is told in words, whatever a check reads of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from registry_conformance.judge.evidence.exchange import KEPT_BYTES, Body, Exchange
from registry_conformance.judge.expect import Mismatch, PreconditionFailed, expect_status, require


def answer(body: bytes) -> Exchange:
    """Return a 200 with this body."""
    headers = (("Content-Type", "application/json"),)
    return Exchange("GET", "http://h/x", "canonical", 200, response_headers=headers, response_body=Body.of([body]))


def test_document_is_the_json_that_came() -> None:
    """What is there is read as plain JSON would be."""
    found = answer(b'{"run": {"tags": [{"key": "a"}]}, "none": null}').document
    assert found == {"run": {"tags": [{"key": "a"}]}, "none": None}
    assert (found["run"]["tags"][0]["key"], found.get("absent", 7), found["run"]["tags"][5:]) == ("a", 7, [])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"7", b'"text"'])
@pytest.mark.parametrize(("stand", "breach"), [(expect_status, Mismatch), (require, PreconditionFailed)])
def test_another_body_is_a_breach(
    body: bytes, stand: Callable[[Exchange, int], Exchange], breach: type[Mismatch]
) -> None:
    """A body that is no JSON object is a mismatch, and an unmet premise if a check only stands on it."""
    with pytest.raises(breach, match="JSON object") as told:
        _ = stand(answer(body), 200).document
    assert type(told.value) is breach


def test_an_answer_too_long_to_read_is_told_as_that() -> None:
    """JSON past the part that an exchange keeps is called too long, not broken."""
    with pytest.raises(Mismatch, match=f"at most {KEPT_BYTES} bytes"):
        _ = answer(b'{"runs": "' + b"x" * KEPT_BYTES + b'"}').document


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda found: found["runs"], "a field 'runs'"),
        (lambda found: found["run"]["info"], "a field 'info'"),
        (lambda found: found["tags"][0]["key"], "a field 'key'"),
        (lambda found: found["tags"][2], "an item 2"),
        (lambda found: found["tags"]["key"], "an item 'key'"),
    ],
)
def test_what_is_missing_is_named(read: Callable[[Any], Any], words: str) -> None:
    """A field or an item that is not there is told by its name, at any depth, with the request."""
    with pytest.raises(Mismatch, match=words) as told:
        read(answer(b'{"run": {}, "tags": [{}]}').document)
    assert "GET http://h/x" in told.value.actual
