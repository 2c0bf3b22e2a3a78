"""Plan files get the verdicts of the accounts that they would make; unknown is told apart from missing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
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
from tests.account.outlet_kinds import NOT_PLANNED
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
    ("actions", "verdict"),
    [
        (["delete", "create"], Verdict.FAILED),
        (["create", "delete"], Verdict.FAILED),
        (["update"], Verdict.PASSED),
        (["no-op"], Verdict.PASSED),
    ],
)
def test_bucket_that_is_replaced_is_not_kept(tmp_path: Path, actions: list[str], verdict: Verdict) -> None:
    """A plan that removes the bucket and makes it anew loses what is in it; one that moves or changes it does not."""
    plan = plan_of(promised(DECLARED), DECLARED)
    for each in plan["resource_changes"]:
        if each["type"] == "aws_s3_bucket":
            each["change"]["actions"] = actions
            each["previous_address"] = "aws_s3_bucket.before"

    assert judged(tmp_path, plan, DECLARED)["INF-028"].verdict is verdict


@pytest.mark.parametrize("layout", LAYOUTS)
def test_plan_has_the_verdicts_of_its_account(tmp_path: Path, layout: str) -> None:
    """Each broken account gets the same verdicts from its plan, in each layout, as by its value."""
    told = [
        name
        for name in ACCOUNT_CATALOGUE
        if name not in NOT_PLANNED and not (layout == "inline" and name in plan_inline.UNTOLD)
    ]
    otherwise = {name: found for name in told if (found := differences(tmp_path, name, layout))}

    assert len(told) > 100
    assert otherwise == {}


def differences(folder: Path, name: str, layout: str) -> dict[str, tuple[Verdict | None, Verdict | None]]:
    """Return requirement -> its verdict by the value of a broken account and by its plan, of those that differ.

    A requirement that the fault is to break, and no other, must have failed.
    """
    fault = ACCOUNT_CATALOGUE[name]
    declared = declared_for(fault)
    state = fault.change(promised(declared), declared)
    by_plan = {
        each: found.verdict for each, found in judged(folder, plan_of(state, declared, layout), declared).items()
    }
    by_value = verdicts_by_value(name)
    failed = {each for each, verdict in by_plan.items() if verdict == Verdict.FAILED}
    wrong = failed ^ set(fault.requirements) | {
        each for each in by_plan | by_value if by_plan.get(each) != by_value.get(each)
    }
    return {each: (by_value.get(each), by_plan.get(each)) for each in sorted(wrong)}


@cache
def verdicts_by_value(name: str) -> dict[str, Verdict]:
    """Return requirement -> verdict of a broken account by its value."""
    fault = ACCOUNT_CATALOGUE[name]
    declared = declared_for(fault)
    return verdicts(judge_all(fault.change(promised(declared), declared), declared))


@pytest.mark.parametrize(
    ("bucket", "unknown", "verdict"),
    [
        (DECLARED.bucket, None, Verdict.INCONCLUSIVE),
        (None, True, Verdict.INCONCLUSIVE),
        ("elsewhere", None, Verdict.PASSED),
    ],
)
def test_access_point_of_several_regions_is_inconclusive(
    tmp_path: Path, bucket: str | None, unknown: object, verdict: Verdict
) -> None:
    """A bucket is reached by it under a policy that nothing here reads: that is no pass."""
    plan = plan_of(promised(DECLARED), DECLARED, next(iter(LAYOUTS)))
    kind, address = "aws_s3control_multi_region_access_point", "aws_s3control_multi_region_access_point.all"
    values = {"details": [{"name": "all", "region": [{"bucket": bucket}]}]}
    point = {"address": address, "mode": "managed", "type": kind, "name": "all"}
    plan["planned_values"]["root_module"].setdefault("resources", []).append({**point, "values": values})
    hidden = {"details": [{"region": [{"bucket": unknown} if unknown else {}]}]}
    plan["resource_changes"].append({**point, "change": {"actions": ["create"], "after_unknown": hidden}})
    found = judged(tmp_path, plan, DECLARED)["INF-025"]

    assert found.verdict is verdict, found
    assert verdict is Verdict.PASSED or address in found.actual


def test_role_under_a_path_is_known_by_it(tmp_path: Path) -> None:
    """Where nothing is declared the role's ARN is the one that it gets: with its path."""
    text = json.dumps(plan_of(promised(DECLARED), DECLARED, next(iter(LAYOUTS))))
    file = tmp_path / "plan.json"
    file.write_text(text)
    before = planned(PlannedAccount(file, None))[1].role
    plan = json.loads(text)
    for each in _tables(plan):
        if each.get("assume_role_policy") and each.get("path") == "/":
            each["path"] = "/mlops/"
    file.write_text(json.dumps(plan))

    assert before == DECLARED.role
    assert planned(PlannedAccount(file, None))[1].role == DECLARED.role.replace(":role/", ":role/mlops/")


def _tables(node: Any) -> list[dict[str, Any]]:
    """Return every table of a document."""
    own: list[dict[str, Any]] = []
    inside: Iterable[Any] = ()
    if isinstance(node, dict):
        own, inside = [node], node.values()
    elif isinstance(node, list):
        inside = node
    return [*own, *(one for each in inside for one in _tables(each))]
