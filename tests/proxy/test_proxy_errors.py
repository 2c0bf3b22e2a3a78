"""Every error through the proxy is JSON in MLflow's form, with the right status, and names nothing internal."""

from __future__ import annotations

import re

import httpx
import pytest

from registry_conformance.lab.deployment import Proxy
from tests.parts import Parts
from tests.proxy.conftest import Ask

PATH = "/api/2.0/mlflow/runs/get"


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    """Return status, error code and message of an error in MLflow's form that leaks nothing."""
    assert answer.headers["content-type"] == "application/json", answer.headers
    assert answer.headers["x-request-id"]
    text = answer.text + str(answer.headers)
    assert not re.search(r"127\.0\.0\.1|http://|upstream|cluster|envoy|internal\.example", text), text
    body = answer.json()
    assert {"error_code", "message"} <= set(body), body
    return answer.status_code, body["error_code"], body["message"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("html", "MLflow answered 500 and no message."),
        ("none", "MLflow answered 500 and no message."),
        ("text", 'A "bad" thing at [address]'),
        ("detail", "Artifact serving is disabled"),
    ],
)
def test_errors_of_another_form_become_mlflows_form(ask: Ask, kind: str, message: str) -> None:
    """Errors of another form become MLflow's form."""
    answer = ask("POST", f"/mlflow/api/2.0/mlflow/status-500-{kind}")
    assert problem(answer) == (500, "INTERNAL_ERROR", message)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "BAD_REQUEST"), (403, "PERMISSION_DENIED"), (404, "ENDPOINT_NOT_FOUND"), (405, "BAD_REQUEST"),
     (501, "NOT_IMPLEMENTED"), (503, "TEMPORARILY_UNAVAILABLE")],
)  # fmt: skip
def test_the_status_is_kept_and_named(ask: Ask, status: int, code: str) -> None:
    """The status is kept and named."""
    answer = ask("PUT", f"/api/2.0/mlflow-artifacts/artifacts/status-{status}-html", content=b"x")
    assert problem(answer)[:2] == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)


def test_mlflows_own_errors_are_untouched(ask: Ask) -> None:
    """MLflow's own errors are untouched."""
    through = ask("POST", "/api/2.0/mlflow/status-404-mlflow")
    direct = ask.parts.http.post(ask.parts.url("origin") + "/status-404-mlflow")
    assert (through.status_code, through.content) == (404, direct.content)


def test_head_of_an_error_has_no_body(ask: Ask) -> None:
    """HEAD of an error has no body."""
    for kind in ("html", "none"):
        answer = ask("HEAD", f"/api/2.0/mlflow/status-404-{kind}")
        assert (answer.status_code, answer.content) == (404, b"")
    assert ask("GET", PATH).status_code == 200


def test_denials_pass_with_their_challenge(ask: Ask) -> None:
    """Denials pass with their challenge."""
    nobody, bad, reader = ask("GET", PATH, key=None), ask("GET", PATH, key="revoked"), ask("POST", PATH, key="reader")
    assert problem(nobody)[:2] == problem(bad)[:2] == (401, "UNAUTHENTICATED")
    assert nobody.headers["www-authenticate"].startswith("Bearer")
    assert "invalid_token" in bad.headers["www-authenticate"]
    status, code, message = problem(reader)
    assert (status, code) == (403, "PERMISSION_DENIED")
    assert "'write'" in message
    assert ask("GET", PATH, key="reader").status_code == 200


def test_throttling_passes_with_the_time_to_wait(ask: Ask) -> None:
    """Throttling passes with the time to wait."""
    answer = ask("GET", PATH, key="throttled")
    assert problem(answer)[:2] == (429, "REQUEST_LIMIT_EXCEEDED")
    assert answer.headers["retry-after"] == "30"


@pytest.mark.parametrize(
    "fixed",
    [{"status": 500}, {"status": 404}, {"body": "<html>", "content_type": "text/html"}, {"body": "[]"}, {"delay": 3}],
    ids=str,
)
def test_an_outage_of_the_key_service_is_never_the_callers_fault(
    ask: Ask, answering: Parts, fixed: dict[str, object]
) -> None:
    """An outage of the key service is never the caller's fault."""
    answering.answer(**fixed)
    answer = ask("GET", PATH)
    assert problem(answer)[:2] == (503, "TEMPORARILY_UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
    answering.answer()
    assert ask("GET", PATH).status_code == 200


def test_an_outage_of_the_auth_service_lets_nobody_in(ask: Ask) -> None:
    """An outage of the auth service lets nobody in."""
    with ask.parts.configured(auth=ask.parts.ports["nobody"]):
        answer = ask("GET", PATH)
    assert problem(answer)[:2] == (503, "TEMPORARILY_UNAVAILABLE")
    assert answer.headers["retry-after"]


def test_an_auth_service_that_answers_nonsense_lets_nobody_in(ask: Ask) -> None:
    """An auth service that answers nonsense lets nobody in."""
    with ask.parts.configured(auth=ask.parts.ports["keys"]):  # it answers 404 to /check
        assert problem(ask("GET", PATH))[:2] == (503, "TEMPORARILY_UNAVAILABLE")


def test_mlflow_down_is_a_502(ask: Ask) -> None:
    """MLflow down is a 502."""
    with ask.parts.configured(origin=ask.parts.ports["nobody"]):
        assert problem(ask("POST", PATH))[0] == 502
        assert problem(ask("GET", "/health", key=None))[0] == 502
    assert ask("GET", PATH).status_code == 200


def test_mlflow_too_slow_is_a_504(ask: Ask) -> None:
    """MLflow too slow is a 504."""
    with ask.parts.configured(Proxy(timeout=0.2)):
        assert problem(ask("POST", "/api/2.0/mlflow/slow"))[:2] == (504, "DEADLINE_EXCEEDED")
        assert ask("PUT", "/api/2.0/mlflow-artifacts/artifacts/slow", content=b"x").status_code == 200


def test_a_body_over_the_limit_is_a_413(ask: Ask) -> None:
    """A body over the limit is a 413 to whoever holds a key; one as long as the limit passes."""
    path = "/api/2.0/mlflow-artifacts/artifacts/limited"
    with ask.parts.configured(Proxy(body_limit=100_000)):
        assert problem(ask("PUT", path, content=b"x" * 100_001))[:2] == (413, "BAD_REQUEST")
        assert problem(ask("PUT", path, key=None, content=b"x" * 100_001))[0] == 401
        assert ask("PUT", path, content=b"x" * 100_000).status_code == 200
    assert ask("PUT", path, content=b"x" * 100_001).status_code == 200


def test_headers_beyond_mlflows_limit_are_refused_by_the_proxy(ask: Ask) -> None:
    """Headers beyond MLflow's limit are refused by the proxy."""
    assert ask("GET", PATH, headers={"X-Long": "x" * 13_000}).status_code == 200
    assert problem(ask("GET", PATH, headers={"X-Long": "x" * 16_000}))[:2] == (431, "BAD_REQUEST")


def test_a_key_of_8_kib_is_refused_not_broken(ask: Ask) -> None:
    """A key of 8 KiB is refused not broken."""
    answer = ask("GET", PATH, key=None, headers={"Authorization": "Bearer " + "k" * 8192})
    assert problem(answer)[:2] == (401, "UNAUTHENTICATED")


def test_reads_are_repeated_and_writes_are_not(ask: Ask) -> None:
    """Reads are repeated and writes are not."""
    read, write = ask("GET", "/api/2.0/mlflow/flaky-2-read"), ask("POST", "/api/2.0/mlflow/flaky-2-write")
    asked = ask.parts.http.get(ask.parts.url("origin") + "/seen").json()["asked"]
    assert (read.status_code, asked["read"]) == (200, 3)
    assert (problem(write)[:2], asked["write"]) == ((503, "TEMPORARILY_UNAVAILABLE"), 1)
