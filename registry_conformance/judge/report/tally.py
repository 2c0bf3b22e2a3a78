"""The counts that all reports share, so that they agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.requirement import Level, Requirement
from registry_conformance.judge.verdict import Verdict, merge

RED = (Verdict.FAILED, Verdict.ERROR, Verdict.INCONCLUSIVE)
_LONG = re.compile(r"(https?://[^/\s]+/)(\S{48,})")
_TAIL = 32
_MIB = 1 << 20
EXPECTED = "expected to fail here until"
"""How the message of an expected failure starts."""
NO_REASON = "no reason was given"


def plural(number: int, noun: str) -> str:
    """Return ``1 check`` or ``2 checks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def confidence_label(cause: Mapping[str, Any]) -> str:
    """Return a cause's confidence and layer; only the layer if no known cause explains the failure."""
    where = shown_layer(cause["layer"])
    return where if cause["id"] == "unknown" else f"{cause['band']}, {where}"


def shown_layer(layer: str) -> str:
    """Return in words where a cause is mended; ``iam`` is the name of one vendor's product."""
    return {"": "no layer shown", "iam": "rights at the store"}.get(layer, layer)


def some(items: Sequence[str], most: int) -> str:
    """Return the first ``most`` items, comma-separated, and how many more there are."""
    shown = ", ".join(items[:most])
    return f"{shown} and {len(items) - most} more" if len(items) > most else shown


def first_line(text: str) -> str:
    """Return the first line that is not blank, without surrounding space."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def brief(text: str) -> str:
    """Return a text with the middle of long URLs left out, so that what follows them stays visible."""
    return _LONG.sub(lambda found: f"{found[1]}…{found[2][-_TAIL:]}", text)


def short(name: str) -> str:
    """Return a node id without the folders of its file; other names unchanged."""
    path, colons, rest = name.partition("::")
    return f"{path.rpartition('/')[2]}::{rest}" if colons else name


def case(nodeid: str) -> str:
    """Return the parameters of a case, empty if its check has only one."""
    return nodeid.partition("[")[2].removesuffix("]")


def verdicts(run: RunRecord) -> dict[str, Verdict]:
    """Return requirement id -> merged verdict, in the register's order."""
    found: dict[str, list[Verdict]] = {
        requirement_id: [Verdict.INAPPLICABLE] * (requirement_id in run.beyond) for requirement_id in run.register
    }
    for record in run.records:
        for requirement_id in record.requirements:
            found.setdefault(requirement_id, []).append(record.verdict)
    return {requirement_id: merge(found[requirement_id]) for requirement_id in run.register}


def of_level(run: RunRecord, by_id: Mapping[str, Verdict], level: Level) -> dict[str, Verdict]:
    """Return the requirements of ``by_id`` with this level."""
    return {
        requirement_id: verdict
        for requirement_id, verdict in by_id.items()
        if run.register[requirement_id].level == level
    }


def with_verdict(by_id: Mapping[str, Verdict], *wanted: Verdict) -> list[str]:
    """Return the ids whose verdict is one of ``wanted``."""
    return [requirement_id for requirement_id, verdict in by_id.items() if verdict in wanted]


def requirements_of(run: RunRecord, record: CheckRecord) -> list[Requirement]:
    """Return the requirements that a check verifies, from the register."""
    return [run.register[requirement_id] for requirement_id in record.requirements if requirement_id in run.register]


def level_of(run: RunRecord, record: CheckRecord) -> Level:
    """Return the strongest level that a check verifies; MUST if it verifies no known requirement."""
    levels = {requirement.level for requirement in requirements_of(run, record)}
    return next((level for level in Level if level in levels), Level.MUST)


def reason(record: CheckRecord) -> str:
    """Return the reason why a check did not pass, in one line."""
    return first_line(record.actual) or first_line(record.message) or NO_REASON


def inapplicable(run: RunRecord) -> dict[str, str]:
    """Return id -> reason of every requirement that the target does not promise or cannot be tested there."""
    reasons = {requirement_id: [why] for requirement_id, why in run.beyond.items()}
    for record in run.records:
        if record.verdict is Verdict.INAPPLICABLE:
            for requirement_id in set(record.requirements) - set(run.beyond):
                reasons.setdefault(requirement_id, []).append(reason(record))
    ids = with_verdict(verdicts(run), Verdict.INAPPLICABLE)
    return {requirement_id: "; ".join(dict.fromkeys(reasons[requirement_id])) for requirement_id in ids}


def expected(run: RunRecord) -> dict[str, list[str]]:
    """Return (until, why) -> requirements that failed as an environment file expects."""
    found: dict[str, list[str]] = {}
    for record in run.records:
        if record.message.startswith(EXPECTED):
            ids = found.setdefault(record.message.removeprefix(EXPECTED).strip(), [])
            ids += [name for name in record.requirements if name not in ids]
    return found


def grouped(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """Return reason -> ids, the most frequent reason first."""
    groups: dict[str, list[str]] = {}
    for requirement_id, why in reasons.items():
        groups.setdefault(why, []).append(requirement_id)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1])))


def mood(run: RunRecord) -> str:
    """Return ``good`` if the run ended well and every MUST was judged, ``bad`` if something failed, else ``doubt``."""
    if run.exit_code == 0:
        must = of_level(run, verdicts(run), Level.MUST)
        return "doubt" if Verdict.UNTESTED in must.values() else "good"
    return "bad" if run.verdict >= Verdict.FAILED else "doubt"


def costs(run: RunRecord) -> dict[str, str]:
    """Return what a run cost its target: ``12 of 500 requests``, ``0.3 of 500 MB uploaded``."""
    told = {}
    for name, amount in run.spent.items():
        used, allowed, unit = amount["used"], amount["allowed"], name
        if name == "bytes":
            used, allowed, unit = used / _MIB, allowed / _MIB, "MB uploaded"
        told[name] = f"{used:.1f} of {allowed:.0f} {unit}" if unit != name else f"{used:.0f} of {allowed:.0f} {unit}"
    return told


def unverified(run: RunRecord) -> str:
    """Return why the run verified nothing, empty if a check passed or failed."""
    found: Iterable[Verdict] = {record.verdict for record in run.records}
    if any(verdict >= Verdict.PASSED for verdict in found):
        return ""
    if run.problem:
        return first_line(run.problem).rstrip(".")
    if not run.records:
        return "no check ran"
    skipped = grouped({record.nodeid: reason(record) for record in run.records})
    return f"none of {plural(len(run.records), 'check')} applied: {some(list(skipped), 2)}"
