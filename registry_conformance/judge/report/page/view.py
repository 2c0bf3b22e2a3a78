"""The data for the page's template: texts, counts and shares, ready to print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import first_cause, sentence
from registry_conformance.judge.report.page.trend import changes_view, trend_view
from registry_conformance.judge.report.page.words import MARKS, ORDER, duration, moment, shares
from registry_conformance.judge.report.profiles import broken_doors, by_profile, registration
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.requirement import Level, Requirement
from registry_conformance.judge.verdict import Verdict, count, merge

FORMATS = {
    "verdicts.json": "JSON",
    "junit.xml": "JUnit XML",
    "ctrf.json": "CTRF",
    "exchanges.har": "HAR",
    "summary.md": "Markdown",
    "summary.txt": "text",
}
_ICONS = {"good": "#15703f", "bad": "#c5221f", "doubt": "#a15800"}


def view(run: RunRecord) -> dict[str, Any]:
    """Return everything that the page shows before a check is opened."""
    told, cause = sentence(run), first_cause(run)
    lead, _, rest = sentence(run, cause=False).partition(": ")
    by_id = tally.verdicts(run)
    return {
        "run": run,
        "sentence": told,
        "lead": lead,
        "rest": rest[:1].upper() + rest[1:],
        "cause": cause,
        "confidence": tally.confidence_label(cause) if cause else "",
        "parts": _parts(run),
        "mood": tally.mood(run),
        "icon": _ICONS[tally.mood(run)].replace("#", "%23"),
        "marks": {str(verdict): mark for verdict, mark in MARKS.items()},
        "order": [str(verdict) for verdict in ORDER],
        "started": moment(run.started),
        "took": duration(run.seconds),
        "bars": list(_bars(run, by_id)),
        "registration": registration(run),
        "broken_doors": broken_doors(run),
        "profiles": list(_profiles(run)),
        "causes": list(_causes(run)),
        "changes": changes_view(run),
        "areas": list(_areas(run, by_id)),
        "unexplained": _unexplained(run),
        "kinds": {"level": _levels(run), "verdict": count(by_id.values())},
        "trend": trend_view(run.trend),
        "proved": moment(run.fault_score["finished"]) if run.fault_score else "",
        "reasons": tally.grouped(tally.inapplicable(run)),
        "seen": _capabilities(run, present=True),
        "unseen": _capabilities(run, present=False),
        "costs": tally.costs(run),
        "formats": FORMATS,
    }


def _bars(run: RunRecord, by_id: Mapping[str, Verdict]) -> Iterator[dict[str, Any]]:
    rows = {str(level): count(tally.of_level(run, by_id, level).values()) for level in Level}
    for name, counts in {**rows, "checks": count(record.verdict for record in run.records)}.items():
        total = sum(counts.values())
        yield {"name": name, "passed": counts["passed"], "total": total, "shares": shares(counts)}


def _parts(run: RunRecord) -> list[str]:
    """Return the parts by their usual names with their versions, and the client that registered."""
    versions = run.target.get("versions") or {}
    told = [
        version if version.startswith(part) or " " in version else f"{part} {version}"
        for part in ("mlflow", "proxy", "store")
        if (version := str(versions.get(part, "")))
    ]
    return [*told, *([f"client {run.client}"] if run.client else [])]


def _profiles(run: RunRecord) -> Iterator[dict[str, Any]]:
    for name, row in by_profile(run).items():
        counts = row["requirements"]
        yield {
            "name": name,
            "promised": row["promised"],
            "how": row["how"],
            "verdict": row["verdict"],
            "passed": counts["passed"],
            "total": sum(counts.values()),
            "shares": shares(counts),
        }


def _causes(run: RunRecord) -> Iterator[dict[str, Any]]:
    records = {record.nodeid: record for record in run.records}
    for cause in run.diagnosis:
        explained = sorted(
            (records[name] for name in cause["checks"] if name in records), key=lambda it: _rank(run, it)
        )
        lines = [_line(run, record) for record in explained]
        yield {**cause, "explained": lines}


def _rank(run: RunRecord, record: CheckRecord) -> tuple[int, int]:
    """Return the sort key of a red check: failed ones first, then by level."""
    return ORDER.index(record.verdict), list(Level).index(tally.level_of(run, record))


def _line(run: RunRecord, record: CheckRecord) -> dict[str, Any]:
    return {
        "nodeid": record.nodeid,
        "verdict": str(record.verdict),
        "level": str(tally.level_of(run, record)),
        "requirements": record.requirements,
        "claim": tally.first_line(record.claim) or record.nodeid,
        "reason": tally.brief(tally.reason(record)),
        "case": tally.case(record.nodeid),
    }


def _areas(run: RunRecord, by_id: Mapping[str, Verdict]) -> Iterator[dict[str, Any]]:
    reasons = tally.inapplicable(run)
    checks: dict[str, int] = {}
    for record in run.records:
        for name in record.requirements:
            checks[name] = checks.get(name, 0) + 1
    for area in dict.fromkeys(item.area for item in run.register.values()):
        items = [item for item in run.register.values() if item.area == area]
        yield {
            "name": area,
            "shares": shares(count(by_id[item.id] for item in items)),
            "total": len(items),
            "levels": {str(level): _cell(by_id, items, level) for level in Level},
            "requirements": [
                {
                    "id": item.id,
                    "level": str(item.level),
                    "layer": item.layer,
                    "profile": item.profile,
                    "text": item.text,
                    "source": item.source,
                    "verdict": str(by_id[item.id]),
                    "reason": reasons.get(item.id, ""),
                    "checks": checks.get(item.id, 0),
                }
                for item in items
            ],
        }


def _cell(by_id: Mapping[str, Verdict], items: Sequence[Requirement], level: Level) -> dict[str, Any] | None:
    """Return the worst verdict of an area's requirements of a level, and how many passed; ``None`` without any."""
    found = [by_id[item.id] for item in items if item.level is level]
    return {"worst": str(merge(found)), "passed": found.count(Verdict.PASSED), "total": len(found)} if found else None


def _levels(run: RunRecord) -> dict[str, int]:
    numbers = Counter(item.level for item in run.register.values())
    return {str(level): numbers[level] for level in Level}


def _capabilities(run: RunRecord, *, present: bool) -> dict[str, str]:
    """Return the capabilities that the target has or lacks: name and reason."""
    found = (run.target.get("capabilities") or {}).items()
    return {name: each["reason"] for name, each in found if each["present"] is present}


def _unexplained(run: RunRecord) -> list[dict[str, Any]]:
    red = [record for record in run.records if record.verdict in tally.RED and not record.diagnosis]
    return [_line(run, record) for record in sorted(red, key=lambda it: _rank(run, it))]
