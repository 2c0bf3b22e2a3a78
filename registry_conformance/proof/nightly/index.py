"""The overview page of a nightly run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from registry_conformance.judge.report.history import History, trend_of
from registry_conformance.judge.report.page.content_policy import with_policy
from registry_conformance.judge.report.page.render import environment
from registry_conformance.judge.report.page.trend import trend_view
from registry_conformance.judge.report.page.words import MARKS, duration, moment, shares
from registry_conformance.proof.nightly.digest import counted
from registry_conformance.proof.nightly.night import NightRun
from registry_conformance.proof.nightly.result import Result

_OWN = Path(__file__).parent / "templates"


def render(night: NightRun, reports: Path) -> str:
    """Return one self-contained HTML page; its links lead to the pages beside it."""
    history = History(reports)
    targets = [_target(result, history) for result in night.results]
    good = sum(result.mood == "good" for result in night.results)
    moods = {result.mood for result in night.results}
    return with_policy(
        environment(_OWN)
        .get_template("night.html.j2")
        .render(
            night=night,
            targets=targets,
            good=good,
            mood=next((mood for mood in ("bad", "doubt") if mood in moods), "good"),
            started=moment(night.started),
            marks={str(verdict): mark for verdict, mark in MARKS.items()},
        )
    )


def _target(result: Result, history: History) -> dict[str, Any]:
    """Return the data of one target: its result, its page if it left one, and its trend."""
    lead, _, rest = result.sentence.partition(": ")
    file = "faults.html" if result.kind == "proof" else "index.html"
    past = history.nights(result.series) if result.series else []
    return {
        "result": result,
        "shares": shares(result.checks) if result.checks else [],
        "took": duration(result.seconds),
        "changed": counted(result),
        "lead": lead,
        "rest": rest,
        "page": f"{result.name}/{file}" if result.run else "",
        "trend": trend_view([trend_of(each) for each in past]),
    }
