"""A fault is caught by the requirements that its story names, and the summary says what was seen."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.documents.check_listing import checks_by_requirement
from registry_conformance.judge.diagnosis.cause import LAYERS
from registry_conformance.judge.locations import ROOT, SUITES
from registry_conformance.judge.requirement import Register
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE
from registry_conformance.lab.faults.catalogue import CATALOGUE, TOPICS
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.proof.faults.reasons import REASONS

pytestmark = pytest.mark.usefixtures("forked_throughout")

INCIDENTS = {"R": 25, "A": 20, "S": 23, "N": 7, "C": 5}
"""Letter of the incident list -> how many rows it has under it."""


def test_every_known_incident_can_be_reproduced() -> None:
    """Each row of the incident list is a fault of the deployment, or of the account under it."""
    told = [fault.incidents for fault in CATALOGUE.values()]
    told += [fault.incidents for fault in ACCOUNT_CATALOGUE.values()]
    rows = {f"{letter}{number}" for letter, last in INCIDENTS.items() for number in range(1, last + 1)}

    assert {row for incidents in told for row in incidents} == rows


def test_no_two_faults_share_a_name() -> None:
    """Every fault of every topic stands in the catalogue, none in another's place."""
    assert sum(len(topic.FAULTS) for topic in TOPICS) == len(CATALOGUE)


def test_every_requirement_stands_in_the_story_of_a_fault_or_no_fault_can_break_it() -> None:
    """Whatever a check verifies is broken by a fault that expects it, or its checks have a written reason."""
    expected = {name for fault in CATALOGUE.values() for name in fault.requirements}
    provable = {
        name for name, nodeids in checks_by_requirement().items() for nodeid in nodeids if a_fault_can_break(nodeid)
    }

    assert sorted(provable - expected) == []


def a_fault_can_break(nodeid: str) -> bool:
    """Return whether a check is judged on stacks of our own, and has no written reason against a fault."""
    check = nodeid.partition("[")[0]
    return not check.startswith("suites/live/") and check not in REASONS


def test_a_fault_breaks_the_reference_and_tells_its_story() -> None:
    """Each fault changes the reference, in a layer that exists, against requirements that stand in the register."""
    register = set(Register.load(SUITES / "requirements"))
    wrong = {name: said for name, fault in CATALOGUE.items() if (said := amiss(fault, register))}

    assert wrong == {}


def amiss(fault: Fault, register: set[str]) -> list[str]:
    """Return what is wrong with the story of a fault."""
    once = fault.change(REFERENCE)
    found = {
        "changes nothing": once == REFERENCE,
        "changes more the second time": fault.change(once) != once,
        "is in no layer": fault.layer not in LAYERS,
        "lacks what is seen, a diagnosis or requirements": not (fault.seen and fault.diagnosis and fault.requirements),
        "breaks what is not in the register": not set(fault.requirements) <= register,
    }
    return [words for words, so in found.items() if so]


def test_a_fault_without_a_story_is_found() -> None:
    """All that can be wrong with a fault is said of one that has all of it."""
    fault = replace(
        next(iter(CATALOGUE.values())), change=lambda healthy: healthy, layer="none", seen="", requirements=("XXX-001",)
    )

    assert len(amiss(fault, set(Register.load(SUITES / "requirements")))) == 4


@pytest.mark.parametrize(
    ("name", "files", "caught", "seen"),
    [
        (
            "artifact-route-missing",
            ["routing/test_artifact_routes.py"],
            {"RTE-003"},
            "RTE-003 MUST: Artifact upload under /api/2.0/mlflow-artifacts is routed through the proxy.",
        ),
        ("key-service-down", ["authentication/test_carriers.py"], {"AUT-015"}, "503 application/json"),
        ("bucket-missing", ["artifacts/test_bytes.py"], {"ART-001"}, "500 application/json"),
    ],
)
def test_a_fault_is_caught(
    name: str, files: list[str], caught: set[str], seen: str, tmp_path: Path, cache: Path
) -> None:
    """The run is red, the requirement failed, and its text and what was seen stand on the console."""
    paths = [str(SUITES / "contract" / file) for file in files]
    options = ["--store=moto", f"--fault={name}", f"--report-dir={tmp_path}", "-o", f"cache_dir={cache}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *paths, "-k", "canonical", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    requirements = json.loads((tmp_path / "latest" / "verdicts.json").read_text())["requirements"]
    assert {requirement for requirement in caught if requirements[requirement]["verdict"] == "failed"} == caught
    assert seen in done.stdout
    assert f"1 fault injected: {name}" in done.stdout
