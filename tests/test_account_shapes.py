"""Plans of less usual shapes: what they show is judged; what is left to AWS or to others is told from missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.fact import Known, Pending, Unreadable
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.state import BucketState, RoleState
from registry_conformance.judge.account.statement import Statement, write_policy
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.moto_account import ACCOUNT, DECLARED
from tests.account.plan_changes import add, judged, plan, read_instead, resources, take_out, with_verdict

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE_NAME = DECLARED.role.rpartition("/")[2]
OF_ROLE = {f"INF-{number:03}" for number in (*range(41, 52),)}


def bucket_of(folder: Path, found: dict[str, Any]) -> BucketState:
    """Return the bucket as it is read from a plan."""
    file = folder / "plan.json"
    file.write_text(json.dumps(found))
    state, _ = planned(PlannedAccount(file, DECLARED))
    assert isinstance(state.bucket, Known)
    return state.bucket.value


def role_of(folder: Path, found: dict[str, Any]) -> RoleState:
    """Return the role as it is read from a plan."""
    file = folder / "plan.json"
    file.write_text(json.dumps(found))
    state, _ = planned(PlannedAccount(file, DECLARED))
    assert isinstance(state.role, Known)
    return state.role.value


def test_setting_that_the_bucket_still_shows_is_gone_with_its_resource(tmp_path: Path) -> None:
    """A bucket shows what it had when it was read last: what the plan takes away of that is not there."""
    found = plan()
    resources(found, "aws_s3_bucket")[0]["values"]["versioning"] = [{"enabled": True, "mfa_delete": False}]
    gone = take_out(found, "aws_s3_bucket_versioning")[0]
    shown = judged(tmp_path, found)
    for each in found["resource_changes"]:
        if each["type"] == gone["type"]:
            each["change"] = {"actions": ["delete"], "before": gone["values"], "after_unknown": {}}
    removed = judged(tmp_path, found)

    assert with_verdict(shown, Verdict.FAILED) == set()
    assert with_verdict(removed, Verdict.FAILED) == {"INF-004"}


def test_grants_that_the_bucket_shows_are_the_owners_apart(tmp_path: Path) -> None:
    """Of the grants that the provider reads, the owner's full control is none to others."""
    found = plan()
    owner = {"id": "75aa57f09aa0c8ca", "permissions": ["FULL_CONTROL"], "type": "CanonicalUser", "uri": ""}
    world = {
        "id": "",
        "permissions": ["READ"],
        "type": "Group",
        "uri": "http://acs.amazonaws.com/groups/global/AllUsers",
    }
    values = resources(found, "aws_s3_bucket")[0]["values"]
    values["grant"] = [owner]
    alone = bucket_of(tmp_path, found).grants
    values["grant"] = [owner, world]

    assert alone == Known(())
    assert bucket_of(tmp_path, found).grants == Known(("READ to AllUsers",))


@pytest.mark.parametrize(
    ("unknown", "pending"),
    [
        ([{"noncurrent_version_expiration": [{"noncurrent_days": True}]}], True),
        ([{"filter": [{"and": [{"tags": True}]}]}], True),
        ([{"transition": [{"storage_class": True}]}], True),
        ([{"id": True}], False),
        ([{"prefix": True}], False),
        ([{"noncurrent_version_transition": [{"noncurrent_days": True}]}], False),
    ],
)
def test_rules_from_dynamic_blocks_are_known_as_far_as_they_are(
    tmp_path: Path, unknown: list[Any], *, pending: bool
) -> None:
    """The configuration does not show dynamic blocks: what is unknown in one counts, where it means anything."""
    found = plan()
    for each in found["resource_changes"]:
        if each["type"].endswith("lifecycle_configuration"):
            each["change"]["after_unknown"] = {"rule": unknown}
    for each in found["configuration"]["root_module"]["resources"]:
        if each["type"].endswith("lifecycle_configuration"):
            del each["expressions"]["rule"]

    assert isinstance(bucket_of(tmp_path, found).lifecycle, Pending) is pending


def test_attachment_to_many_counts(tmp_path: Path) -> None:
    """A policy that is attached to several roles at once counts for each of them, one for others does not."""
    found = plan()
    values = {"name": "all", "roles": ["others"], "users": [], "groups": [], "policy_arn": ADMINISTRATOR}
    add(found, "aws_iam_policy_attachment", values)
    of_others = judged(tmp_path, found)
    values["roles"] = ["others", ROLE_NAME]
    of_ours = judged(tmp_path, found)

    assert with_verdict(of_others, Verdict.FAILED) == set()
    assert with_verdict(of_ours, Verdict.FAILED) == {"INF-049", "INF-050", "INF-051"}
    assert f"(in {ADMINISTRATOR})" in of_ours["INF-049"].actual


@pytest.mark.parametrize(
    ("policy", "failed", "inconclusive"),
    [
        ("AdministratorAccess", {"INF-049", "INF-050", "INF-051"}, set()),
        ("AmazonS3FullAccess", {"INF-049", "INF-050", "INF-051"}, set()),
        ("service-role/AmazonECSTaskExecutionRolePolicy", {"INF-051"}, set()),
        ("SomethingElse", set(), OF_ROLE),
    ],
)
def test_policies_of_aws_are_known_by_name(
    tmp_path: Path, policy: str, failed: set[str], inconclusive: set[str]
) -> None:
    """The usual managed policies of AWS are judged by what they allow, others are not shown by a plan."""
    found = plan()
    attached = {"role": ROLE_NAME, "policy_arn": f"arn:aws:iam::aws:policy/{policy}"}
    add(found, "aws_iam_role_policy_attachment", attached)
    findings = judged(tmp_path, found)

    assert with_verdict(findings, Verdict.FAILED) == failed
    assert with_verdict(findings, Verdict.INCONCLUSIVE) == inconclusive


def test_policies_within_the_role_count(tmp_path: Path) -> None:
    """Policies in blocks of the role itself, and those that it names, are its policies."""
    found = plan()
    inline = take_out(found, "aws_iam_role_policy")[0]["values"]["policy"]
    role = resources(found, "aws_iam_role")[0]["values"]
    role |= {"inline_policy": [{"name": "artifacts", "policy": inline}], "managed_policy_arns": []}
    within = judged(tmp_path, found)
    role["managed_policy_arns"] = [ADMINISTRATOR]

    assert with_verdict(within, Verdict.FAILED) == set()
    assert with_verdict(judged(tmp_path, found), Verdict.FAILED) == {"INF-049", "INF-050", "INF-051"}


def test_policy_of_another_plan_is_read(tmp_path: Path) -> None:
    """A managed policy that the plan reads is judged by its text."""
    found = plan()
    arn = f"arn:aws:iam::{ACCOUNT}:policy/wide"
    text = write_policy([Statement(actions=("s3:*",), resources=(DECLARED.bucket_arn,))])
    read = {"address": "data.aws_iam_policy.wide", "mode": "data", "type": "aws_iam_policy", "name": "wide"}
    found["prior_state"]["values"]["root_module"]["resources"].append({**read, "values": {"arn": arn, "policy": text}})
    add(found, "aws_iam_role_policy_attachment", {"role": ROLE_NAME, "policy_arn": arn})

    assert with_verdict(judged(tmp_path, found), Verdict.FAILED) == {"INF-049"}


def test_role_of_another_plan_is_there_and_not_known(tmp_path: Path) -> None:
    """A role that the plan reads is there, with its trust; what is attached to it elsewhere is not shown."""
    found = plan()
    read_instead(found, "aws_iam_role")
    findings = judged(tmp_path, found)

    assert findings["INF-040"].verdict is Verdict.PASSED
    assert findings["INF-053"].verdict is Verdict.PASSED
    assert with_verdict(findings, Verdict.INCONCLUSIVE) == OF_ROLE
    assert isinstance(role_of(tmp_path, found).statements, Unreadable)


def test_bucket_of_another_plan_is_judged_by_what_this_one_sets(tmp_path: Path) -> None:
    """Of a bucket that the plan reads, what the plan sets is judged; what it does not set may still be there."""
    found = plan()
    read_instead(found, "aws_s3_bucket")
    take_out(found, "aws_s3_bucket_versioning")
    findings = judged(tmp_path, found)

    assert findings["INF-001"].verdict is Verdict.PASSED
    assert with_verdict(findings, Verdict.FAILED) == set()
    assert findings["INF-004"].verdict is Verdict.INCONCLUSIVE
    assert findings["INF-009"].verdict is Verdict.PASSED


def test_two_accounts_that_are_asked_are_told_by_neither(tmp_path: Path) -> None:
    """Where a plan asks for its caller in two accounts, the account is the one that the provider allows, if any."""
    found = plan()
    callers = found["prior_state"]["values"]["root_module"]["resources"]
    other = {**callers[0], "address": "data.aws_caller_identity.other", "name": "other"}
    callers.append({**other, "values": {"account_id": "999999999999"}})
    unclear = judged(tmp_path, found)["INF-003"].verdict
    allowed = {"allowed_account_ids": {"constant_value": [ACCOUNT]}}
    found["configuration"]["provider_config"]["aws"]["expressions"] |= allowed

    assert unclear is Verdict.INCONCLUSIVE
    assert judged(tmp_path, found)["INF-003"].verdict is Verdict.PASSED


def test_region_is_that_of_the_provider_of_the_root(tmp_path: Path) -> None:
    """A module below another names a provider of its own that has no settings: the root's count."""
    found = plan("counted")
    config = found["configuration"]
    config["provider_config"]["module.storage:aws"] = {"name": "aws", "module_address": "module.storage"}
    for each in config["root_module"]["module_calls"]["storage"]["module"]["resources"]:
        each["provider_config_key"] = "module.storage:aws"
    of_root = judged(tmp_path, found)["INF-002"].verdict
    config["provider_config"]["aws.west"] = {"name": "aws", "alias": "west", "expressions": {"region": {}}}

    assert of_root is Verdict.PASSED
    assert judged(tmp_path, found)["INF-002"].verdict is Verdict.INCONCLUSIVE


def test_policy_from_a_document_that_is_read_later_is_unknown(tmp_path: Path) -> None:
    """A policy document with the ARN of a new bucket is read when the plan is applied: inconclusive, and named."""
    found = plan("new")
    for each in resources(found, "aws_s3_bucket_policy"):
        del each["values"]["policy"]
    for each in found["resource_changes"]:
        if each["type"] == "aws_s3_bucket_policy":
            each["change"]["after_unknown"]["policy"] = True
    finding = judged(tmp_path, found)["INF-009"]

    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "known only after the plan is applied: aws_s3_bucket_policy.this.policy" in finding.actual


def test_bucket_without_a_name_is_the_only_one(tmp_path: Path) -> None:
    """A bucket that AWS names is judged, but for what its policy says of a name that nobody knows yet."""
    found = plan("new")
    bucket = resources(found, "aws_s3_bucket")[0]
    del bucket["values"]["bucket"]
    bucket["values"]["bucket_prefix"] = "hokusai-mlflow-"
    next(each for each in found["resource_changes"] if each["type"] == "aws_s3_bucket")["change"]["after_unknown"][
        "bucket"
    ] = True
    findings = judged(tmp_path, found)

    assert with_verdict(findings, Verdict.FAILED) == set()
    assert findings["INF-004"].verdict is Verdict.PASSED
    assert findings["INF-009"].verdict is Verdict.INCONCLUSIVE


def test_declared_role_decides_among_several(tmp_path: Path) -> None:
    """Where no environment names the role and several may be meant, none is judged by guess."""
    found = plan()
    add(found, "aws_iam_role", {"name": "mlflow-other", "assume_role_policy": "{}"})
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(found))
    state, declared = planned(PlannedAccount(file))

    assert isinstance(state.role, Unreadable)
    assert judge_all(state, declared)["INF-041"].verdict is Verdict.INAPPLICABLE
    assert judge_all(*planned(PlannedAccount(file, replace(DECLARED))))["INF-041"].verdict is Verdict.PASSED


def test_policy_that_may_be_of_two_roles_is_inconclusive(tmp_path: Path) -> None:
    """Where the configuration hides which of two roles a policy is of, nothing is said of what the role may do."""
    found = plan("new")
    add(found, "aws_iam_role", {"name": "other", "assume_role_policy": "{}"})
    del resources(found, "aws_iam_role_policy")[0]["values"]["role"]
    for each in found["resource_changes"]:
        if each["type"] == "aws_iam_role_policy":
            each["change"]["after_unknown"]["role"] = True
    for each in found["configuration"]["root_module"]["resources"]:
        if each["type"] == "aws_iam_role_policy":
            each["expressions"]["role"] = {"references": ["local.role"]}
    findings = judged(tmp_path, found)

    assert with_verdict(findings, Verdict.INCONCLUSIVE) == {*OF_ROLE, "INF-056"}
    assert with_verdict(findings, Verdict.FAILED) == set()
    assert "aws_iam_role_policy.this.role" in findings["INF-041"].actual


def test_log_group_of_another_plan_is_there(tmp_path: Path) -> None:
    """A log group that the plan reads is there, with the days that it keeps its lines."""
    found = plan()
    read_instead(found, "aws_cloudwatch_log_group")
    findings = judged(tmp_path, found)

    assert findings["INF-031"].verdict is Verdict.PASSED
    assert findings["INF-032"].verdict is Verdict.PASSED
