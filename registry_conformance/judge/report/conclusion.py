"""The one-sentence conclusion of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.client import incompatibility
from registry_conformance.judge.report.profiles import at_broken_door, broken_doors, registration
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.tally import plural, some
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict

_CODES = {
    2: ("Interrupted", "the run was stopped before its end"),
    3: ("No verdict", "the suite itself broke"),
    4: ("No verdict", "the run was called wrongly"),
    5: ("Nothing was verified", "the run ended with exit code 5"),
    6: ("Could not verify", "the target could not be judged"),
}
_WAY = "reach"
"""The area of requirements on the way to a target."""
REGISTERED = "REG-001"
"""The requirement that every step verifies by which a registration comes about."""
_MOST_IDS = 4


def place(run: RunRecord) -> str:
    """Return the target in words: ``the embedded stack``, ``staging``."""
    return str(run.target.get("name") or "the target")


def sentence(run: RunRecord, *, cause: bool = True) -> str:
    """Return the result in one sentence for readers who do not know the suite, with the first cause and its fix.

    A failed MUST says not to ship. Only a run that ended well, with every MUST verified or inapplicable and at least
    one verified, says that a third party can register a model. Injected faults are named; if a run passes with one, the
    sentence says that it was not caught.
    """
    lead, clauses = _story(run, cause=cause)
    clauses += _client(run)
    if run.leftovers:
        clauses.append(f"{plural(len(run.leftovers), 'thing')} left behind on the target")
    if faults := [str(fault) for fault in run.target.get("faults") or ()]:
        clauses.append(f"{plural(len(faults), 'fault')} injected: {some(faults, _MOST_IDS)}")
    return f"{lead}: {'; '.join(clauses)}."


def _story(run: RunRecord, *, cause: bool) -> tuple[str, list[str]]:
    by_id = tally.verdicts(run)
    must = tally.of_level(run, by_id, Level.MUST)
    broken, advised = _failed(run)
    problem = [f"the run broke off: {tally.first_line(run.problem).rstrip('.')}"] if run.problem else []
    if broken and not _unreached(run):
        named = _cause(run) if cause else []
        return "Do not ship", [f"{broken} on {place(run)}", *named, *advised, *problem]
    if why := tally.unverified(run):
        return "Nothing was verified", [f"{why}" if place(run) in why else f"{why} ({place(run)})"]
    return _unclear(run, must, problem, advised) or _good(run, must, advised)


def _client(run: RunRecord) -> list[str]:
    """Return which client registered models, or why it cannot on this server; empty if none was tried."""
    answer = registration(run)
    if not run.client or answer.word not in {"yes", "no"}:
        return []
    if answer.word == "yes":
        return [f"models were registered with the MLflow client {run.client}"]
    known = incompatibility(run)
    return [f"not with the MLflow client {run.client}: {known.sentence}; {known.remedy}"] if known else []


def first_cause(run: RunRecord) -> Mapping[str, Any] | None:
    """Return the first cause of the failures, ``None`` if no cause is known."""
    known = [cause for cause in run.diagnosis if cause["id"] != "unknown"]
    return next((cause for cause in known if not cause["alternative"] and not cause["note"]), None)


def _cause(run: RunRecord) -> list[str]:
    """Return the first cause of the failures with its fix; empty if no cause is known."""
    cause = first_cause(run)
    return [f"{cause['cause']} ({tally.confidence_label(cause)}); fix: {cause['remedy']}"] if cause else []


def _unreached(run: RunRecord) -> bool:
    """Return whether the target could not be reached or the run was interrupted; then failures say nothing about it."""
    failed = [record for record in run.records if record.verdict is Verdict.FAILED]
    return bool(run.problem) and all(
        requirement.area == _WAY for record in failed for requirement in tally.requirements_of(run, record)
    )


def _unclear(
    run: RunRecord, must: dict[str, Verdict], problem: list[str], advised: list[str]
) -> tuple[str, list[str]] | None:
    if problem:
        return _CODES[2][0] if run.exit_code == 2 else "Could not verify", [*problem, _verified(run, must), *advised]
    if errors := [record for record in run.records if record.verdict is Verdict.ERROR]:
        return "No verdict", [
            f"the suite itself broke in {plural(len(errors), 'check')}",
            _verified(run, must),
            *advised,
        ]
    if doubtful := [record for record in run.records if record.verdict is Verdict.INCONCLUSIVE]:
        elsewhere = [record for record in doubtful if not at_broken_door(run, record)]
        doors = " and ".join(broken_doors(run))
        why = tally.reason(elsewhere[0]).rstrip(".") if elsewhere else f"the {doors} door is broken"
        what = f"{plural(len(doubtful), 'check')} could not be judged: {why}"
        return "Not proved", [what, _verified(run, must), *advised]
    if run.exit_code in _CODES:
        lead, why = _CODES[run.exit_code]
        return lead, [why, _verified(run, must), *advised]
    return None


def _good(run: RunRecord, must: dict[str, Verdict], advised: list[str]) -> tuple[str, list[str]]:
    """Return the first lead that applies if nothing prevents a verdict, and its clauses."""
    untested = tally.with_verdict(must, Verdict.UNTESTED)
    missing = [f"{plural(len(untested), 'MUST requirement')} not tested"] if untested else []
    leads = (
        (bool(untested), "Only a part was verified"),
        (not tally.with_verdict(must, Verdict.PASSED), "Not proved"),
        (run.exit_code == 7 or bool(run.leftovers), "Clean up first"),
        (bool(advised), "Usable, with reservations"),
        (run.exit_code != 0, f"No verdict (exit code {run.exit_code})"),
        (bool(run.target.get("faults")), "The injected fault was not caught"),
        (run.load is not None, "Nothing acknowledged under load was lost"),
        (must.get(REGISTERED) is Verdict.INAPPLICABLE, "Nothing that was looked at is broken, registration not tried"),
        (True, "A third party can register a model here"),
    )
    lead = next(lead for holds, lead in leads if holds)
    return lead, [_verified(run, must), *_blind(run), *_excused(run), *missing, *advised, *_inapplicable(run)]


def _excused(run: RunRecord) -> list[str]:
    excused = [name for names in tally.expected(run).values() for name in names]
    return [f"{plural(len(excused), 'requirement')} failed as expected: {some(excused, _MOST_IDS)}"] if excused else []


def _blind(run: RunRecord) -> list[str]:
    """Return a clause that says that the bucket could not be inspected, if so: a pass then means less."""
    store = (run.target.get("capabilities") or {}).get("store", {})
    unseen = run.target.get("kind") == "live" and not store.get("present", True)
    return ["on MLflow's word alone: stored bytes were not verified"] if unseen else []


def _failed(run: RunRecord) -> tuple[str, list[str]]:
    """Return two clauses: the failed MUST requirements, and the other failed ones; empty if none."""
    failed: dict[bool, list[str]] = {True: [], False: []}
    strongest: set[bool] = set()
    for record in run.records:
        if record.verdict is Verdict.FAILED:
            strongest.add(tally.level_of(run, record) is Level.MUST)
            for requirement in tally.requirements_of(run, record):
                failed[requirement.level is Level.MUST].append(requirement.id)
    musts, others = list(dict.fromkeys(failed[True])), list(dict.fromkeys(failed[False]))
    total = sum(requirement.level is Level.MUST for requirement in run.register.values())
    broken = f"{len(musts)} of {plural(total, 'MUST requirement')} failed ({some(musts, _MOST_IDS)})" if musts else ""
    if not musts and True in strongest:
        broken = "a check that names no requirement failed"
    noun = plural(len(others), "recommendation") + " (SHOULD or MAY)"
    return broken, [f"{noun} not met: {some(others, _MOST_IDS)}"] if others else []


def _verified(run: RunRecord, must: dict[str, Verdict]) -> str:
    passed, total = len(tally.with_verdict(must, Verdict.PASSED)), len(must)
    apply = total - len(tally.with_verdict(must, Verdict.INAPPLICABLE))
    if passed == total and total > 1:
        return f"all {total} MUST requirements were verified on {place(run)}"
    if passed == apply and passed > 1:
        return f"all {passed} MUST requirements that apply, of {total}, were verified on {place(run)}"
    return f"{passed} of {plural(total, 'MUST requirement')} verified on {place(run)}"


def _inapplicable(run: RunRecord) -> list[str]:
    reasons = tally.inapplicable(run)
    return [f"{plural(len(reasons), 'requirement')} not applicable here"] if reasons else []
