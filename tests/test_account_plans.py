"""Plan files get the verdicts of the accounts that they would make; unknown is told apart from missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.target.account import Declared, PlannedAccount
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE
from tests.account import plan_inline
from tests.account.moto_account import DECLARED, declared_for, with_identity, with_kms
from tests.account.plan_writer import LAYOUTS, plan_of


def judged(folder: Path, plan: dict[str, Any], declared: Declared | None) -> dict[str, Finding]:
    """Return what the requirements come to on a plan."""
    file = folder / "plan.json"
    file.write_text(json.dumps(plan))
    return judge_all(*planned(PlannedAccount(file, declared)))


def verdicts(findings: dict[str, Finding]) -> dict[str, Verdict]:
    """Return the verdict of each requirement."""
    return {name: finding.verdict for name, finding in findings.items()}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("declared", [DECLARED, with_kms(), with_identity()], ids=["AES256", "KMS", "identity"])
def test_promised_plan_is_green(tmp_path: Path, declared: Declared, layout: str) -> None:
    """What is planned of the promised value reads back as that value, and keeps every promise."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(promised(declared), declared, layout)))

    assert planned(PlannedAccount(file, declared)) == (promised(declared), declared)


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        (name, layout)
        for name in ACCOUNT_CATALOGUE
        for layout in LAYOUTS
        if not (layout == "inline" and name in plan_inline.UNTOLD)
    ],
)
def test_plan_has_the_verdicts_of_its_account(tmp_path: Path, name: str, layout: str) -> None:
    """Each broken account gets the same verdicts from its plan, in each layout, as by its value."""
    fault = ACCOUNT_CATALOGUE[name]
    declared = declared_for(fault)
    state = fault.change(promised(declared), declared)
    found = judged(tmp_path, plan_of(state, declared, layout), declared)

    assert verdicts(found) == verdicts(judge_all(state, declared)), found
    assert {each for each, finding in found.items() if finding.verdict == Verdict.FAILED} == set(fault.requirements)
