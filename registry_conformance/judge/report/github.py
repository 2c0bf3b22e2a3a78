"""GitHub workflow commands that annotate failed checks: print this file in a step."""

from __future__ import annotations

from collections.abc import Iterator

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict


def render(run: RunRecord) -> Iterator[bytes]:
    """Yield the conclusion, then one line for each failed check, the most important first.

    A failed MUST is an error, like a check in error; the rest are warnings.
    """
    kind = "notice" if run.exit_code == 0 else "error"
    yield _command(kind, {"title": "Registry conformance"}, sentence(run))
    for cause in run.diagnosis:
        if not cause["alternative"]:
            yield _command("error", {"title": f"Cause ({cause['layer']})"}, f"{cause['cause']}: {cause['remedy']}")
    red = [record for record in run.records if record.verdict in tally.RED]
    for record in sorted(red, key=lambda record: _kind(run, record)):
        yield _annotation(run, record)


def _annotation(run: RunRecord, record: CheckRecord) -> bytes:
    file, _, line = record.where.partition(":")
    place = {"file": file or record.nodeid.partition("::")[0], **({"line": line} if line.isdigit() else {})}
    title = f"{str(record.verdict).upper()} {', '.join(record.requirements)}".strip()
    return _command(_kind(run, record), {**place, "title": title}, f"{tally.reason(record)}\n{record.rerun}")


def _kind(run: RunRecord, record: CheckRecord) -> str:
    """Return ``error`` or ``warning``, which sort in this order."""
    broken = record.verdict is Verdict.FAILED and tally.level_of(run, record) is Level.MUST
    return "error" if broken or record.verdict is Verdict.ERROR else "warning"


def _command(kind: str, properties: dict[str, str], message: str) -> bytes:
    told = ",".join(
        f"{name}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}" for name, value in properties.items()
    )
    return f"::{kind} {told}::{_escaped(message)}\n".encode()


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
