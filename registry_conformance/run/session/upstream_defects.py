"""Known defects of MLflow: a check that must fail, for a reason, in some versions, until a date."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from registry_conformance.judge.verdict import Verdict


def excused(item: pytest.Item, verdict: Verdict, versions: str, today: date | None = None) -> tuple[Verdict, str]:
    """Return the verdict after a check's excuse, and a word on it: empty if it has none that applies.

    ``versions`` is how the target names its MLflow (``mlflow 3.17.2``); a target that does not say has no excuse.
    """
    mark = item.get_closest_marker("upstream_defect")
    if mark is None or verdict not in {Verdict.PASSED, Verdict.FAILED}:
        return verdict, ""
    reference, affected, expires = mark.args
    if not versions or versions.rsplit(maxsplit=1)[-1] not in affected:
        return verdict, ""
    if verdict == Verdict.PASSED:
        return Verdict.FAILED, f"passes although {reference} is said to make it fail: take the excuse away"
    if (today or datetime.now(UTC).date()) > expires:
        return Verdict.FAILED, f"the excuse {reference} ended on {expires}: see whether it is mended upstream"
    return Verdict.INAPPLICABLE, f"known defect of this MLflow, {reference}, excused until {expires}"
