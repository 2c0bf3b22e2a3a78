"""Changes, responsible layers, and earlier runs, as the page shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.changes import LISTS, TITLES
from registry_conformance.judge.report.page.words import moment, shares
from registry_conformance.judge.report.record import CheckRecord, RunRecord

_SHOWN = 12
_NOBODY = "not explained"


def changes_view(run: RunRecord) -> dict[str, Any] | None:
    """Return the non-empty lists of changes, each cut after twelve, with the number of the rest.

    ``whose`` counts the layers at fault for new failures. A check of this run is ``here``, and has its claim.
    """
    if run.changes is None:
        return None
    records = {record.nodeid: record for record in run.records}
    lists = []
    for name in LISTS:
        if told := [_change(each, records.get(each["name"])) for each in run.changes[name]]:
            whose = _whose(told) if name == "newly_red" else []
            lists.append(
                {"name": name, "title": TITLES[name], "some": told[:_SHOWN], "rest": told[_SHOWN:], "whose": whose}
            )
    return {"since": run.changes["since"], "started": moment(run.changes["started"]), "lists": lists}


def trend_view(trend: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the runs of the trend chart, oldest first: the shares and the label of each."""
    return [_bar(night) for night in trend]


def _bar(night: Mapping[str, Any]) -> dict[str, Any]:
    """Return one run of the trend chart."""
    return {
        "run": night["run"],
        "day": f"{datetime.fromisoformat(night['started']):%-d %b}",
        "shares": shares(night["checks"]),
        "verdict": night["verdict"],
        "sentence": night["sentence"],
        "said": f"{moment(night['started'])}: {night['sentence']}",
        "red": sum(night["checks"][str(verdict)] for verdict in tally.RED),
        "doors": night["doors"],
    }


def _whose(told: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Return the number of failures for each layer at fault, the most first, unexplained ones last."""
    counts = Counter(str(each["layer"]) for each in told)
    named = [(layer, number) for layer, number in counts.most_common() if layer]
    return [*named, *([(_NOBODY, counts[""])] if named and counts[""] else [])]


def _change(change: Mapping[str, Any], record: CheckRecord | None) -> dict[str, Any]:
    told = {**change, "short": tally.short(change["name"]), "here": record is not None, "layer": ""}
    told["why"] = tally.brief(told["why"])
    if record is None:
        return told
    layer = str(record.diagnosis["layer"]) if record.diagnosis else ""
    claim = tally.first_line(record.claim) or told["short"]
    return told | {"claim": claim, "case": tally.case(record.nodeid), "layer": layer}
