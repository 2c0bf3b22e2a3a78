"""Errors that MLflow, or what stands before it, gives in another form reach the client in MLflow's."""

from __future__ import annotations

import json

import pytest

from fixtures.scratch_stack import Scratch
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status
from registry_conformance.judge.requirement import verifies
from registry_conformance.lab.disturbance import Answer

WORDS = 'no "such" thing'
INNER = "http://10.0.0.5:5000/inner"
LONG = 300_000
"""Bytes of an error that is too long to be put into another form."""


@verifies("ERR-054")
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BAD_REQUEST"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "ENDPOINT_NOT_FOUND"),
        (409, "ALREADY_EXISTS"),
        (418, "BAD_REQUEST"),
        (429, "REQUEST_LIMIT_EXCEEDED"),
        (500, "INTERNAL_ERROR"),
        (501, "NOT_IMPLEMENTED"),
        (503, "TEMPORARILY_UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
        (507, "INTERNAL_ERROR"),
    ],
)
def test_plain_error_gets_mlflows_form(scratch: Scratch, status: int, code: str) -> None:
    """An error in plain text keeps status and words, under MLflow's code."""
    door = scratch.answering(Answer(status, f"{WORDS} ü at {INNER}", "text/plain"))
    told = expect_refused(door.search_experiments(), status, code)

    expect_equal(told.document["message"].split(), [*WORDS.split(), "at", "[address]"], "words of the message")
    expect_equal(told.content_type, "application/json", "content type")


@verifies("ERR-054")
def test_detail_becomes_the_message(scratch: Scratch) -> None:
    """The detail of an error in JSON of another form is the message."""
    door = scratch.answering(Answer(404, json.dumps({"detail": "Not here", "more": 1})))
    told = expect_refused(door.search_experiments(), 404, "ENDPOINT_NOT_FOUND")

    expect_equal(told.document["message"], "Not here", "message")


@verifies("ERR-054")
def test_json_without_a_detail_is_told_whole(scratch: Scratch) -> None:
    """An error in JSON that has no detail is told as it is."""
    door = scratch.answering(Answer(422, json.dumps({"reason": "none"})))
    told = expect_refused(door.search_experiments(), 422, "BAD_REQUEST")

    expect_equal(told.document["message"], '{"reason": "none"}', "message")


@verifies("ERR-054")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"detail": "Not now", "more": 1}, "Not now"),
        ({"more": 1, "detail": "Not now"}, "Not now"),
        ({"reason": "none"}, '{"reason": "none"}'),
    ],
    ids=["first", "last", "none"],
)
def test_failure_in_json_of_another_form_is_told(scratch: Scratch, said: dict[str, object], told: str) -> None:
    """The message of a failure is its detail, or all of it."""
    found = expect_refused(scratch.answering(Answer(500, json.dumps(said))).search_experiments(), 500, "INTERNAL_ERROR")

    expect_equal(found.document["message"], told, "message")


@verifies("ERR-054")
def test_page_is_not_told(scratch: Scratch) -> None:
    """An error page becomes a message that names the status, without the page."""
    door = scratch.answering(Answer(500, f"<html>{WORDS}</html>", "text/html"))
    told = expect_refused(door.search_experiments(), 500, "INTERNAL_ERROR")

    assert "500" in told.document["message"], told
    assert "html" not in told.text, told


@verifies("ERR-055")
@pytest.mark.parametrize(("given", "told"), [((("Retry-After", "7"),), "7"), ((), "5")], ids=["told", "not-told"])
def test_client_is_told_when_to_try_again(scratch: Scratch, given: tuple[tuple[str, str], ...], told: str) -> None:
    """A 503 says when to try again: as it did, or after seconds."""
    door = scratch.answering(Answer(503, WORDS, "text/plain", given))
    found = expect_refused(door.search_experiments(), 503, "TEMPORARILY_UNAVAILABLE")

    expect_equal(found.header("retry-after"), told, "Retry-After")


@verifies("ERR-055")
@pytest.mark.parametrize("status", [404, 500])
def test_no_other_error_asks_to_try_again(scratch: Scratch, status: int) -> None:
    """An error that does not pass by itself asks nobody to try again."""
    found = scratch.answering(Answer(status, WORDS, "text/plain")).search_experiments()

    expect_status(found, status)
    expect_equal(found.header("retry-after"), "", "Retry-After")


@verifies("ERR-054")
def test_coding_of_the_page_is_not_claimed(scratch: Scratch) -> None:
    """An error in a new form does not claim the old coding."""
    door = scratch.answering(Answer(404, WORDS, "text/html", (("Content-Encoding", "gzip"),)))
    told = expect_refused(door.search_experiments(), 404, "ENDPOINT_NOT_FOUND")

    expect_equal(told.header("content-encoding"), "", "content coding")


@verifies("ERR-056")
def test_long_error_passes_whole(scratch: Scratch) -> None:
    """An error too long to be put into another form passes whole."""
    told = expect_status(scratch.answering(Answer(500, "x" * LONG, "text/plain")).search_experiments(), 500)

    expect_equal(told.response_body.size, LONG, "bytes of the error")


@verifies("ERR-056")
@pytest.mark.parametrize("status", [400, 404, 409])
def test_mlflows_own_error_passes_as_it_is(scratch: Scratch, status: int) -> None:
    """MLflow's own error passes as it is, whatever its message names."""
    said = json.dumps({"error_code": "OWN_CODE", "message": f"{WORDS}: {INNER} ü"})
    told = expect_refused(scratch.answering(Answer(status, said)).search_experiments(), status, "OWN_CODE")

    expect_equal(told.text, said, "body of the error")


@verifies("ERR-023", "ERR-056")
def test_mlflows_own_failure_loses_addresses_alone(scratch: Scratch) -> None:
    """MLflow's own failure keeps code and message, but for addresses."""
    said = {"error_code": "OWN_CODE", "message": f"{WORDS}: {INNER} and more"}
    told = expect_refused(scratch.answering(Answer(500, json.dumps(said))).search_experiments(), 500, "OWN_CODE")

    expect_equal(told.document["message"], f"{WORDS}: [address] and more", "message")


@verifies("ERR-056")
def test_success_passes_as_it_is(scratch: Scratch) -> None:
    """A success in another form is no error, and passes as it is."""
    said = f"{WORDS} at {INNER}"
    told = expect_status(scratch.answering(Answer(200, said, "text/plain")).search_experiments(), 200)

    expect_equal([told.text, told.content_type], [said, "text/plain"], "body and type")
