"""Runs to render: a register of five requirements, and records made from one line each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from registry_conformance.judge.evidence.items import EvidenceItem, ExchangeItem, FlowItem, HopItem
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.requirement import Level, Register, Requirement
from registry_conformance.judge.verdict import Verdict

SCHEMA = Path(__file__).resolve().parent.parent / "reports" / "schema" / "verdicts.v2.json"

REGISTER = Register(
    {
        requirement.id: requirement
        for requirement in (
            Requirement("ROU-001", Level.MUST, "routing", "proxy", "The proxy routes artifact uploads.", "PRD 2"),
            Requirement("ART-001", Level.MUST, "artifacts", "store", "An artifact lies in the bucket.", "PRD 3"),
            Requirement("AUT-001", Level.MUST, "authentication", "auth", "A wrong key is refused.", "PRD 4"),
            Requirement("ERR-001", Level.SHOULD, "errors", "mlflow", "An error names its request.", "CONTRACT 3"),
            Requirement("OPS-001", Level.MAY, "operations", "mlflow", "The server tells its version.", "CONTRACT 2"),
        )
    },
    "abc123def456",
)

EXCHANGE: ExchangeItem = {
    "kind": "exchange",
    "method": "PUT",
    "url": "http://127.0.0.1:8080/api/mlflow/api/2.0/mlflow-artifacts/artifacts/1/model.pkl",
    "door": "canonical",
    "status": 404,
    "request_headers": [["Authorization", "Bearer ***"]],
    "request_body": {"size": 8192, "sha256": "0" * 64},
    "response_headers": [["Content-Type", "text/html; charset=utf-8"]],
    "response_body": {"size": 207, "sha256": "1" * 64, "text": "<!doctype html>\n<title>404 Not Found</title>"},
    "started": 1767323045.5,
    "seconds": 0.0124,
    "timings": {"connect": 0.0004, "send": 0.001, "wait": 0.01, "receive": 0.001},
    "request_id": "req-7",
}

HOP: HopItem = {
    "part": "proxy",
    "from": "log",
    "status": 404,
    "ms": 3,
    "told": {"request_id": "req-7", "status": 404, "ms": 3, "details": "route_not_found"},
}

FLOW: FlowItem = {
    "kind": "flow",
    "name": "registration of a sklearn model",
    "problem": "",
    "steps": [{"name": "experiment", "finished": 1767323045.6}, {"name": "run", "finished": 1767323045.9}],
    "exchanges": [
        {**EXCHANGE, "method": "POST", "status": 200, "started": 1767323045.5, "hops": [HOP]},
        {**EXCHANGE, "status": 200, "started": 1767323045.7, "timings": {}},
    ],
    "left_out": 0,
}

EVIDENCE: tuple[EvidenceItem, ...] = (
    {**EXCHANGE, "hops": [HOP]},
    FLOW,
    {"kind": "object", "key": "artifacts/1/model.pkl", "size": 8192, "sha256": "0" * 64},
    {"kind": "log", "part": "proxy", "lines": ["starting", "no route matched"]},
    {"kind": "note", "text": "the origin answered 200"},
)


def check(name: str, verdict: Verdict, *requirements: str, **parts: Any) -> CheckRecord:
    """Return a record of ``suites/contract/area/test_area.py::test_NAME``."""
    nodeid = f"suites/contract/area/test_area.py::test_{name}"
    if verdict in {Verdict.FAILED, Verdict.ERROR, Verdict.INCONCLUSIVE}:
        parts = {"message": f"{name} went wrong\nin detail", "rerun": f"pytest '{nodeid}'", **parts}
    return CheckRecord(nodeid, requirements, verdict, 0.25, claim=f"Claim of {name}.", **parts)


def run_of(*records: CheckRecord, exit_code: int = 0, problem: str = "", **fields: Any) -> RunRecord:
    """Return a run of the embedded stack with these records."""
    target: dict[str, Any] = {
        "name": "the embedded stack",
        "kind": "embedded",
        "doors": {"canonical": "http://127.0.0.1:8080/api/mlflow"},
        "versions": {"mlflow": "3.17.2"},
        "capabilities": {"store-keys": {"present": False, "reason": "the store does not enforce keys"}},
        "ways": {"uploads": "proxied", "downloads": "presigned"},
        "faults": [],
    }
    target |= fields.pop("target", {})
    return RunRecord(
        run_id=fields.pop("run_id", "verify-20260102-030405-abcdef"),
        suite_version="0.1.0",
        register=fields.pop("register", REGISTER),
        target=target,
        started="2026-01-02T03:04:05+00:00",
        finished="2026-01-02T03:04:45+00:00",
        seconds=40.0,
        exit_code=exit_code,
        command="pytest suites/local",
        problem=problem,
        records=records,
        **fields,
    )


def green(*others: CheckRecord, skip: Sequence[str] = (), **fields: Any) -> RunRecord:
    """Return a run in which one check passes for each requirement not in ``skip``, and ``others``."""
    passed = [check(f"passes_{name}", Verdict.PASSED, name) for name in REGISTER if name not in skip]
    return run_of(*passed, *others, **fields)


def mixed() -> RunRecord:
    """Return a run with every verdict among its checks, one requirement a verdict, and none for OPS-001."""
    return run_of(
        check("routes", Verdict.FAILED, "ROU-001", door="canonical", evidence=EVIDENCE, **seen()),
        check("stores", Verdict.PASSED, "ART-001"),
        check("refuses[bad]", Verdict.INAPPLICABLE, "AUT-001", message="the store does not enforce keys"),
        check("names", Verdict.INCONCLUSIVE, "ERR-001"),
        check("breaks", Verdict.ERROR, "ROU-001"),
        exit_code=1,
    )


def seen() -> dict[str, str]:
    """Return expected, actual and where of one failure."""
    return {
        "expected": "status 200",
        "actual": "404 text/html 207 B",
        "where": "suites/contract/area/test_area.py:12",
    }
