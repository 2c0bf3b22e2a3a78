"""Diagnoses the target after a run with failures, and assigns the failures to causes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from registry_conformance.judge.diagnosis import Diagnosis, Named, as_cause, diagnose
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.preflight.target import Examined
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.tally import RED
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.verdict import Verdict

_JUDGED = {*RED, Verdict.PASSED}
_WAY = "reach"
"""The area of requirements on the way to a door: they say how far one comes, and not which part is at fault."""


def diagnosed(run: RunRecord, target: Target, at_broken_doors: Examined | None = None) -> RunRecord:
    """Return a run with its diagnosis and each failed check with its cause; a run without failures unchanged.

    ``at_broken_doors`` is the result of the preflight of the broken doors, if others work. If none of them is
    reachable, and nothing else failed, the target is not probed further. If probing the whole target finds no cause, a
    broken door is probed by itself.
    """
    red = [record for record in run.records if record.verdict in RED and not _tells_itself(record)]
    broken_doors = tuple(door for door in target.doors if door.broken)
    if not target.doors or not (red or broken_doors):  # a plan answers no probe
        return run
    names = {door.name for door in broken_doors}
    elsewhere = [record for record in red if record.door not in names]
    if at_broken_doors is not None and not at_broken_doors.target.doors and not elsewhere:
        found = Diagnosis(tuple(as_cause(each) for each in at_broken_doors.ended), Facts())
    else:
        found = _of_the_whole(run, target, red, at_broken_doors)
    promised = tuple(cause for cause in found.causes if breaks_a_promise(cause.requirements, run, target))
    return explained(run, replace(found, causes=promised))


def _of_the_whole(
    run: RunRecord, target: Target, red: Sequence[CheckRecord], at_broken_doors: Examined | None
) -> Diagnosis:
    """Return the diagnosis of a target without the doors known to be unreachable."""
    broken = {requirement for record in red for requirement in record.requirements}
    judged = {name for record in run.records if record.verdict in _JUDGED for name in record.requirements}
    kept_by = {name: one.layer for name, one in run.register.items() if one.area != _WAY}
    ended = at_broken_doors.ended if at_broken_doors else ()
    asked = at_broken_doors.target.doors if at_broken_doors else target.doors
    reached = tuple(door for door in target.doors if not door.broken or door in asked)
    said = dict.fromkeys(_ended_with(red))
    found = diagnose(replace(target, doors=reached), run.run_id, broken, judged, kept_by, said=said)
    known = {cause.sentence for cause in found.causes}
    told = tuple(named for each in ended if (named := as_cause(each)).sentence not in known)
    found = replace(found, causes=(*told, *found.causes))
    broken_doors = tuple(door for door in reached if door.broken)
    if broken_doors and not _knows_a_cause(found):
        alone = diagnose(replace(target, doors=broken_doors[:1]), run.run_id)  # what passed elsewhere says nothing here
        found = alone if _knows_a_cause(alone) else found
    return found


def _ended_with(red: Sequence[CheckRecord]) -> Iterator[str]:
    """Yield the exceptions of the MLflow client in failed checks."""
    for record in red:
        for item in record.evidence:
            if item["kind"] == "flow" and item["problem"]:
                yield item["problem"]


def _knows_a_cause(diagnosis: Diagnosis) -> bool:
    """Return whether a diagnosis names a cause that is not merely an alternative."""
    return any(cause.known for cause in diagnosis.named)


def breaks_a_promise(requirements: Collection[str], run: RunRecord, target: Target) -> bool:
    """Return whether a cause affects a promise of the target; one without requirements may."""
    known = [run.register[name] for name in requirements if name in run.register]
    return not known or not all(target.promises.unasked(each.profile, each.feature) for each in known)


def explained(run: RunRecord, diagnosis: Diagnosis) -> RunRecord:
    """Return a run with this diagnosis; each failed check gets the first cause that explains it, alternatives aside."""
    shares: dict[str, list[CheckRecord]] = {cause.id: [] for cause in diagnosis.causes}
    records = []
    for record in run.records:
        cause = _cause_of(record, diagnosis.named) if record.verdict in RED else None
        if cause is not None:
            shares[cause.id].append(record)
            story = {"layer": cause.layer, "cause": cause.sentence, "remedy": cause.remedy}
            record = replace(record, diagnosis=story)  # noqa: PLW2901 - the record is this one, with its cause
        records.append(record)
    causes = [_document(cause, shares[cause.id]) for cause in diagnosis.causes]
    return replace(run, records=records, diagnosis=causes)


def _document(cause: Named, explains: Sequence[CheckRecord]) -> dict[str, Any]:
    """Return a cause as the report has it, with the failed checks that it explains."""
    return cause.document | {
        "requirements": sorted({name for record in explains for name in record.requirements}),
        "checks": [record.nodeid for record in explains],
    }


def _tells_itself(record: CheckRecord) -> bool:
    """Return whether a check inspected an account: its message names the cause, which no probe sees."""
    asked = any(item["kind"] == "exchange" for item in record.evidence)
    return not asked and all(name.startswith("INF-") for name in record.requirements)


def _cause_of(record: CheckRecord, causes: Sequence[Named]) -> Named | None:
    explaining = (cause for cause in causes if cause.explains(record.requirements, record.evidence))
    sweeping = (cause for cause in causes if cause.sweeps(record.evidence))
    return next(chain(explaining, sweeping), None)
