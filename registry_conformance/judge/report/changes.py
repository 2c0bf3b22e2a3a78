"""What changed between two runs: newly red, newly green, flaky, slower, newly inapplicable, gone, new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any

from registry_conformance.judge.report.run_snapshot import CheckOutcome, RunSnapshot
from registry_conformance.judge.report.tally import RED
from registry_conformance.judge.verdict import Verdict

FLIPS = 2
"""A check whose result changed this often in the compared runs is flaky."""
SLOWER = 2.0
"""How many times as long, measured in requests to the origin of the same run, counts as slower."""
AT_LEAST = 200.0
"""Requests to the origin, a second or so, that a check must have lost to be slower: less is the noise of a machine."""


@dataclass(frozen=True, slots=True)
class Change:
    """A check (or, if slower, a door) that changed.

    ``before`` and ``after`` are verdicts, or times as multiples of a request to the origin; ``why`` is the reason if it
    did not pass.
    """

    name: str
    before: str
    after: str
    requirements: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class RunChanges:
    """Everything that changed since the run ``since``, which started at ``started``. A check is in one list at most."""

    since: str
    started: str
    newly_red: tuple[Change, ...] = ()
    newly_green: tuple[Change, ...] = ()
    flaky: tuple[Change, ...] = ()
    slower: tuple[Change, ...] = ()
    newly_inapplicable: tuple[Change, ...] = ()
    gone: tuple[Change, ...] = ()
    new: tuple[Change, ...] = ()
    versions: tuple[Change, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the changes as ``verdicts.json`` has them."""
        document: dict[str, Any] = {"since": self.since, "started": self.started}
        for name in LISTS:
            document[name] = [{**asdict(each), "requirements": list(each.requirements)} for each in getattr(self, name)]
        return document

    @property
    def any(self) -> bool:
        """Whether anything changed."""
        return any(getattr(self, name) for name in LISTS)


LISTS = tuple(field.name for field in fields(RunChanges))[2:]
"""The lists of changes, the most pressing first."""
TITLES: Mapping[str, str] = {name: name.replace("_", " ") for name in LISTS} | {"versions": "versions changed"}


def compare(before: RunSnapshot, after: RunSnapshot, between: Sequence[RunSnapshot] = ()) -> RunChanges:
    """Return what changed; ``between`` are further runs of the series, oldest first, which reveal flaky checks.

    If ``after`` ran only some checks, only these are compared.
    """
    nights = (*sorted(between, key=lambda night: night.started), before, after)
    nights = tuple(sorted({night.run: night for night in nights}.values(), key=lambda night: night.started))
    lists: dict[str, list[Change]] = {name: [] for name in LISTS}
    for nodeid, now in after.checks.items():
        was = before.checks.get(nodeid)
        if kind := _kind(was, now, [night.checks[nodeid].verdict for night in nights if nodeid in night.checks]):
            lists[kind].append(_change(nodeid, was, now))
        elif was and (change := _slower(nodeid, [night for night in nights if night is not after], after)):
            lists["slower"].append(change)
    lists["slower"] += _slower_doors(before, after)
    if after.whole:
        lists["gone"] = [
            Change(nodeid, str(was.verdict), "gone", was.requirements)
            for nodeid, was in before.checks.items()
            if nodeid not in after.checks
        ]
    if not before.whole:
        lists["new"] = []
    lists["versions"] = _versions(before, after)
    return RunChanges(before.run, before.started, **{name: tuple(found) for name, found in lists.items()})


def _kind(was: CheckOutcome | None, now: CheckOutcome, verdicts: Iterable[Verdict]) -> str:
    """Return the list that a check belongs to, empty if its verdict did not change."""
    colours = [verdict in RED for verdict in verdicts if verdict is not Verdict.UNTESTED]
    if sum(one != other for one, other in pairwise(colours)) >= FLIPS:
        return "flaky"
    if now.verdict in RED:
        return "" if was and was.verdict in RED else "newly_red"
    if was and was.verdict in RED:
        return "newly_inapplicable" if now.verdict is Verdict.INAPPLICABLE else "newly_green"
    if was is None:
        return "new"
    return "newly_inapplicable" if now.verdict is Verdict.INAPPLICABLE is not was.verdict else ""


def _change(nodeid: str, was: CheckOutcome | None, now: CheckOutcome) -> Change:
    before = str(was.verdict) if was else "not there"
    return Change(nodeid, before, str(now.verdict), now.requirements, now.reason)


def _slower(nodeid: str, past: Sequence[RunSnapshot], night: RunSnapshot) -> Change | None:
    """Return a change if a check's requests took much longer than in the slowest earlier run."""
    was = [(each.checks[nodeid].seconds, each.origin) for each in past if nodeid in each.checks]
    now = night.checks[nodeid]
    if not night.origin or not (known := [(took / origin, took) for took, origin in was if took and origin]):
        return None
    (before, then), after = max(known), now.seconds / night.origin
    if after < before * SLOWER or after - before < AT_LEAST:
        return None
    told = f"{now.seconds:.2f} s now, {then:.2f} s then"
    return Change(nodeid, f"{before:.0f} x origin", f"{after:.0f} x origin", now.requirements, told)


def _slower_doors(before: RunSnapshot, after: RunSnapshot) -> list[Change]:
    return [
        Change(f"door {door}", f"{before.doors[door]:.1f} x origin", f"{now:.1f} x origin")
        for door, now in after.doors.items()
        if before.doors.get(door, 0) and now >= before.doors[door] * SLOWER
    ]


def _versions(before: RunSnapshot, after: RunSnapshot) -> list[Change]:
    then = {**before.versions, "suite": before.suite, "register": before.register}
    now = {**after.versions, "suite": after.suite, "register": after.register}
    return [
        Change(part, then.get(part, "not known"), now.get(part, "not known"))
        for part in dict.fromkeys((*then, *now))
        if then.get(part) != now.get(part)
    ]
