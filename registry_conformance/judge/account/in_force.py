"""Statements in force from now on: a policy with its time conditions evaluated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from registry_conformance.judge.account.conditions import Facts, OneOf, all_hold, moment
from registry_conformance.judge.account.statement import Condition, Statement

_TIMES = frozenset({"aws:currenttime", "aws:epochtime"})
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
"""A moment later than any that a policy means."""
_STEP = timedelta(seconds=1)


def in_force(statements: Iterable[Statement], now: datetime | None = None) -> tuple[Statement, ...]:
    """Return what a policy allows at some time from ``now`` on, without its time conditions.

    An Allow that has ended is left out, and so is a Deny that will end: those it denies today are allowed later.
    ``now`` is the present by default.
    """
    begun = now or datetime.now(UTC)
    return tuple(left for each in statements if (left := _left(each, begun)) is not None)


def now_and_later() -> Facts:
    """Return the time of a request that may be sent now or at any later time.

    Its session may begin then too: credentials of a role are renewed all the time.
    """
    present = datetime.now(UTC)
    times = sorted({*_TIMES, "aws:tokenissuetime"})
    return {key: OneOf((_spelled(key, present), _spelled(key, _LAST))) for key in times}


def _left(statement: Statement, now: datetime) -> Statement | None:
    timed = [each for each in statement.conditions if each[1].lower() in _TIMES]
    if not timed:
        return statement
    met = [_met(timed, each) for each in _moments(timed, now)]
    stays = any(each is not False for each in met) if statement.effect == "Allow" else all(met)
    others = tuple(each for each in statement.conditions if each not in timed)
    return replace(statement, conditions=others) if stays else None


def _met(conditions: list[Condition], when: datetime) -> bool | None:
    """Return whether all time conditions hold at a moment, ``None`` if one cannot be decided."""
    facts = {key: (_spelled(key, when),) for key in _TIMES}
    return all_hold(conditions, facts)


def _moments(conditions: list[Condition], now: datetime) -> list[datetime]:
    """Return moments from now on between which no condition changes: around each that one names, and the last."""
    named = [found for _, _, wanted in conditions for each in wanted if (found := _read(each)) is not None]
    about = [each + step for each in named for step in (-_STEP, timedelta(0), _STEP)]
    return [now, *(each for each in about if each > now), _LAST]


def _read(text: str) -> datetime | None:
    try:
        found = moment(text)
    except ValueError:
        return None
    return found if found < _LAST else None


def _spelled(key: str, when: datetime) -> str:
    return str(int(when.timestamp())) if key == "aws:epochtime" else when.isoformat()
