"""Whether a token is out of its time: by its own word and this machine's clock, or by the word of who checks it."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime

from registry_conformance.judge.clients.signing import taken_token
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.credential import CommandToken, Credential
from registry_conformance.judge.target.token import times_of

_OUT_OF_TIME = (
    "take a new token; if this one is new, the clocks of this machine and of who issues tokens differ: set both by NTP"
)
_TOO_EARLY = re.compile(
    r"not yet valid|used before issued|issued in the future|\b(?:iat|nbf)\b.{0,40}(?:future|early|yet)", re.IGNORECASE
)
"""How a refusal says that a token is good only later."""
_GOOD_HERE = "by this machine's clock it is good"
_CLOCKS = "have the clock of who checks tokens set by NTP: it is behind that of who issues them; or wait, and try again"
_NOT_YET = "who checks it says that it is not valid yet"
_BOTH_CLOCKS = "compare both clocks, of who issues it and of who checks it, and have them set by NTP"
_ALIKE = 5.0
"""Seconds by which clocks may differ that agree: a Date header has whole ones, and may be kept for some."""
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def out_of_time(credential: Credential, words: str) -> tuple[str, str]:
    """Return how a credential is out of its time, and the remedy; both empty if neither it nor a refusal says so.

    ``words`` are those of the refusal.
    """
    if lapsed := _by_this_clock(credential):
        return lapsed, _OUT_OF_TIME
    if not _TOO_EARLY.search(words):
        return "", ""
    return (_GOOD_HERE, _CLOCKS) if _has_begun(credential) else (_NOT_YET, _BOTH_CLOCKS)


def is_too_early(credential: Credential, words: str) -> bool:
    """Return whether a refusal calls a token not valid yet that is, as far as this machine's clock tells."""
    return not _by_this_clock(credential) and _TOO_EARLY.search(words) is not None


def clocks_compared(answer: Exchange) -> str:
    """Return how the clock of who answers differs from this machine's, by its Date header; empty if it has none."""
    try:
        there = parsedate_to_datetime(answer.header("date")).timestamp()
    except (TypeError, ValueError):
        return ""
    apart = there - (answer.started + answer.seconds)
    if abs(apart) < _ALIKE:
        return "the clock of the proxy (its Date header) agrees with this machine's, so that it is another one"
    how = "ahead of" if apart > 0 else "behind"
    return f"the clock of the proxy (its Date header) is {_how_long(abs(apart))} {how} this machine's"


def lifetime_of(credential: Credential) -> str:
    """Return for how long a token is issued, by its own word; empty if it does not say."""
    begins, ends = _times(credential)
    return _how_long(ends - begins) if 0 < begins < ends else ""


def _by_this_clock(credential: Credential) -> str:
    """Return that a token has expired or is not yet valid, by this machine's clock; empty if unknown."""
    begins, ends = _times(credential)
    now = time.time()
    if ends and ends <= now:
        return f"it expired {_how_long(now - ends)} ago, by its own word and this machine's clock"
    if begins > now + 1:
        return f"it is good only in {_how_long(begins - now)}, by its own word and this machine's clock"
    return ""


def _has_begun(credential: Credential) -> bool:
    """Return whether a token has a start of validity that has passed, by this machine's clock."""
    begins, _ = _times(credential)
    return 0 < begins <= time.time()


def _times(credential: Credential) -> tuple[float, float]:
    """Return start and end of a credential's validity, 0 if not stated."""
    token = taken_token(credential) if isinstance(credential, CommandToken) else credential
    return times_of(token) if isinstance(token, str) else (0.0, 0.0)


def _how_long(seconds: float) -> str:
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    number = round(seconds / size)
    return f"{number} {unit}{'' if number == 1 else 's'}"
