"""The lab's identity provider: real tokens for who knows the secret, by its own clock, and none for others."""

from __future__ import annotations

import asyncio
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
