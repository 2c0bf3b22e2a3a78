"""Measures cells: all checks on healthy deployments, and on broken ones the checks that must fail."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry_conformance.judge.locations import cache_folder
from registry_conformance.judge.machine import new_run_id, suite_version
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.field.broken_way import BrokenWay, Kind
from registry_conformance.proof.field.program import Staging, said_of
from registry_conformance.proof.field.scenario import FieldScenario, wrong
from registry_conformance.proof.field.whole import Judged, judged

Places = Mapping[str, Sequence[str]]
"""Requirement id -> node ids of the checks that verify it."""


def measured_whole(kind: Kind) -> dict[str, Any]:
    """Return the results of all checks, doctor and register on a healthy deployment of a kind."""
    scenario = FieldScenario(
        kind.name,
        kind.neighbour,
        command=kind.command,
        promises_key=kind.neighbour.asks_tokens,
        declared=kind.declared,
    )
    said = said_of(scenario, Staging(whole=True))
    whole = said.whole or Judged(said.registration, ())
    return _day() | {
        "declared": [_as_declared(line) for line in whole.declared],
        "passed": whole.passed,
        "mistakes": wrong(scenario, said),
    }


def measured_way(kind: Kind, way: BrokenWay, places: Places) -> dict[str, Any]:
    """Return the failed requirements on a broken deployment, and the message of the first failed check."""
    neighbour = way.neighbour or kind.neighbour
    own_way = way.deployment.mlflow.shared_database
    command = (way.command or kind.command) if own_way else None
    declared = kind.declared if way.declared is None else way.declared
    request = StackRequest(new_run_id(), way.deployment, cache=cache_folder(), neighbour=neighbour, command=command)
    try:
        stack = OwnedStack(request)
        try:
            with tempfile.TemporaryDirectory(prefix="field-") as folder:
                met = judged(stack.target(), Path(folder), selection(way.breaks, places), declared, workers=0)
        finally:
            stack.close()
    except StackError as problem:
        met = Judged(6, (), problem=str(problem))
    said = met.red[0].partition(": ")[2] if met.red else met.problem
    return _day() | {"broken": list(met.broken), "said": " ".join(said.split())[:300]}


def selection(requirements: Iterable[str], places: Places) -> str:
    """Return a ``-k`` expression that selects the checks of requirements."""
    checks = [nodeid.partition("[")[0].rpartition("::")[2] for name in requirements for nodeid in places[name]]
    return " or ".join(dict.fromkeys(checks))


def _as_declared(line: str) -> str:
    """Return a line without values that differ at each start: addresses and local folders."""
    line = re.sub(r'url = "http://[^/"]*', 'url = "https://registry.example', line)
    return re.sub(r"^(keys\.\w+\.command) = .*", r'\1 = ["get-token"]', line)


def _day() -> dict[str, Any]:
    return {"date": datetime.now(UTC).date().isoformat(), "suite": suite_version()}
