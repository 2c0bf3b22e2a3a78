"""Who clears up comes again when it is told to, and not for ever: a busy target keeps nothing of ours for that."""

from __future__ import annotations

from itertools import chain, repeat

import pytest

from registry_conformance.judge.clients import throttling
from registry_conformance.judge.clients.throttling import Patience, pause_after, throttled
from registry_conformance.judge.evidence.exchange import Exchange


def answer(status: int, **headers: str) -> Exchange:
    """Return an answer with a status and headers."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("DELETE", "http://door/x", "door", status, response_headers=named)


BUSY, DONE = answer(429, retry_after="0"), answer(200)


@pytest.mark.parametrize(
    ("met", "is_throttled", "pause"),
    [
        (answer(429), True, 1.0),
        (answer(429, retry_after="2"), True, 2.0),
        (answer(429, retry_after="0"), True, 0.5),
        (answer(429, retry_after="86400"), True, 5.0),
        (answer(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), True, 1.0),
        (answer(503, retry_after="1"), True, 1.0),
        (answer(503), False, 1.0),
        (answer(404), False, 1.0),
    ],
)
def test_who_says_come_again_is_heard(met: Exchange, *, is_throttled: bool, pause: float) -> None:
    """Too many requests, and no service for a moment, are waited out as long as is said, up to a bound."""
    assert (throttled(met), pause_after(met)) == (is_throttled, pause)


def test_a_throttled_request_is_sent_again_until_it_is_served() -> None:
    """What is refused for a moment is asked again; what is served is asked once."""
    answers = iter([BUSY, BUSY, DONE, DONE])
    patience = Patience(60.0)
    assert patience.ask(lambda: next(answers)).status == 200
    assert patience.ask(lambda: next(answers)).status == 200
    assert next(answers, None) is None


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that is busy for ever is believed, and once the patience is gone each request is sent once."""
    monkeypatch.setattr(throttling, "_PAUSE", 0.01)
    sent: list[int] = []

    def send() -> Exchange:
        sent.append(1)
        return answer(429)

    patience = Patience(0.05)
    assert patience.ask(send).status == 429
    before = len(sent)
    assert before > 1 and patience.left <= 0
    assert patience.ask(send).status == 429
    assert len(sent) == before + 1


def test_an_answer_that_is_late_costs_no_patience() -> None:
    """Only waiting for a throttled request counts."""
    patience = Patience(1.0)
    assert [patience.ask(each.__next__).status for each in (chain([DONE]), repeat(DONE))] == [200, 200]
    assert patience.left == 1.0
