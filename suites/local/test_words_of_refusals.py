"""Who is refused reads why, in a sentence."""

from __future__ import annotations

import re

import pytest

from fixtures.essentials import KeyOf
from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused
from registry_conformance.judge.requirement import verifies

READ = f"{REST}/experiments/get?experiment_id=0"
_SENTENCE = r"The (?:API key|request) .+ .+\."
OFFERS: dict[str, tuple[list[tuple[str, str]], str]] = {
    "none": ([], r"An API key is required: send it as 'Authorization: Bearer KEY'\."),
    "two": ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], _SENTENCE),
    "two-of-x": ([("X-API-Key", "a"), ("X-API-Key", "b")], _SENTENCE),
    "malformed": ([("Authorization", "Bearer a b")], r"The API key is malformed\."),
    "unknown": ([("Authorization", "Bearer hk_nobody")], r"The API key is not valid\."),
}
"""Name -> headers, and what the message is: a proxy may join two headers of one name."""


@verifies("ERR-020")
@pytest.mark.parametrize("offer", OFFERS)
def test_refusal_without_a_good_key_says_why(door: MlflowHttp, offer: str) -> None:
    """The message of a refusal names what is wrong with the key."""
    headers, words = OFFERS[offer]
    refused = expect_refused(door.with_key(None).send("GET", READ, headers=headers), 401)

    assert re.fullmatch(words, refused.document["message"]), refused.document["message"]


@verifies("AUT-018")
@pytest.mark.parametrize("offer", OFFERS)
def test_challenge_tells_a_bad_key_from_none(door: MlflowHttp, offer: str) -> None:
    """The challenge names an invalid token where a key was sent."""
    refused = expect_refused(door.with_key(None).send("GET", READ, headers=OFFERS[offer][0]), 401)
    error = ', error="invalid_token"' * bool(OFFERS[offer][0])

    expect_equal(refused.header("www-authenticate"), f'Bearer realm="mlflow"{error}', "challenge")


@verifies("ERR-020")
@pytest.mark.parametrize(
    ("role", "status", "words"),
    [
        ("expired", 401, "The API key is not valid."),
        ("reader", 403, "The API key is valid but lacks the right 'write' that this request needs."),
        ("throttled", 429, "Too many requests for this API key."),
    ],
)
def test_refusal_of_a_key_says_why(door: MlflowHttp, key: KeyOf, role: str, status: int, words: str) -> None:
    """The message of a refusal tells bad keys, lacking rights and limits apart."""
    refused = expect_refused(door.with_key(key(role)).post("experiments/create", name="refused"), status)

    expect_equal(refused.document["message"], words, "message")
