"""Redirects: which are followed, which are told with the address to use, and pages to sign in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.diagnosis.preflight import finding
from tests.refusal_pages import KEY, NGINX_401
from tests.web_answers import Answer, Asked, always, guarded, looked_at, mlflow, site


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_names_it_and_sends_no_key(status: int) -> None:
    """The other host is named, and neither it nor the redirecting one is sent the key."""
    with site(mlflow) as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        moved = lambda asked: Answer(status, "", {"Location": f"{elsewhere}{asked.path}"})  # noqa: E731 - one answer
        with site(moved) as there:
            found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert found.kind.id == "redirect-to-another-host"
    assert elsewhere.removeprefix("http://") in found.sentence
    assert f"use {elsewhere}/api/mlflow" in found.remedy
    assert not other.asked
    assert not there.credentials


def moved_below(asked: Asked, status: int) -> Answer:
    """Answer as a host that sends every request on from one path to another, where an MLflow asks for a key."""
    path = asked.path.removeprefix("/registry-v2")
    if path != asked.path:
        return guarded(KEY, Answer(401, NGINX_401))(replace(asked, path=path))
    return Answer(status, "", {"Location": f"/registry-v2{asked.path.removeprefix('/registry')}"})


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_clients_follow_is_followed(status: int) -> None:
    """Kind: unfamiliar is not broken. Method, body and host are kept: what answers there is examined."""
    keys_first = guarded(KEY, Answer(401, NGINX_401), lambda asked: moved_below(asked, status))
    for answering in (lambda asked: moved_below(asked, status), keys_first):
        with site(answering) as there:
            found = looked_at(f"{there.url}/registry")
        assert (found.finding, found.moved) == (None, f"{there.url}/registry-v2")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_loses_the_request_ends_it(status: int) -> None:
    """A redirect after which a POST becomes a GET is told, with the address to use."""
    with site(lambda asked: moved_below(asked, status)) as there:
        found = looked_at(f"{there.url}/registry")
        assert found.finding is not None and found.finding.remedy == f"use {there.url}/registry-v2"
    assert not found.moved


def test_redirects_that_go_on_and_on_end_it() -> None:
    """One step is followed; a host that sends each request on again is told, after few requests."""
    with site(lambda asked: Answer(307, "", {"Location": f"/on{asked.path}"})) as there:
        assert looked_at(there.url).finding is not None
    assert len(there.asked) < 10


def test_a_redirect_to_https_names_the_address() -> None:
    """The same host under https is told as the address to use, and no key is sent in the clear."""
    moved = lambda asked: Answer(308, "", {"Location": f"https://127.0.0.1{asked.path}"})  # noqa: E731 - one answer
    with site(moved) as there:
        found = looked_at(f"{there.url}/api/mlflow").finding
    assert found is not None
    assert (found.kind.id, found.remedy) == ("redirect-to-https", "use https://127.0.0.1/api/mlflow")
    assert not there.credentials


@pytest.mark.parametrize(
    "answer",
    [
        Answer(302, "", {"Location": "https://sso.example.com/realms/x/auth?client_id=mlflow&redirect_uri=y"}),
        Answer(302, "", {"Location": "/oauth2/sign_in?rd=%2F"}),
        Answer(200, "<title>Sign in</title><form action='/login'><input type='password'></form>"),
        Answer(403, "<title>Sign In</title><form method='GET' action='/oauth2/start'><button>Go</button></form>"),
    ],
)
def test_a_page_to_sign_in_is_told(answer: Answer) -> None:
    """A page for persons in the place of the API is told as that, whether it is near or far."""
    with site(always(answer)) as there:
        found = looked_at(there.url).finding
        stranger = looked_at(there.url, None).finding
    assert found is not None
    assert stranger is not None
    assert (found.kind.id, stranger.kind.id) == ("login-page-for-a-credential", "login-page")
    assert "though a token was sent" in found.sentence
    assert "ask the operator" not in found.remedy


@pytest.mark.parametrize(
    ("cookie", "line"), [("_oauth2_proxy_csrf=x; Path=/", "--skip-jwt-bearer-tokens"), ("session=x", "")]
)
def test_a_guard_of_browsers_that_is_known_is_told_how_it_lets_programs_in(cookie: str, line: str) -> None:
    """The cookie that it sets names it; of others nothing is made up."""
    answer = Answer(302, "", {"Location": "https://sso.example.com/login/oauth/authorize", "Set-Cookie": cookie})
    with site(always(answer)) as there:
        found = looked_at(there.url).finding
    assert found is not None
    known = found.remedy.removeprefix(finding.LOGIN_ALL_THE_SAME.remedy)
    assert bool(known) is bool(line)
    assert line in known


def test_strangers_sent_to_sign_in_do_not_end_it_for_who_has_a_key() -> None:
    """A registry that sends strangers to a sign-in page and lets keys in is an MLflow."""
    login = Answer(302, "", {"Location": "/login?next=/"})
    with site(guarded(KEY, login)) as there:
        found = looked_at(there.url)
    assert (found.finding, found.version) == (None, "3.17.2")
