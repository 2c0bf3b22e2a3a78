"""What an attribute stands for in a plan, and what is unknown in one: told apart from what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.plan.document import PlanError
from registry_conformance.judge.account.plan.file import read_plan
from registry_conformance.judge.account.plan.links import linked
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.target.account import Declared, PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.moto_account import ACCOUNT, DECLARED, KMS_KEY, with_kms
from tests.account.plan_changes import with_verdict
from tests.account.plan_writer import plan_of

REAL = sorted((Path(__file__).parent / "plans").glob("*.json"))
"""What Terraform and OpenTofu wrote of ``plans/configuration``: modules in modules, ``count`` and ``for_each``."""


def judged(folder: Path, plan: dict[str, Any], declared: Declared | None = DECLARED) -> dict[str, Finding]:
    """Return what the requirements come to on a plan."""
    file = folder / "plan.json"
    file.write_text(json.dumps(plan))
    return judge_all(*planned(PlannedAccount(file, declared)))


def change(plan: dict[str, Any], kind: str, **unknown: Any) -> None:
    """Make attributes of the resources of a type known only after the plan is applied."""
    for each in plan["resource_changes"]:
        if each["type"] == kind:
            each["change"]["after_unknown"] |= unknown
    for module in (
        plan["planned_values"]["root_module"],
        *plan["planned_values"]["root_module"].get("child_modules", ()),
    ):
        for each in module["resources"]:
            if each["type"] == kind:
                for attribute in unknown:
                    each["values"].pop(attribute, None)


def remove(plan: dict[str, Any], kind: str) -> None:
    """Take the resources of a type out of a plan."""
    root = plan["planned_values"]["root_module"]
    root["resources"] = [each for each in root["resources"] if each["type"] != kind]


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("terraform_data.direct", 'terraform_data.bucket["logs"]'),
        ('terraform_data.keyed["artifacts"]', 'terraform_data.bucket["artifacts"]'),
        ('terraform_data.keyed["logs"]', 'terraform_data.bucket["logs"]'),
        ("module.about.terraform_data.versioning[0]", 'module.store.terraform_data.bucket["artifacts"]'),
        (
            'module.nest["logs"].module.about.terraform_data.versioning[0]',
            'module.nest["logs"].module.store.terraform_data.bucket["artifacts"]',
        ),
        ("terraform_data.of_nest", 'module.nest["logs"].module.store.terraform_data.bucket["artifacts"]'),
    ],
)
@pytest.mark.parametrize("file", REAL, ids=lambda file: file.stem)
def test_references_of_a_real_plan_lead_to_one_resource(file: Path, address: str, meant: str) -> None:
    """Through variables, outputs, ``for_each`` and ``count`` an unknown id leads to the resource that it is of."""
    plan = read_plan(file)
    resource = next(each for each in plan.resources if each.address == address)

    assert [each.address for each in linked(plan, resource, "input", "terraform_data", "id")] == [meant]


@pytest.mark.parametrize(
    ("kind", "attribute", "inconclusive"),
    [
        (
            "aws_s3_bucket_policy",
            "policy",
            {"INF-009", "INF-010", "INF-011", "INF-026", "INF-049", "INF-050", "INF-051", "INF-055"},
        ),
        ("aws_s3_bucket_versioning", "versioning_configuration", {"INF-004", "INF-018"}),
        ("aws_s3_bucket_lifecycle_configuration", "rule", {"INF-020", "INF-021", "INF-022", "INF-023"}),
        ("aws_s3_bucket_server_side_encryption_configuration", "rule", {"INF-005"}),
        ("aws_s3_bucket_public_access_block", "block_public_acls", {"INF-008"}),
        ("aws_s3_bucket_logging", "target_prefix", {"INF-030"}),
        ("aws_iam_role_policy", "policy", {f"INF-{number:03}" for number in range(41, 52)}),
        ("aws_iam_role", "assume_role_policy", {"INF-053", "INF-054", "INF-055"}),
        ("aws_cloudwatch_log_group", "retention_in_days", {"INF-032"}),
    ],
)
def test_unknown_is_inconclusive_and_missing_fails(
    tmp_path: Path, kind: str, attribute: str, inconclusive: set[str]
) -> None:
    """What is known only after apply is inconclusive with its address; the same taken out is another thing."""
    plan = plan_of(promised(DECLARED), DECLARED, "new")
    change(plan, kind, **{attribute: True})
    unknown = judged(tmp_path, plan)
    remove(plan, kind)
    missing = judged(tmp_path, plan)

    assert {name for name, each in unknown.items() if each.verdict == Verdict.INCONCLUSIVE} == inconclusive
    assert not [each for each in unknown.values() if each.verdict == Verdict.FAILED]
    assert all("known only after the plan is applied" in unknown[name].actual for name in inconclusive)
    assert any(each.verdict == Verdict.FAILED for each in missing.values())


def test_unknown_key_leaves_the_algorithm_judged(tmp_path: Path) -> None:
    """A KMS key that the same plan makes is not known yet; that the bucket encrypts by KMS is."""
    plan = plan_of(promised(with_kms()), with_kms(), "existing")
    for each in plan["resource_changes"]:
        if each["type"].endswith("encryption_configuration"):
            default = [{"kms_master_key_id": True}]
            each["change"]["after_unknown"] = {"rule": [{"apply_server_side_encryption_by_default": default}]}
    found = judged(tmp_path, plan, with_kms())

    assert found["INF-005"].verdict == Verdict.PASSED
    assert found["INF-006"].verdict == Verdict.INCONCLUSIVE
    assert found["INF-007"].verdict == Verdict.PASSED


def test_setting_that_may_be_of_two_buckets_is_inconclusive(tmp_path: Path) -> None:
    """Where the configuration hides which of two buckets a setting is of, as by a local value, nothing fails."""
    plan = plan_of(promised(DECLARED), DECLARED, "keyed")
    for each in plan["configuration"]["root_module"]["resources"]:
        if each["type"] == "aws_s3_bucket_versioning":
            each["expressions"]["bucket"] = {"references": ["local.bucket"]}
    found = judged(tmp_path, plan)

    assert with_verdict(found, Verdict.INCONCLUSIVE) == {"INF-004", "INF-018"}
    assert with_verdict(found, Verdict.FAILED) == set()
    assert found["INF-004"].verdict == Verdict.INCONCLUSIVE
    assert "aws_s3_bucket_versioning.this" in found["INF-004"].actual


def test_plan_alone_is_judged_by_what_the_platform_promises(tmp_path: Path) -> None:
    """Without an environment bucket, role, prefix and key are those of the plan; nothing else is declared."""
    kms = replace(with_kms(), prefix="models")
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(promised(kms), kms, "counted")))
    state, declared = planned(PlannedAccount(file))

    assert (declared.bucket, declared.prefix, declared.kms_key) == (DECLARED.bucket, "models", KMS_KEY)
    assert declared.role == f"arn:aws:iam::{ACCOUNT}:role/hokusai-mlflow-staging"
    assert not {each.verdict for each in judge_all(state, declared).values()} - {Verdict.PASSED, Verdict.INAPPLICABLE}


def test_bucket_that_cannot_be_told_is_an_error(tmp_path: Path) -> None:
    """Where several buckets may be meant, none is judged by guess."""
    plan = plan_of(promised(DECLARED), DECLARED, "keyed")
    text = json.dumps(plan).replace("hokusai-access-logs", "hokusai-mlflow-artifacts-logs")
    file = tmp_path / "plan.json"
    file.write_text(text)

    with pytest.raises(PlanError, match=r"several buckets that may be meant: .* name yours by --env"):
        planned(PlannedAccount(file))


def test_plan_without_the_bucket_fails_for_it_alone(tmp_path: Path) -> None:
    """A plan that has no bucket at all fails for that, and says nothing of its settings."""
    plan = {"format_version": "1.2", "planned_values": {"root_module": {}}}
    found = judged(tmp_path, plan, replace(DECLARED, role=""))

    assert {name for name, each in found.items() if each.verdict == Verdict.FAILED} == {"INF-001", "INF-031"}
    assert found["INF-004"].verdict == Verdict.INCONCLUSIVE
