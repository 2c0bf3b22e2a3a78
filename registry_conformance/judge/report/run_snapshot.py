"""The summary of a run, a few kilobytes, that later runs are compared with."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from statistics import median
from typing import Any

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import sentence
from registry_conformance.judge.report.latency import latency
from registry_conformance.judge.report.printable import all_visible
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict, count

SCHEMA = "night.v1"
_LARGEST = 64 << 20


class SnapshotError(ValueError):
    """A record of a run cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The result of one check: verdict, seconds of its requests, requirements, and the reason."""

    verdict: Verdict
    seconds: float
    requirements: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A run without its evidence.

    ``series`` names what was judged and how: runs of one series are comparable. ``whole`` is whether every check was
    asked for. ``counts`` are ``MUST``, ``SHOULD``, ``MAY`` and ``checks`` -> verdict -> number. ``origin`` is the
    median second of a request at the origin, 0 if it was not asked; ``doors`` name -> how many
    times the origin's a request took there. ``load`` has the ``rate`` and ``p95`` of a load, nothing of a run without.
    """

    run: str
    series: str
    whole: bool
    started: str
    seconds: float
    exit_code: int
    verdict: Verdict
    sentence: str
    suite: str
    register: str
    versions: Mapping[str, str]
    counts: Mapping[str, Mapping[str, int]]
    origin: float = 0.0
    doors: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, CheckOutcome] = field(default_factory=dict)
    load: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: RunRecord) -> RunSnapshot:
        """Return the snapshot of a run."""
        by_id, pace = tally.verdicts(run), latency(run)
        levels = {str(level): count(tally.of_level(run, by_id, level).values()) for level in Level}
        return cls(
            run=run.run_id,
            series=run.series,
            whole=run.whole,
            started=run.started,
            seconds=round(run.seconds, 1),
            exit_code=run.exit_code,
            verdict=run.verdict,
            sentence=sentence(run),
            suite=run.suite_version,
            register=run.register.version,
            versions=dict(run.target.get("versions") or {}),
            counts={**levels, "checks": count(record.verdict for record in run.records)},
            origin=round(median(pace.origin), 6) if pace.doors else 0.0,
            doors={door: round(pace.ratio(door), 3) for door in pace.doors},
            checks={record.nodeid: _outcome(record) for record in run.records},
            load={name: float(run.load[name]) for name in ("rate", "p95")} if run.load else {},
        )

    def pack(self) -> bytes:
        """Return the snapshot as compressed JSON; equal snapshots give equal bytes."""
        document = {**asdict(self), "schema": SCHEMA, "verdict": str(self.verdict)}
        document["checks"] = {
            nodeid: [str(each.verdict), each.seconds, list(each.requirements), each.reason]
            for nodeid, each in self.checks.items()
        }
        return gzip.compress(json.dumps(document).encode(), mtime=0)

    @classmethod
    def unpack(cls, packed: bytes) -> RunSnapshot:
        """Return the snapshot that ``pack`` made; raise ``SnapshotError`` for anything else."""
        from registry_conformance.judge.report.forms import FormError, conforms  # noqa: PLC0415 - no start of a run
        from registry_conformance.judge.report.snapshot_form import SnapshotForm  # noqa: PLC0415 - waits for them

        try:
            document: Any = all_visible(json.loads(_unpacked(packed)))
        except (OSError, EOFError, zlib.error, ValueError, RecursionError) as problem:
            raise SnapshotError("it is no record of a run, or damaged") from problem
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema != SCHEMA:
            which = repr(schema) if isinstance(schema, str) else "something"
            raise SnapshotError(f"it is no record of a run, or of another form: {which}, this suite reads {SCHEMA!r}")
        try:
            conforms(SnapshotForm, document)
        except FormError as problem:
            raise SnapshotError(f"it is no record of a run, or damaged: {problem}") from None
        checks = {
            nodeid: CheckOutcome(Verdict.parse(verdict), float(seconds), tuple(requirements), reason)
            for nodeid, (verdict, seconds, requirements, reason) in document.pop("checks").items()
        }
        known = {field.name: document[field.name] for field in fields(cls) if field.name in document}
        return cls(**{**known, "verdict": Verdict.parse(document["verdict"]), "checks": checks})


def _unpacked(packed: bytes) -> bytes:
    """Return what was compressed; raise ``ValueError`` for far more than a run's summary can be."""
    with gzip.open(io.BytesIO(packed)) as stream:
        found: bytes = stream.read(_LARGEST + 1)
    if len(found) > _LARGEST:
        raise ValueError("too large")
    return found


def _outcome(record: CheckRecord) -> CheckOutcome:
    requests = sum(float(item["seconds"]) for item in record.evidence if item["kind"] == "exchange")
    reason = "" if record.verdict is Verdict.PASSED else tally.brief(tally.reason(record))[:200]
    return CheckOutcome(record.verdict, round(requests, 4), record.requirements, reason)
