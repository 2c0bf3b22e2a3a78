"""An exchange is evidence that reads well, stays small, and gives no credential away."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from registry_conformance.judge.evidence.exchange import KEPT_BYTES, Body, Exchange
from registry_conformance.judge.evidence.recorder import FIRST, LAST, Evidence
from registry_conformance.judge.evidence.responder import who_answered

SECRET = "hk_very_secret"
FLASK_404 = "<!doctype html><title>404 Not Found</title> If you entered the URL manually please check"
FLASK_405 = "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>"
FLASK_500 = "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>"


def exchange(
    status: int | None = 200, text: str = "{}", media: str = "application/json", error: str = "", seconds: float = 0.012
) -> Exchange:
    """Return an exchange with that answer."""
    headers = (("Content-Type", media), ("X-Request-Id", "r-1"))
    body = Body.of([text.encode()])
    return Exchange(
        "PUT",
        "http://127.0.0.1:1/a",
        "canonical",
        status,
        response_headers=headers,
        response_body=body,
        error=error,
        seconds=seconds,
    )


@pytest.mark.parametrize(
    ("status", "error", "ok", "refused", "broke"),
    [
        (200, "", True, False, False),
        (404, "", False, True, False),
        (503, "", False, False, True),
        (None, "refused: x", False, False, True),
        (200, "reset: cut", False, False, True),
        (302, "", False, False, False),
    ],
)
def test_refused_is_not_broke(status: int | None, error: str, ok: bool, refused: bool, broke: bool) -> None:
    """A refusal, a breakage and a success are told apart."""
    seen = exchange(status, error=error)

    assert (seen.ok, seen.refused, seen.broke) == (ok, refused, broke)


def test_line_says_what_happened() -> None:
    """An exchange is one line with who answered."""
    line = str(exchange(404, FLASK_404, "text/html; charset=utf-8"))

    assert line.startswith("PUT http://127.0.0.1:1/a → 404 text/html")
    assert "in 12 ms" in line
    assert "MLflow does not know the path" in line


def test_evidence_has_the_agreed_shape() -> None:
    """Evidence names the fields that reports read."""
    item = exchange(404, '{"error_code": "X"}').evidence()

    assert set(item) == {
        "kind", "method", "url", "door", "status", "request_headers", "request_body",
        "response_headers", "response_body", "started", "seconds", "timings", "request_id",
    }  # fmt: skip
    assert item["response_body"]["text"] == '{"error_code": "X"}'
    assert item["request_id"] == "r-1"
    assert json.loads(json.dumps(item)) == item


def test_credentials_are_masked() -> None:
    """No credential stands in the evidence, whatever carried it."""
    carriers = (("Authorization", f"Bearer {SECRET}"), ("x-api-key", SECRET), ("Cookie", f"s={SECRET}"))
    url = f"http://127.0.0.1:1/a?api_key={SECRET}&X-Amz-Signature={SECRET}&path=kept"
    body = json.dumps({"url": f"http://s3/k?X-Amz-Credential={SECRET}%2F2026&X-Amz-Signature={SECRET}"})
    seen = Exchange("GET", url, "d", 200, carriers, response_headers=(("Content-Type", "application/json"),),
                    response_body=Body.of([body.encode()]))  # fmt: skip
    written = json.dumps(seen.evidence()) + str(seen)

    assert SECRET not in written
    assert "Bearer ***" in written
    assert "path=kept" in written


def test_binary_bodies_are_not_shown() -> None:
    """A body that is no text is told by size and digest only."""
    item = exchange(text="bytes", media="application/octet-stream").evidence()["response_body"]

    assert set(item) == {"size", "sha256"}


def test_large_bodies_are_digested_not_kept() -> None:
    """A large body is digested whole and kept in part."""
    body = Body.of(b"x" * 1000 for _ in range(1000))

    assert body.size == 1_000_000
    assert len(body.head) == KEPT_BYTES
    assert body.sha256 == Body.of([b"x" * 1_000_000]).sha256


def test_evidence_is_bounded() -> None:
    """Of many exchanges the first and the last are kept and the rest counted."""
    evidence = Evidence()
    for number in range(FIRST + LAST + 7):
        evidence.exchange(exchange(seconds=float(number)))
    evidence.note("done")
    items = evidence.items()
    seconds = [item["seconds"] for item in items if item["kind"] == "exchange"]

    assert seconds == [*range(FIRST), *range(FIRST + 7, FIRST + LAST + 7)]
    assert {"kind": "note", "text": "7 exchanges left out here"} in items
    assert items[-1] == {"kind": "note", "text": "done"}


@pytest.mark.parametrize(
    ("status", "media", "text", "who"),
    [
        (None, "", "", "nobody"),
        (200, "text/html", "<p>", ""),
        (403, "text/plain", "Invalid Host header - possible DNS rebinding attack detected", "host check"),
        (403, "text/plain", "Cross-origin request blocked", "CORS"),
        (401, "application/json", '{"message": "Failed to list artifacts in s3://b"}', "store"),
        (404, "application/json", '{"message": "the bucket does not exist"}', "bucket does not exist"),
        (404, "text/html", FLASK_404, "does not know the path"),
        (404, "application/json", '{"error_code": "RESOURCE_DOES_NOT_EXIST"}', "not the object"),
        (404, "application/json", '{"detail": "Not Found"}', "platform"),
        (404, "text/plain", "Not Found", "load balancer"),
        (405, "text/html", FLASK_405, "not the method"),
        (405, "text/html", "<h1>Method Not Allowed</h1>", "not MLflow's own"),
        (500, "text/plain", "Internal Server Error", "native"),
        (500, "text/html", "<h1>500</h1><hr><center>nginx/1.22.1</center>", "nginx"),
        (500, "text/html", FLASK_500, "Flask"),
        (500, "text/html", "<h1>Internal Server Error</h1>", "not MLflow's own"),
        (503, "application/json", '{"detail": "Artifact serving is disabled"}', "serving is off"),
        (403, "application/xml", "<Error><Code>AccessDenied</Code></Error>", "store itself"),
        (500, "text/xml", "<fault>of another service</fault>", "unknown"),
        (503, "application/json", '{"error_code": "X", "message": "(sqlite3.X) locked"}', "its database"),
        (503, "application/json", '{"error_code": "X", "message": "sqlite3.X"}', "auth service"),
        (504, "text/plain", "upstream request timeout", "time ran out"),
        (418, "text/plain", "teapot", "unknown"),
    ],
)  # fmt: skip
def test_answerer_is_named(status: int | None, media: str, text: str, who: str) -> None:
    """The form of an error names who answered."""
    assert who in who_answered(status, (("Content-Type", media),), text)
    assert bool(who_answered(status, (("Content-Type", media),), text)) == bool(who)


def test_timings_add_up() -> None:
    """Each phase that was watched has its seconds; the last one reaches to the end, and none is made up."""
    whole = replace(exchange(), seconds=1.0, started=5.5, moments=(0.1, 0.3, 0.7)).evidence()
    broken = replace(exchange(), seconds=1.0, moments=(0.1,)).evidence()

    assert whole["timings"] == {"connect": 0.1, "send": 0.2, "wait": 0.4, "receive": 0.3}
    assert whole["started"] == 5.5
    assert broken["timings"] == {"connect": 0.1, "send": 0.9}
    assert exchange().evidence()["timings"] == {}


@pytest.mark.parametrize(
    ("challenge", "who"), [('Basic realm="mlflow"', "basic-auth"), ('Bearer realm="mlflow"', "auth service")]
)
def test_refusal_is_told_by_its_challenge(challenge: str, who: str) -> None:
    """MLflow's own basic authentication and the auth service differ by the scheme that they ask for."""
    assert who in who_answered(401, (("WWW-Authenticate", challenge),), '{"error_code": "UNAUTHENTICATED"}')
