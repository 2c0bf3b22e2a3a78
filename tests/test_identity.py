"""The lab's identity provider: real tokens for who knows the secret, by its own clock, and none for others."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from registry_conformance.lab.stack.identity.provider import Provider

ASKED = {"grant_type": "client_credentials"}
SECRET = "a-secret-of-the-client"


@pytest.fixture(scope="module")
def provider() -> Provider:
    """Return a provider whose clock is an hour behind."""
    return Provider("http://issuer.example", "mlflow", SECRET, seconds=60, skew=-3600)


def asked(provider: Provider, method: str, url: str, **more: Any) -> httpx.Response:
    """Return what the provider answers to one request."""

    async def ask() -> httpx.Response:
        there = httpx.ASGITransport(provider.application())
        async with httpx.AsyncClient(transport=there, base_url=provider.issuer) as client:
            return await client.request(method, url, **more)

    return asyncio.run(ask())


def claims(provider: Provider, token: str) -> dict[str, Any]:
    """Return the claims of a token, its signature verified by the key that the provider publishes."""
    discovered = asked(provider, "GET", "/.well-known/openid-configuration").json()
    keys = asked(provider, "GET", discovered["jwks_uri"]).json()
    return jwt.decode(token, KeySet.import_key_set(keys)).claims


def test_token_is_signed_and_dated_by_the_provider_s_clock(provider: Provider) -> None:
    """A client gets a token that its issuer signed for it, whose times are those of the issuer's clock."""
    before = int(time.time())
    answer = asked(provider, "POST", "/token", data=ASKED, auth=("mlflow", SECRET))
    found = claims(provider, answer.json()["access_token"])

    assert (found["iss"], found["aud"], found["exp"] - found["iat"]) == (provider.issuer, "mlflow", 60)
    assert before - 3600 <= found["iat"] <= time.time() - 3600
    assert answer.json()["expires_in"] == 60


PLACE = "http://issuer.example:8080/oauth2/callback"
VERIFIER = "a-text-that-only-who-asked-knows"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
QUERY = {"client_id": "mlflow", "redirect_uri": PLACE, "state": "s", "nonce": "n", "code_challenge": CHALLENGE}
FILLED_IN = {"user": "mlflow", "password": SECRET}


def code_of(provider: Provider) -> str:
    """Return the code that a person who signs in is sent back with."""
    back = asked(provider, "POST", "/authorize", params=QUERY, data=FILLED_IN).headers["location"]
    assert back.startswith(PLACE)
    return httpx.URL(back).params["code"]


def exchanged(provider: Provider, code: str, **other: str) -> httpx.Response:
    """Return what a code is exchanged for, by who it was sent to unless ``other`` says otherwise."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": PLACE, "code_verifier": VERIFIER}
    return asked(provider, "POST", "/token", data=form | other, auth=("mlflow", SECRET))


def test_person_who_signs_in_gets_a_token_once(provider: Provider) -> None:
    """Who fills in the form is sent back with a code, for which there is one token, with the nonce of who asked."""
    assert "password" in asked(provider, "GET", "/authorize", params=QUERY).text
    code = code_of(provider)
    found = claims(provider, exchanged(provider, code).json()["id_token"])

    assert (found["nonce"], found["aud"]) == ("n", "mlflow")
    assert exchanged(provider, code).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("other", [{"code_verifier": "guessed"}, {"redirect_uri": f"{PLACE}2"}, {"code": "guessed"}])
def test_code_is_good_for_who_asked_alone(provider: Provider, other: dict[str, str]) -> None:
    """A code that is brought by somebody else than who asked for it is worth nothing."""
    assert exchanged(provider, **{"code": code_of(provider), **other}).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("query", "form", "status"),
    [
        ({}, {"password": "wrong"}, 200),
        ({}, {"user": "another"}, 200),
        ({"redirect_uri": "http://elsewhere.example/"}, {}, 400),
        ({"client_id": "another"}, {}, 400),
    ],
)
def test_nobody_else_is_signed_in(provider: Provider, query: dict[str, str], form: dict[str, str], status: int) -> None:
    """Who does not know the password is shown the form again, and no other client or host is sent a code."""
    answer = asked(provider, "POST", "/authorize", params=QUERY | query, data=FILLED_IN | form)

    assert answer.status_code == status
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("form", "secret", "error"),
    [
        (ASKED, "another", "invalid_client"),
        (ASKED, "", "invalid_client"),
        ({"grant_type": "password"}, SECRET, "unsupported_grant_type"),
    ],
)
def test_others_get_no_token(provider: Provider, form: dict[str, str], secret: str, error: str) -> None:
    """Who does not know the secret, or asks by another grant, gets no token."""
    answer = asked(provider, "POST", "/token", data=form, auth=("mlflow", secret))

    assert answer.status_code in (400, 401)
    assert answer.json() == {"error": error}
