"""What becomes of each answer of the key service, and how long it is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.auth.conftest import READ, RIGHT, Auth, Headers, answered
from tests.parts import KEYS


@pytest.mark.parametrize("change", [{"user_id": "a\r\nX-Evil: 1"}, {"user_id": ""}, {"key_id": 7}, {"key_id": "ü"},
    {"scopes": "mlflow:admin"}, {"scopes": [1]}, {"scopes": None}, {"service_id": None}, {"is_valid": "true"},
    {"is_valid": 1}, {"is_valid": None}], ids=str)  # fmt: skip
def test_a_malformed_answer_is_503(auth: Auth, change: dict[str, Any]) -> None:
    """A malformed answer is 503."""
    auth.answer(body=json.dumps(RIGHT))
    assert auth("GET", READ, key="reader").status_code == 200
    auth.answer(body=json.dumps({**RIGHT, **change}))
    assert answered(auth("GET", READ, key="reader")) == (503, "TEMPORARILY_UNAVAILABLE")


OUTAGES: list[dict[str, Any]] = [
    *({"body": body} for body in ("", "[]", "null", "<html>", '{"is_val', "\x00", "[" * 60_000, " " * 70_000)),
    *({"status": status, "body": json.dumps(RIGHT)} for status in (201, 204, 400, 403, 404, 500, 503)),
    {"status": 302, "headers": [["location", "/x"]]},
    {"delay": 2, "body": json.dumps(RIGHT)},
]


@pytest.mark.parametrize("fixed", OUTAGES, ids=lambda fixed: str(fixed)[:40])
def test_an_outage_is_503_with_a_time_to_wait_never_401(auth: Auth, fixed: dict[str, Any]) -> None:
    """An outage is 503 with a time to wait never 401."""
    auth.answer(**fixed)
    answer = auth("GET", READ, key="reader")
    assert answered(answer) == (503, "TEMPORARILY_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("body", [{"is_valid": False}, {"service_id": "ml-platform"}], ids=str)
def test_an_answer_that_says_no_is_401(auth: Auth, body: dict[str, Any]) -> None:
    """An answer that says no is 401."""
    auth.answer(body=json.dumps({**RIGHT, **body}))
    assert answered(auth("GET", READ, key="reader")) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(("said", "passed"), [("17", "17"), ("tomorrow", "5"), ("-1", "5"), (None, "5")])
def test_throttling_is_429_with_a_time_to_wait(auth: Auth, said: str | None, passed: str) -> None:
    """Throttling is 429 with a time to wait."""
    auth.answer(status=429, headers=[["retry-after", said]] if said else [])
    answer = auth("GET", READ, key="reader")
    assert answered(answer) == (429, "REQUEST_LIMIT_EXCEEDED")
    assert answer.headers["retry-after"] == passed


def request_of(key: str) -> tuple[str, str, Headers]:
    """Return a read with a key of ``KEYS``."""
    return "GET", READ, [("Authorization", f"Bearer {KEYS[key]}")]


def test_a_yes_is_kept_for_its_own_key_alone_and_a_no_is_not(tmp_path: Path) -> None:
    """A yes is kept for its own key alone and a no is not."""
    auth = Auth(tmp_path, {"AUTH_CACHE_SECONDS": "60"})
    order = ["reader", "writer", "reader", "writer", "revoked", "revoked"]
    answers = auth.many(*map(request_of, order))
    assert [answer.status_code for answer in answers] == [200] * 4 + [401] * 2
    assert [answer.headers.get("x-hokusai-user-id") for answer in answers[:4]] == ["user-reader", "user-writer"] * 2
    assert len(auth.asked()) == 4  # reader, writer, revoked twice


def test_a_yes_is_not_kept_where_the_cache_is_off(auth: Auth) -> None:
    """A yes is not kept if the cache is off."""
    auth.many(*[request_of("reader")] * 3)
    assert len(auth.asked()) == 3


def test_callers_at_once_share_one_question(auth: Auth) -> None:
    """Callers at once share one question."""
    answers = auth.many(*[request_of("reader")] * 20, at_once=True)
    assert [answer.status_code for answer in answers] == [200] * 20
    assert len(auth.asked()) < 20
