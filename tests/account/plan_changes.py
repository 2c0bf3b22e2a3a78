"""The plan of the promised account, changed by hand, and what the requirements come to on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.moto_account import DECLARED
from tests.account.plan_writer import plan_of


def plan(layout: str = "existing") -> dict[str, Any]:
    """Return the plan of the promised account."""
    return plan_of(promised(DECLARED), DECLARED, layout)


def resources(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the resources of a type in the root module of a plan."""
    return [each for each in found["planned_values"]["root_module"]["resources"] if each["type"] == kind]


def take_out(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Take the resources of a type out of a plan, and return them."""
    gone = resources(found, kind)
    root = found["planned_values"]["root_module"]
    root["resources"] = [each for each in root["resources"] if each["type"] != kind]
    return gone


def add(found: dict[str, Any], kind: str, values: dict[str, Any], **unknown: Any) -> None:
    """Add a resource to a plan."""
    whole = {"address": f"{kind}.added", "mode": "managed", "type": kind, "name": "added", "values": values}
    found["planned_values"]["root_module"]["resources"].append(whole)
    found["resource_changes"].append({**whole, "change": {"actions": ["create"], "after_unknown": unknown}})


def read_instead(found: dict[str, Any], kind: str) -> None:
    """Have a plan read what it managed: another plan makes it."""
    for each in take_out(found, kind):
        found["prior_state"]["values"]["root_module"]["resources"].append({**each, "mode": "data"})


def judged(folder: Path, found: dict[str, Any]) -> dict[str, Finding]:
    """Return what the requirements come to on a plan."""
    file = folder / "plan.json"
    file.write_text(json.dumps(found))
    return judge_all(*planned(PlannedAccount(file, DECLARED)))


def with_verdict(findings: dict[str, Finding], verdict: Verdict) -> set[str]:
    """Return the requirements with a verdict."""
    return {name for name, each in findings.items() if each.verdict is verdict}
