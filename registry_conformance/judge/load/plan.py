"""The plan of a load (users, operations, sizes, shape over time), parsed from one line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from registry_conformance.judge.suggestion import unknown

KIB, MIB = 1 << 10, 1 << 20
SHAPES: Mapping[str, str] = {
    "ramp": "users double, step by step, until all are there: where is the knee",
    "steady": "all users from the beginning to the end",
    "spike": "a quarter of the users, then all at once for a fifth of the time, then a quarter again",
    "soak": "as steady, and the memory of each part must stay flat",
}
"""Name -> what it is."""
BUDGETS: Mapping[str, str] = {
    "rate": "requests a second that must be reached",
    "p95": "seconds that 95 of 100 requests of each kind may take at most",
    "errors": "share of requests that may fail, from 0 to 1",
    "recovery": "seconds after which all is well again when a part was killed",
}
"""Name -> what a target can declare."""
_WITHOUT_STEPS = ("steady", "soak")
"""The shapes that have one step, so that no time is needed to tell when it ends."""
_UNITS = {"B": 1, "KiB": KIB, "MiB": MIB}
_SIZE = re.compile(r"(\d{1,6})(B|KiB|MiB)=(\d{1,4})")
_BIGGEST = 1024 * MIB


class LoadPlanError(ValueError):
    """A load plan is invalid; the message names the setting and what is allowed."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a load: a number of users, from ``begins`` to ``ends``, in seconds from its start."""

    begins: float
    ends: float
    users: int


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """A load of ``users`` in a ``shape``, for ``seconds`` or until so many ``registrations`` are acknowledged.

    ``registrations`` 0 is a load that ends by the time; with another number ``seconds`` count for nothing.
    ``sizes`` are bytes of a model's file, each with its weight. ``sdk`` is the share of users that are MLflow's own
    client. ``workers`` is how many processes make the load beside the one that leads them, 0 for a single one in all.
    ``page`` is the port of Locust's page, 0 for none. ``kill`` names the part that is killed in the middle, empty for
    none; ``budgets`` is what the target declares, of ``BUDGETS``.
    """

    shape: str = "steady"
    users: int = 8
    seconds: float = 30.0
    sizes: tuple[tuple[int, int], ...] = ((4 * KIB, 90), (8 * MIB, 9), (100 * MIB, 1))
    sdk: float = 0.0
    workers: int = 0
    page: int = 0
    kill: str = ""
    registrations: int = 0
    budgets: tuple[tuple[str, float], ...] = ()

    @classmethod
    def parse(cls, text: str) -> LoadPlan:
        """Return the plan in a line such as ``shape=ramp users=16 seconds=40``; raise ``LoadPlanError``."""
        found: dict[str, Any] = {}
        budgets: dict[str, float] = {}
        for each in text.split():
            name, given, value = each.partition("=")
            if name in BUDGETS and given:
                budgets[name] = _number(name, value, 0, 1 if name == "errors" else 1e6)
            elif name in _READERS and given:
                found[name] = _READERS[name](name, value)
            else:
                known = [*_READERS, *BUDGETS]
                wrong = unknown(name, known) if name not in known else "a value is missing"
                raise LoadPlanError(f"{each}: {wrong}; write NAME=VALUE")
        plan = replace(cls(**found), budgets=tuple(budgets.items()))
        if plan.registrations:
            _need_no_times(plan, timed="seconds" in found)
        return plan

    def __str__(self) -> str:
        told = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "budgets"}
        told["sizes"] = ",".join(f"{_shown(size)}={weight}" for size, weight in self.sizes)
        unsaid = "seconds" if self.registrations else ""
        written = [f"{name}={_plain(value)}" for name, value in told.items() if value and name != unsaid]
        return " ".join([*written, *(f"{name}={value:g}" for name, value in self.budgets)])

    @property
    def series(self) -> str:
        """What two loads must have in common to be comparable: everything except budgets, page and workers."""
        return str(replace(self, budgets=(), page=0, workers=0))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The load, step by step."""
        if self.shape == "ramp":
            counts = _doubling(self.users)
            each = self.seconds / len(counts)
            return tuple(Step(place * each, (place + 1) * each, users) for place, users in enumerate(counts))
        if self.shape == "spike":
            low, early, late = max(1, self.users // 4), 0.4 * self.seconds, 0.6 * self.seconds
            return Step(0, early, low), Step(early, late, self.users), Step(late, self.seconds, low)
        return (Step(0, math.inf if self.registrations else self.seconds, self.users),)

    @property
    def sdk_users(self) -> int:
        """The number of users with MLflow's own client: at least one if any are requested."""
        return max(1, round(self.users * self.sdk)) if self.sdk else 0

    def budget(self, name: str) -> float | None:
        """Return a declared limit, ``None`` if it is not declared."""
        return dict(self.budgets).get(name)


def _need_no_times(plan: LoadPlan, *, timed: bool) -> None:
    """Raise ``LoadPlanError`` if a load that ends after so many registrations has steps in time, or is ``timed``."""
    said = f"registrations={plan.registrations}"
    if timed:
        raise LoadPlanError(f"{said}: such a load takes as long as it takes: give no seconds")
    if plan.shape not in _WITHOUT_STEPS:
        raise LoadPlanError(f"{said}: a {plan.shape} has steps in time: give shape={' or '.join(_WITHOUT_STEPS)}")


def _doubling(most: int) -> list[int]:
    counts = [1]
    while counts[-1] * 2 < most:
        counts.append(counts[-1] * 2)
    return [*counts, most] if most > 1 else counts


def _word(allowed: Mapping[str, str]) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in allowed:
            raise LoadPlanError(f"{name}={value}: {unknown(value, list(allowed))}")
        return value

    return read


def _number(name: str, value: str, least: float, most: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise LoadPlanError(f"{name}={value}: give a number from {least:g} to {most:g}")
    return number


def _within(least: float, most: float, *, whole: bool) -> Callable[[str, str], float]:
    def read(name: str, value: str) -> float:
        number = _number(name, value, least, most)
        if whole and number != int(number):
            raise LoadPlanError(f"{name}={value}: give a whole number from {least:g} to {most:g}")
        return int(number) if whole else number

    return read


def _sizes(name: str, value: str) -> tuple[tuple[int, int], ...]:
    found = []
    for each in value.split(","):
        match = _SIZE.fullmatch(each)
        if not match or not int(match[3]) or not 0 < int(match[1]) * _UNITS[match[2]] <= _BIGGEST:
            raise LoadPlanError(f"{name}={value}: give sizes up to 1024MiB with weights above 0, as 4KiB=90,8MiB=10")
        found.append((int(match[1]) * _UNITS[match[2]], int(match[3])))
    return tuple(found)


def _part(name: str, value: str) -> str:
    return _word(dict.fromkeys(("mlflow", "proxy", "auth", "keys", "store", "database"), ""))(name, value)


def _shown(size: int) -> str:
    unit = next(unit for unit, bytes_ in reversed(_UNITS.items()) if size % bytes_ == 0)
    return f"{size // _UNITS[unit]}{unit}"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "shape": _word(SHAPES),
    "users": _within(1, 10_000, whole=True),
    "seconds": _within(1, 86_400, whole=False),
    "sizes": _sizes,
    "sdk": _within(0, 1, whole=False),
    "workers": _within(0, 64, whole=True),
    "page": _within(0, 65_535, whole=True),
    "kill": _part,
    "registrations": _within(1, 1_000_000, whole=True),
}
