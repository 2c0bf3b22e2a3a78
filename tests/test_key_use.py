"""A credential that is let in at first and refused from some moment on is told as that, and as no page of a proxy's."""

from __future__ import annotations

import base64
import json
import time

import pytest

from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.doctor import document, target_at
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.key_use import KeyUse
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.access import keys, lapsed
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.target.target import Door
from tests.web_answers import EXPERIMENTS, SEARCH_PATH, Answer, Asked, site

URL = "http://host/api/2.0/mlflow"
PAGE = "<html><head><title>401 Authorization Required</title></head><center>nginx/1.22.1</center></html>"
EXPIRED = 'Bearer error="invalid_token", error_description="token expired"'


def met(status: int, second: float, path: str = "/experiments/search", challenge: str = "") -> Exchange:
    """Return how a request was answered so many seconds after the first."""
    text = PAGE if status == 401 else "{}"
    kind = ("Content-Type", "text/html" if status == 401 else "application/json")
    headers = (kind, ("WWW-Authenticate", challenge)) if challenge else (kind,)
    body = Body(len(text), "", text.encode())
    return Exchange(
        "GET", URL + path, "given", status, (), response_headers=headers, response_body=body, started=1000 + second
    )


def token(**claims: float) -> str:
    """Return a JSON Web Token with these claims, in seconds from now."""
    told = {name: time.time() + value for name, value in claims.items()}
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in ({}, told)]
    return ".".join((*parts, "c2lnbmF0dXJl"))


def seen(*answers: Exchange, last: Exchange, credential: str = "a-key") -> Facts:
    """Return what is told where the credential's requests were answered so, and the last search so."""
    use, facts = KeyUse(), Facts()
    for answer in answers:
        use.took(answer)
    refused = [answer for answer in answers if answer.status == 401]
    facts.record("doors.search.P", "all 200 json", "a search", "all 200 json")
    for answer in refused:
        facts.record("get.later.P", "401 html nginx", "a later download", "200 whole", (answer.evidence(),))
    use.tell(facts, credential, lambda: last)
    return facts


@pytest.mark.parametrize(
    ("challenge", "credential", "told"),
    [
        (EXPIRED, "a-key", "expired during the look: the credential was let in for 6 s"),
        ("", token(iat=-20, exp=-6), "it was issued for 14 seconds"),
        ("", "a-key", "stopped being valid during the look: the credential was let in for 6 s"),
    ],
    ids=["challenge", "token", "neither"],
)
def test_a_credential_that_lapses_is_told(challenge: str, credential: str, told: str) -> None:
    """From some moment on each request is refused: the key is at fault, and the user's to replace."""
    facts = seen(
        met(200, 0),
        met(200, 6),
        met(401, 7, "-artifacts/artifacts/x", challenge),
        last=met(401, 9, challenge=challenge),
        credential=credential,
    )
    found = conclude(facts, known={})
    assert [(cause.id, cause.layer) for cause in found.causes] == [("key-lapsed", "auth")]
    assert told in found.causes[0].sentence
    door = Door("given", "http://host")
    verdict = " ".join(document(target_at(door, credential), found)["verdict"])
    assert verdict.startswith("NO: ")
    assert "key work" not in verdict


@pytest.mark.parametrize(
    ("answers", "last"),
    [
        ([met(200, 0), met(401, 2, "-artifacts/artifacts/x")], met(200, 5)),
        ([met(401, 0), met(401, 1)], met(401, 5)),
        ([met(200, 0), met(401, 2), met(200, 3)], met(401, 5)),
    ],
)
def test_one_that_is_let_in_still_or_never_was_did_not_lapse(answers: list[Exchange], last: Exchange) -> None:
    """A route that refuses, a key that was never let in, and one that is refused at times are other matters."""
    assert "key.lapsed.P" not in seen(*answers, last=last)


def test_a_header_that_alone_is_read_is_no_key_that_lapsed() -> None:
    """Where the key counts in another header than the client's, its first requests were let in by that header."""

    def door(asked: Asked) -> Answer:
        return Answer(200, EXPERIMENTS) if "x-api-key" in asked.headers else Answer(401, PAGE)

    with site(door) as there:
        given = Door("given", there.url)
        context = ProbeContext(target_at(given, "a-key-of-mine"), "run", Facts(), Budget(), given)
        keys(context)
        context.at("P").send("GET", SEARCH_PATH)
        lapsed(context)

    assert "200" in context.facts.value("key.x-api-key.P")
    assert "key.lapsed.P" not in context.facts
