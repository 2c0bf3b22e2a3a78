"""The conclusion of a step-by-step registration, for readers who do not know MLflow."""

from __future__ import annotations

from itertools import pairwise

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.client import by_client, incompatibility
from registry_conformance.judge.report.conclusion import REGISTERED, place, sentence
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.tally import plural
from registry_conformance.judge.verdict import Verdict


def outcome(run: RunRecord) -> str:
    """Return whether a model can be registered; nothing that was not tried counts as working."""
    where, red = place(run), [record for record in run.records if record.verdict in tally.RED]
    if run.exit_code in {2, 3, 4} or not run.records:
        return sentence(run)
    if run.problem:
        why = tally.first_line(run.problem).rstrip(".")
        return f"Could not tell whether a model can be registered on {where}: {why}."
    if red:
        return _red(run, min(red, key=lambda record: (record.verdict is not Verdict.FAILED, run.records.index(record))))
    walked = [record for record in run.records if REGISTERED in record.requirements]
    if not any(record.verdict is Verdict.PASSED for record in walked):
        why = tally.reason(walked[0]) if walked else "no step of it was asked for"
        return f"Nobody tried to register a model on {where}, so nobody knows whether one can be: {why}."
    left = f", but {plural(len(run.leftovers), 'thing')} could not be cleaned up" if run.leftovers else ""
    by = by_client(run)
    return f"A model can be registered on {where}{by}, and was loaded back with equal predictions{left}{_unseen(run)}."


def _red(run: RunRecord, record: CheckRecord) -> str:
    where, number = place(run), 1 + run.records.index(record)
    step = f"step {number}: {record.claim.rstrip('.')}"
    walked = [each.verdict for each in run.records if REGISTERED in each.requirements]
    if record.verdict is not Verdict.FAILED:
        return f"Could not tell whether a model can be registered on {where}; what could not be judged is {step}."
    if walked and all(verdict is Verdict.PASSED for verdict in walked):
        return f"A model was registered on {where}, but cannot be relied on; what failed is {step}."
    why = f": {known.sentence}; {known.remedy}" if (known := incompatibility(run)) else ""
    return f"No model can be registered on {where}{by_client(run)}{why}; what failed is {step}."


def _unseen(run: RunRecord) -> str:
    """Return which steps could not be observed, and why: a pass then means less."""
    reasons: dict[str, list[int]] = {}
    for number, record in enumerate(run.records, start=1):
        if record.verdict is Verdict.INAPPLICABLE:
            reasons.setdefault(tally.reason(record), []).append(number)
    told = (f"{_steps(numbers)} ({reason})" for reason, numbers in reasons.items())
    return f"; not tested: {', '.join(told)}" if reasons else ""


def _steps(numbers: list[int]) -> str:
    """Return step numbers in words: ``step 2``, ``steps 2, 7``, or ``steps 5 to 16``."""
    if len(numbers) == 1:
        return f"step {numbers[0]}"
    if all(after - before == 1 for before, after in pairwise(numbers)):
        return f"steps {numbers[0]} to {numbers[-1]}"
    return f"steps {', '.join(map(str, numbers))}"
