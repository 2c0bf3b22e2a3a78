"""The run in Markdown, for a pipeline's summary page or a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.changes import LISTS, TITLES
from registry_conformance.judge.report.conclusion import place, sentence
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict, count

SIGNS = {"good": "✅", "bad": "❌", "doubt": "⚠️"}
_COLUMNS = (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE, Verdict.UNTESTED)
_MOST = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def render(run: RunRecord) -> Iterator[bytes]:
    """Yield the lines: conclusion, counts, causes, changes, failures, and what could not be judged."""
    for line in _lines(run):
        yield f"{line}\n".encode()


def _lines(run: RunRecord) -> Iterator[str]:
    yield f"## {SIGNS[tally.mood(run)]} {plain(sentence(run))}"
    yield ""
    versions = ", ".join(
        version if version.startswith(part) else f"{part} {version}"
        for part, version in (run.target.get("versions") or {}).items()
    )
    yield f"{plain(place(run))} ({plain(versions) or 'versions not known'}), {run.started}, {run.seconds:.0f} s"
    yield ""
    yield from _counts(run)
    for cause in run.diagnosis:
        if not cause["alternative"]:
            yield from _cause(cause)
    yield from _changes(run.changes)
    yield from _red(run)
    yield from _not_judged(run)


def plain(text: str) -> str:
    """Return a text as one line that Markdown shows literally."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _counts(run: RunRecord) -> Iterator[str]:
    by_id = tally.verdicts(run)
    yield "| |" + "|".join(f" {verdict} " for verdict in _COLUMNS) + "|"
    yield "|---|" + "---:|" * len(_COLUMNS)
    rows = {str(level): count(tally.of_level(run, by_id, level).values()) for level in Level}
    rows["checks"] = count(record.verdict for record in run.records)
    for name, counts in rows.items():
        yield f"| **{name}** |" + "|".join(f" {counts[str(verdict)]} " for verdict in _COLUMNS) + "|"
    yield ""


def _cause(cause: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {plain(cause['cause'])} ({tally.confidence_label(cause)})"
    yield ""
    yield f"**Fix:** {plain(cause['remedy'])}"
    yield ""
    yield from (f"- {plain(seen)}" for seen in cause["observations"])
    yield f"- explains {tally.plural(len(cause['checks']), 'red check')}"
    yield ""


def _changes(changes: Mapping[str, Any] | None) -> Iterator[str]:
    if changes is None:
        return
    told = [name for name in LISTS if changes[name]]
    yield f"### Since {plain(changes['since'])}: {'' if told else 'nothing changed'}".rstrip(": ")
    yield ""
    for name in told:
        yield f"- **{TITLES[name]} ({len(changes[name])}):** {_some([each['name'] for each in changes[name]])}"
    if told:
        yield ""


def _red(run: RunRecord) -> Iterator[str]:
    red = [record for record in run.records if record.verdict in tally.RED]
    if not red:
        return
    yield f"<details><summary>{tally.plural(len(red), 'red check')}</summary>"
    yield ""
    yield "| verdict | requirement | check | seen |"
    yield "|---|---|---|---|"
    yield from (_row(record) for record in red[:_MOST])
    yield ""
    if len(red) > _MOST:
        yield f"and {len(red) - _MOST} more in the report"
        yield ""
    yield "</details>"
    yield ""


def _row(record: CheckRecord) -> str:
    seen = tally.brief(tally.reason(record))[:200]
    return (
        f"| {record.verdict} | {', '.join(record.requirements)} | {plain(tally.short(record.nodeid))} | {plain(seen)} |"
    )


def _not_judged(run: RunRecord) -> Iterator[str]:
    for why, ids in tally.grouped(tally.inapplicable(run)).items():
        yield f"- not judged ({plain(why)}): {tally.some(ids, _MOST)}"


def _some(names: Sequence[str]) -> str:
    return plain(tally.some([tally.short(name) for name in names], 5))
