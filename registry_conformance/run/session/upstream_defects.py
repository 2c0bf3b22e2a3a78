"""Known defects of MLflow: checks that are expected to fail, for a reason, in some versions, until a date."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from registry_conformance.judge.verdict import Verdict


def excused(
    item: pytest.Item, verdict: Verdict, versions: str, today: date | None = None, *, strict: bool = True
) -> tuple[Verdict, str]:
    """Return a check's verdict with known defects applied, and a note, empty if none applies.

    ``versions`` is how the target names its MLflow (``mlflow 3.17.2``); a target without a version has no excuse. If
    not ``strict``, a defect may be absent: third parties may patch MLflow or start it differently.
    """
    mark = _that_applies(item, versions)
    if mark is None or verdict not in {Verdict.PASSED, Verdict.FAILED}:
        return verdict, ""
    reference, _, expires, _, at_times = mark.args
    if verdict == Verdict.PASSED and (at_times or not strict):
        return verdict, ""
    if verdict == Verdict.PASSED:
        return Verdict.FAILED, f"passes although {reference} is said to make it fail: take the excuse away"
    if expires is None:
        return Verdict.INAPPLICABLE, f"known defect of this MLflow, {reference}, mended in later ones"
    if (today or datetime.now(UTC).date()) > expires:
        return Verdict.FAILED, f"the excuse {reference} ended on {expires}: see whether it is mended upstream"
    return Verdict.INAPPLICABLE, f"known defect of this MLflow, {reference}, excused until {expires}"


def _that_applies(item: pytest.Item, versions: str) -> pytest.Mark | None:
    """Return the known defect that applies to this check case and MLflow version, ``None`` if none does."""
    here = versions.rsplit(maxsplit=1)[-1:]
    case = item.name.partition("[")[2].removesuffix("]")
    for mark in item.iter_markers("upstream_defect"):
        _, affected, _, cases, _ = mark.args
        if here and here[0] in affected and cases.search(case):
            return mark
    return None
