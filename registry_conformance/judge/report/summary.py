"""The console summary of a run: target, counts, failures with causes, and the conclusion."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import place, sentence
from registry_conformance.judge.report.load import load_lines
from registry_conformance.judge.report.profiles import at_broken_door, broken_doors, by_profile, registration
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.steps import outcome
from registry_conformance.judge.report.tally import confidence_label, first_line, plural, some
from registry_conformance.judge.requirement import MENDED_BY, Level
from registry_conformance.judge.verdict import Verdict, count

__all__ = ["conclusion", "in_brief", "in_short", "sentence", "summary"]

_WIDTH = 116
_MOST_BLOCKS = 5
_MOST_LIKE = 3
_MOST_CAUSES = 3
_MOST_IDS = 20
_MOST_COMMANDS = 4
_PASSING = re.compile(r"https?://\S+|\b[0-9a-f-]{8,}\b|[\d.]+ m?s\b")
"""What differs between two sights of one cause: addresses, ids, durations."""
_COLUMNS = (
    Verdict.PASSED,
    Verdict.FAILED,
    Verdict.ERROR,
    Verdict.INCONCLUSIVE,
    Verdict.INAPPLICABLE,
    Verdict.UNTESTED,
)


def summary(run: RunRecord, reports: str = "reports/latest") -> list[str]:
    """Return the summary line by line; ``reports`` is the folder with the full reports, empty without one.

    The causes come first, each with the failed checks that it explains. Unexplained failures with the same observation
    share a block, failed MUSTs and the most frequent first. The last line is the conclusion.
    """
    parts = (
        _judged(run),
        _causes(run),
        _counts(run),
        _red(run, reports),
        _expected(run),
        _inapplicable(run),
        _untested(run),
        load_lines(run),
        _left(run),
        _spent(run),
        _proof(run),
        iter([f"Reports: {reports} (index.html, verdicts.json, junit.xml, allure-results)"] * bool(reports)),
    )
    body = [line for part in parts for line in part]
    return [*body, "", sentence(run)]


def conclusion(run: RunRecord, reports: str = "reports/latest") -> list[str]:
    """Return the end of a step-by-step run: causes, leftovers, cost, and the conclusion."""
    parts = (_causes(run), _left(run), _spent(run), iter([f"Report: {reports}/index.html"] * bool(reports)))
    return [*(line for part in parts for line in part), "", outcome(run)]


def in_short(run: RunRecord, reports: str = "reports/latest") -> list[str]:
    """Return the end of a run of some checks: failures and causes, then the two lines of ``in_brief``."""
    left = _left(run) if run.leftovers else ()
    parts = (_broken(run), _causes(run), _red(run, reports), _expected(run), left, _spent(run))
    body = [line for part in parts for line in part]
    return [*body, *([""] if body and body[-1] else []), *in_brief(run, reports)]


def in_brief(run: RunRecord, reports: str = "reports/latest") -> list[str]:
    """Return two lines: checks by verdict with a pointer to the reports, and the conclusion."""
    counts = count(record.verdict for record in run.records)
    counted = ", ".join(f"{counts[str(verdict)]} {verdict}" for verdict in _COLUMNS if counts[str(verdict)]) or "none"
    where = f"; full report: {reports}/index.html" if reports else ""
    return [f"Checks: {counted}{where}", sentence(run)]


def _judged(run: RunRecord) -> Iterator[str]:
    doors = some(list(run.target.get("doors") or {}), _MOST_IDS) or "none"
    versions = ", ".join(f"{part} {version}" for part, version in (run.target.get("versions") or {}).items())
    versions += f"; client mlflow {run.client}" if versions and run.client else ""
    yield (
        f"Judged: {place(run)} (doors: {doors}{'; ' + versions if versions else ''}) by suite {run.suite_version}, "
        f"register {run.register.version}: {plural(len(run.records), 'check')} in {run.seconds:.1f} s"
    )
    if faults := [str(fault) for fault in run.target.get("faults") or ()]:
        yield f"Injected fault: {', '.join(faults)}"
    if run.problem:
        yield f"Problem: {run.problem.strip()}"
    if run.load is None:
        yield _clip(f"Can a third party register a model here: {registration(run)}")
    yield from _broken(run)
    yield ""


def _broken(run: RunRecord) -> Iterator[str]:
    for name, why in broken_doors(run).items():
        unsent = [each for each in run.records if each.door == name and at_broken_door(run, each)]
        yield _clip(f"The {name} door is broken: {why}; {plural(len(unsent), 'check')} there were not sent")


def _proof(run: RunRecord) -> Iterator[str]:
    if score := run.fault_score:
        yield (
            f"Proof: this suite caught {score['caught']} of {score['faults']} injected faults, "
            f"{score['false_alarms']} false alarms ({score['finished']})"
        )
    else:
        yield "Proof: this version has no fault score on this machine; `make prove` injects every fault"
    if mutants := run.mutant_score:
        yield (
            f"Mutants: the checks noticed {mutants['killed']} of {mutants['judged']} rule-made changes, of a "
            f"catalogue of {mutants['catalogue']} ({mutants['started']})"
        )


def _counts(run: RunRecord) -> Iterator[str]:
    by_id = tally.verdicts(run)
    yield _row("", [str(verdict) for verdict in _COLUMNS])
    rows = {str(level): count(tally.of_level(run, by_id, level).values()) for level in Level}
    profiles = {name: row["requirements"] for name, row in by_profile(run).items() if row["promised"]}
    rows |= profiles if len(profiles) > 1 or len(by_profile(run)) > 1 else {}
    rows["checks"] = count(record.verdict for record in run.records)
    for name, counts in rows.items():
        yield _row(name, [str(counts[str(verdict)]) for verdict in _COLUMNS])


def _row(name: str, cells: Sequence[str]) -> str:
    """Return a line of the table, at most 80 columns wide."""
    return f"{name:<11}" + "".join(
        f"{cell:>{len(str(verdict)) + 2}}" for verdict, cell in zip(_COLUMNS, cells, strict=True)
    )


def _rank(run: RunRecord, record: CheckRecord) -> int:
    order = (Verdict.FAILED, Verdict.ERROR, Verdict.INCONCLUSIVE)
    advised = record.verdict is Verdict.FAILED and tally.level_of(run, record) is not Level.MUST
    return len(order) if advised else order.index(record.verdict)


def _causes(run: RunRecord) -> Iterator[str]:
    """Yield each cause with its observations and remedy, and the failed checks that it explains."""
    named = [cause for cause in run.diagnosis if not cause["alternative"]]
    others = [cause for cause in run.diagnosis if cause["alternative"]]
    by_id = {record.nodeid: record for record in run.records}
    for number, cause in enumerate(named[:_MOST_CAUSES], start=1):
        order = f" {number}" if len(named) > 1 else ""
        yield _clip(f"{'NOTE' if cause['note'] else 'CAUSE'}{order} ({confidence_label(cause)}): {cause['cause']}")
        yield from (_clip(f"  observed: {seen}") for seen in cause["observations"])
        yield _clip(f"  fix:      {cause['remedy']}")
        yield f"  docs:     {cause['link']}"
        yield from _explained(run, [by_id[nodeid] for nodeid in cause["checks"] if nodeid in by_id])
        yield ""
    if rest := named[_MOST_CAUSES:]:
        yield f"and {plural(len(rest), 'more cause')}: see verdicts.json"
    if others:
        yield _clip("Less likely: " + "; ".join(f"{each['cause']} ({each['layer']})" for each in others[:_MOST_LIKE]))
        yield ""


def _explained(run: RunRecord, records: Sequence[CheckRecord]) -> Iterator[str]:
    groups = _alike(run, records)
    if records:
        yield f"  explains: {plural(len(records), 'red check')}"
    for group in groups[:_MOST_LIKE]:
        first = group[0]
        more = f" (and {len(group) - 1} alike)" if len(group) > 1 else ""
        yield _clip(f"    {str(first.verdict).upper()} {_promised(run, first)}{more}")
        yield _clip(f"      actual: {tally.reason(first)}")
        yield _clip(f"      rerun:  {first.rerun or first.nodeid}")


def _alike(run: RunRecord, records: Sequence[CheckRecord]) -> list[list[CheckRecord]]:
    """Return records with the same observation together, failed MUSTs and the most frequent first."""
    groups: dict[tuple[int, str], list[CheckRecord]] = {}
    for record in records:
        groups.setdefault((_rank(run, record), _PASSING.sub("#", tally.reason(record))), []).append(record)
    return [group for _, group in sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1])))]


def _red(run: RunRecord, reports: str) -> Iterator[str]:
    unexplained = [
        record
        for record in run.records
        if record.verdict in tally.RED and record.diagnosis is None and not at_broken_door(run, record)
    ]
    ordered = _alike(run, unexplained)
    if ordered and any(record.diagnosis for record in run.records):
        yield ""
        yield "Not explained by any cause above:"
    most = _MOST_BLOCKS - len(run.diagnosis[:_MOST_LIKE])
    for records in ordered[:most]:
        yield ""
        yield from _block(run, records)
    if rest := ordered[most:]:
        number = sum(len(records) for records in rest)
        yield ""
        yield f"and {plural(number, 'more red check')}" + f": see {reports}/verdicts.json" * bool(reports)


def _promised(run: RunRecord, record: CheckRecord) -> str:
    ids = ", ".join(f"{item.id} {item.level}" for item in tally.requirements_of(run, record)) or "no requirement"
    return ids + next((f": {item.text}" for item in tally.requirements_of(run, record)), "")


def _block(run: RunRecord, records: Sequence[CheckRecord]) -> Iterator[str]:
    first = records[0]
    yield _clip(f"{str(first.verdict).upper()} {_promised(run, first)}")
    if first.expected:
        yield _clip(f"  expected: {first_line(first.expected)}")
    yield _clip(f"  actual:   {tally.reason(first)}")
    if first.where:
        yield _clip(f"  where:    {first_line(first.where)}")
    yield from (f"  fix:      {one.remedy_link}" for one in tally.requirements_of(run, first)[:1] if one.remedy)
    yield from _commands(first)
    yield f"  rerun:    {first.rerun or first.nodeid}"
    if like := [record.nodeid.rpartition("/")[2] for record in records[1:]]:
        yield f"  the same in {plural(len(like), 'more check')}: {some(like, _MOST_LIKE)}"


def _commands(record: CheckRecord) -> Iterator[str]:
    """Yield the first command lines that fix a failure, complete, so that they can be copied."""
    notes = [str(item.get("text", "")) for item in record.evidence]
    lines = [note.removeprefix(MENDED_BY) for note in notes if note.startswith(MENDED_BY)]
    if any(line.startswith("aws ") for line in lines):
        yield from (f"            {line}" for line in lines[:_MOST_COMMANDS])


def _expected(run: RunRecord) -> Iterator[str]:
    for why, ids in tally.expected(run).items():
        yield ""
        yield from _wrapped(f"Failed as its file expects until {why}: {', '.join(ids)}")


def _inapplicable(run: RunRecord) -> Iterator[str]:
    reasons = tally.inapplicable(run)
    if reasons:
        groups = tally.grouped(reasons)
        yield ""
        yield (
            f"Not applicable here: {plural(len(reasons), 'requirement')}, for {plural(len(groups), 'reason')}; "
            "index.html and verdicts.json name each"
        )


def _untested(run: RunRecord) -> Iterator[str]:
    ids = tally.with_verdict(tally.verdicts(run), Verdict.UNTESTED)
    if ids and not tally.unverified(run):
        yield f"Untested: {plural(len(ids), 'requirement')}; index.html and verdicts.json name each"


def _left(run: RunRecord) -> Iterator[str]:
    yield ""
    for thing in run.leftovers[:_MOST_IDS]:
        yield _clip(f"Left behind: {thing}")
    if rest := run.leftovers[_MOST_IDS:]:
        yield f"and {plural(len(rest), 'more thing')} left behind: see verdicts.json"


def _spent(run: RunRecord) -> Iterator[str]:
    if run.spent:
        yield f"Cost to the target: {', '.join(tally.costs(run).values())}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)


def _clip(text: str) -> str:
    return text if len(text) <= _WIDTH * 2 else text[: _WIDTH * 2 - 4] + " ..."
