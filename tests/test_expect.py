"""The verbs of checks: each accepts what is right, and says what was expected and seen if it is not."""

from __future__ import annotations

import json
import pickle

import pytest

from registry_conformance.judge.denial import expect_denied, expect_kept_out, require_denied
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.evidence.sign_in import carries_away
from registry_conformance.judge.expect import (
    Mismatch,
    PreconditionFailed,
    expect_equal,
    expect_json_error,
    expect_refused,
    expect_status,
    expect_within,
    require,
)

ERROR = {"error_code": "PERMISSION_DENIED", "message": "lacks the right 'write'"}


def answer(
    status: int | None, document: object = None, content_type: str = "application/json", error: str = ""
) -> Exchange:
    """Return an exchange with that answer."""
    body = Body.of([json.dumps(document).encode()])
    headers = (("Content-Type", content_type),)
    return Exchange(
        "GET", "http://127.0.0.1:1/x", "d", status, response_headers=headers, response_body=body, error=error
    )


def test_status_is_accepted() -> None:
    """An expected status gives the exchange back."""
    exchange = answer(200)

    assert expect_status(exchange, 200, 201) is exchange


@pytest.mark.parametrize("exchange", [answer(404), answer(None, error="refused: x"), answer(200, error="reset: cut")])
def test_wrong_or_cut_answer_is_a_mismatch(exchange: Exchange) -> None:
    """Another status, no answer, and an answer that was cut are mismatches."""
    with pytest.raises(Mismatch) as raised:
        expect_status(exchange, 200)

    assert raised.value.expected == "status 200"
    assert "GET http://127.0.0.1:1/x" in raised.value.actual


def test_missing_ground_is_told_apart() -> None:
    """What a check stands on is told apart from what it judges."""
    assert require(answer(200), 200).ok
    with pytest.raises(PreconditionFailed, match="on which this check stands"):
        require(answer(503), 200)
    with pytest.raises(Mismatch) as raised:
        expect_status(answer(503), 200)

    assert not isinstance(raised.value, PreconditionFailed)


def test_refusal_is_accepted() -> None:
    """A refusal in MLflow's error form is accepted, with or without its code."""
    expect_refused(answer(403, ERROR), 403)
    expect_refused(answer(403, ERROR), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "exchange",
    [
        answer(200, ERROR),
        answer(401, ERROR),
        answer(403, {"detail": "no"}),
        answer(403, {**ERROR, "message": ""}),
        answer(403, [1]),
        answer(403, ERROR, content_type="text/html"),
        answer(403, {**ERROR, "error_code": "OTHER"}),
        answer(None, error="timeout: 1 s"),
    ],
)
def test_other_refusal_is_a_mismatch(exchange: Exchange) -> None:
    """Another status, form, content type or code is a mismatch."""
    with pytest.raises(Mismatch):
        expect_refused(exchange, 403, "PERMISSION_DENIED")


def test_error_form_is_told() -> None:
    """A mismatch shows the body that is in the wrong form."""
    with pytest.raises(Mismatch, match="no such route"):
        expect_json_error(answer(404, {"detail": "no such route"}), 404)


def test_difference_of_dicts_is_told() -> None:
    """A mismatch of mappings names what is missing, extra and different."""
    with pytest.raises(Mismatch) as raised:
        expect_equal({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 9, "d": 4}, "objects")

    assert "missing ['d'], extra ['c'], different ['b']" in raised.value.actual
    assert raised.value.expected.startswith("objects: ")


def test_equal_gives_the_value_back() -> None:
    """Equal values give the actual one back."""
    assert expect_equal([1], [1], "numbers") == [1]


def test_missing_items_are_told() -> None:
    """A mismatch of items names those that are missing only."""
    expect_within([1], [1, 2], "numbers")
    with pytest.raises(Mismatch) as raised:
        expect_within([1, 3], [1, 2], "numbers")

    assert raised.value.expected == "numbers [3]"


def test_mismatch_crosses_processes() -> None:
    """A mismatch keeps its two sides when it is pickled."""
    copy = pickle.loads(pickle.dumps(Mismatch("this", "that")))  # noqa: S301 - our own bytes

    assert (copy.expected, copy.actual, str(copy)) == ("this", "that", "expected this\n     saw that")


def sent_to(location: str, status: int = 302, asked: str = "http://127.0.0.1:1/api/2.0/mlflow/runs/get") -> Exchange:
    """Return an exchange that was redirected."""
    return Exchange("GET", asked, "d", status, response_headers=(("Location", location),))


def page(text: str, status: int = 200) -> Exchange:
    """Return an exchange that was answered with a page."""
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    return Exchange("GET", "http://h/x", "d", status, response_headers=headers, response_body=Body.of([text.encode()]))


@pytest.mark.parametrize(
    "exchange",
    [
        answer(401),
        answer(403),
        sent_to("/oauth2/start?rd=%2Fapi"),
        sent_to("https://login.example.com/authorize?client_id=mlflow", 303),
        sent_to("/login?next=/api", 307),
        page("<title>Sign in</title><form action='/oauth2/start'><button>Sign in with X</button></form>"),
        sent_to("/users/sign_in", 302),
        sent_to("/login.html", 302),
        page("<form method='post'><input type='password' name='p'></form>"),
        page("<a class='b' href='/x'><span>Log in with X</span></a>"),
        page("<p>Sign in to go on</p><form action='/x'><button>Go</button></form>"),
    ],
    ids=lambda exchange: f"{exchange.status} {exchange.header('location') or exchange.content_type}",
)
def test_who_is_asked_to_sign_in_is_denied(exchange: Exchange) -> None:
    """A refusal by 401 or 403, and a sign-in page or the way to one, keep whoever asks out."""
    assert expect_denied(exchange) is exchange
    assert expect_kept_out(exchange) is exchange
    assert require_denied(exchange).premise


@pytest.mark.parametrize(
    "exchange",
    [
        answer(200),
        answer(404),
        answer(401, error="reset: cut"),
        sent_to("https://127.0.0.1:1/api/2.0/mlflow/runs/get", 301),
        sent_to("https://s3.example.com/auth/login/a.bin?X-Amz-Signature=00", 302),
        sent_to("/api/2.0/mlflow/elsewhere", 302),
        sent_to("/auth-service/x", 302),
        sent_to("/static/login.css", 302),
        sent_to("https://auth-registry.example.com/files", 302),
        sent_to("/elsewhere?next=2", 302),
        page("<title>MLflow</title><div id='root'></div>"),
        page("<title>Guide</title><p>Users log in to the registry with a key.</p>"),
    ],
    ids=lambda exchange: f"{exchange.status} {exchange.header('location') or exchange.content_type} {exchange.error}",
)
def test_who_is_served_or_sent_on_is_not_denied(exchange: Exchange) -> None:
    """Data, a move of the same request, a URL that carries its own right, and another page are no refusals."""
    with pytest.raises(Mismatch):
        expect_denied(exchange)
    with pytest.raises(Mismatch):
        expect_kept_out(exchange)
    with pytest.raises(PreconditionFailed):
        require_denied(exchange)


@pytest.mark.parametrize(
    ("asked", "location", "away"),
    [
        ("https://a.example/x", "https://b.example/x", True),
        ("https://a.example/x", "http://a.example/x", True),
        ("https://a.example/x", "https://a.example:8443/x", True),
        ("https://a.example/x", "https://a.example/y", False),
        ("https://a.example/x", "/y", False),
        ("https://a.example/x", "https://s3.example/x?X-Amz-Signature=00", False),
        ("https://a.example/x", "https://a.example:443/x", False),
        ("https://A.example/x", "https://a.example/x", False),
        ("https://a.example/x", "https://A.EXAMPLE/x", False),
        ("http://a.example/x", "https://a.example/x", True),
        ("https://a.example/x", "https://storage.googleapis.com/x?X-Goog-Algorithm=y&X-Goog-Signature=00", False),
        ("http://a.example/x", "", False),
    ],
)
def test_redirect_that_carries_a_credential_away_is_known(asked: str, location: str, away: bool) -> None:
    """A redirect to another host or out of TLS takes a credential along, unless the URL has its own right."""
    assert carries_away(sent_to(location, asked=asked)) is away
