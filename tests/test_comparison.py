"""What may differ on both sides of the proxy is listed; anything else is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.clients.comparison import crossing, expect_same_answer, expect_same_answer_each
from registry_conformance.judge.clients.witness import Witness, digested
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.target.target import Door

DOOR = Door("documented", "http://h:1/mlflow")
SENT = Exchange(
    method="POST",
    url="http://h:1/mlflow/api?a=%2F",
    door="documented",
    status=200,
    request_headers=(("Authorization", "Bearer k"), ("X-Odd", "1"), ("X-Odd", "2"), ("Content-Length", "3")),
    request_body=Body.of([b"abc"]),
    response_headers=(("X-Request-Id", "id"), ("Content-Length", "2")),
    response_body=Body.of([b"OK"]),
)


def recorded(folder: Path, **changed: str) -> Witness:
    """Return a witness that saw ``SENT``, with some lines of the request changed."""
    lines = {
        "line": "POST /api?a=%2F HTTP/1.1",
        "host": "host: localhost",
        "key": f"authorization: {digested('Bearer k')}",
        "odd": "x-odd: 1\r\nx-odd: 2",
        "length": "content-length: 3",
        "id": "x-request-id: id",
    } | changed
    sides: dict[str, Any] = {
        "request": {
            "head": "\r\n".join([*filter(None, lines.values()), "", ""]),
            "size": 3,
            "sha256": Body.of([b"abc"]).sha256,
        },
        "response": {
            "head": "HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-length: 2\r\n\r\n",
            "size": 2,
            "sha256": Body.of([b"OK"]).sha256,
        },
    }
    record = folder / "seen.jsonl"
    record.write_text(json.dumps({"id": "id", **sides}) + "\n")
    return Witness(record)


def test_listed_changes_are_no_difference(tmp_path: Path) -> None:
    """The door's prefix, the host, the request id and the server's name may differ."""
    both = crossing(SENT, DOOR, recorded(tmp_path))

    assert both.sent == both.arrived
    assert both.received == both.answered


@pytest.mark.parametrize(
    "changed",
    [
        {"line": "POST /api?a=/ HTTP/1.1"},
        {"line": "GET /api?a=%2F HTTP/1.1"},
        {"key": ""},
        {"key": f"authorization: {digested('Bearer other')}"},
        {"odd": "x-odd: 2\r\nx-odd: 1"},
        {"more": "x-more: 1"},
        {"length": "transfer-encoding: chunked"},
    ],
    ids=["query", "method", "no-key", "other-key", "order", "more", "framing"],
)
def test_other_changes_are_told(tmp_path: Path, changed: dict[str, str]) -> None:
    """Any other change to a request is a difference."""
    both = crossing(SENT, DOOR, recorded(tmp_path, **changed))

    assert both.sent != both.arrived


CHUNKED = replace(SENT, request_headers=(*SENT.request_headers[:3], ("Transfer-Encoding", "chunked")))


@pytest.mark.parametrize(
    ("length", "same"),
    [
        ("transfer-encoding: chunked", True),
        ("content-length: 3", True),
        ("content-length: 0", False),
        ("x-none: 1", False),
    ],
)
def test_chunks_may_arrive_as_one_body_of_their_length(tmp_path: Path, length: str, same: bool) -> None:
    """A body that was sent in chunks may arrive with its true length, and with no other framing."""
    both = crossing(CHUNKED, DOOR, recorded(tmp_path, length=length))

    assert (both.sent == both.arrived) is same


def answer(*headers: tuple[str, str], status: int = 404, code: str = "RESOURCE_DOES_NOT_EXIST") -> Exchange:
    """Return an answer of MLflow's."""
    given = {"x-frame-options": "SAMEORIGIN", "content-type": "application/json"} | dict(headers)
    body = Body.of([json.dumps({"error_code": code}).encode()])
    return Exchange("GET", "http://h/x", "", status, response_headers=tuple(given.items()), response_body=body)


def test_same_answer_is_no_difference() -> None:
    """Two answers of one handler agree."""
    expect_same_answer(answer(), answer())


@pytest.mark.parametrize(
    "here",
    [
        answer(status=400),
        answer(code="ENDPOINT_NOT_FOUND"),
        answer(("x-frame-options", "")),
        answer(("allow", "GET")),
    ],
    ids=["status", "code", "proxy", "allow"],
)
def test_other_answer_is_told(here: Exchange) -> None:
    """Another status, code, set of methods, or an answer that is not MLflow's is a mismatch."""
    with pytest.raises(Mismatch):
        expect_same_answer(here, answer())


def test_one_door_of_three_that_differs_is_told() -> None:
    """Where one of several answers is another handler's, the mismatch is about that one."""
    expect_same_answer_each([answer(), answer()], answer())
    with pytest.raises(Mismatch, match="400"):
        expect_same_answer_each([answer(), answer(status=400), answer()], answer())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}"])
def test_answer_without_the_code_is_told(body: bytes) -> None:
    """An answer that is no JSON object is another answer, not a crash."""
    with pytest.raises(Mismatch):
        expect_same_answer(replace(answer(), response_body=Body.of([body])), answer())


def test_allowed_methods_are_a_set() -> None:
    """Methods that are allowed in another order, form or number of lines are the same (kind: a list taken as text)."""

    def allowing(*lists: str) -> Exchange:
        return replace(SENT, status=405, response_headers=tuple(("Allow", methods) for methods in lists))

    for same in (("HEAD, GET,OPTIONS",), ("OPTIONS", "GET, HEAD")):
        expect_same_answer(allowing(*same), allowing("GET, HEAD, OPTIONS"))
    with pytest.raises(Mismatch):
        expect_same_answer(allowing("GET, HEAD"), allowing("GET, HEAD, OPTIONS"))
