"""Whether a token is out of its time: by its own word and this machine's clock, or by the word of who checks it."""

from __future__ import annotations

import re
import time

from registry_conformance.judge.clients.signing import taken_token
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
