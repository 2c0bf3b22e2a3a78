"""The lines of a remedy are those for what is declared: region, key, days, partition."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from registry_conformance.judge.account.own_rights import own_rights
from registry_conformance.judge.account.remedy import filled
from registry_conformance.judge.account.required_rights import request
from registry_conformance.judge.locations import SUITES
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.target.account import Declared
from tests.account.moto_account import ACCOUNT, DECLARED, KMS_KEY, with_kms

REGISTER = Register.load(SUITES / "requirements")


def lines(requirement: str, declared: Declared) -> str:
    """Return the command lines that mend a breach."""
    remedy = REGISTER[requirement].remedy
    assert remedy is not None
    return filled(remedy.cli, declared)


def test_first_region_has_no_location() -> None:
    """A bucket of the first region is made without a location, any other with its own."""
    assert lines("INF-001", DECLARED).endswith(
        """ --create-bucket-configuration '{"LocationConstraint": "eu-west-1"}'"""
    )
    assert lines("INF-001", replace(DECLARED, region="us-east-1")).endswith(" --region us-east-1")


@pytest.mark.parametrize("requirement", ["INF-005", "INF-006"])
def test_encryption_is_set_with_the_key_that_is_declared(requirement: str) -> None:
    """Where a key is declared, each line that sets encryption sets it, so that none undoes the other."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KMS_KEY}}
    set_to = json.loads(lines(requirement, with_kms()).rpartition(" --server-side-encryption-configuration ")[2][1:-1])

    assert {**set_to["Rules"][0], "BucketKeyEnabled": True} == {**rule, "BucketKeyEnabled": True}
    assert f" --sse aws:kms --sse-kms-key-id {KMS_KEY}" in lines("INF-060", with_kms())
    assert lines("INF-060", DECLARED).endswith(" --recursive --sse AES256")


def test_days_are_those_that_are_declared() -> None:
    """Terraform and the command line set the declared days; where the store aborts uploads, no rule does."""
    remedy = REGISTER["INF-021"].remedy
    assert remedy is not None
    declared = replace(DECLARED, noncurrent_days=30, abort_days=3)

    assert "noncurrent_days = 30" in filled(remedy.terraform, declared)
    assert "days_after_initiation = 3" in filled(remedy.terraform, declared)
    assert '"NoncurrentDays": 30' in filled(remedy.cli, declared)
    assert "AbortIncompleteMultipartUpload" not in filled(remedy.cli, replace(declared, abort_days=0))


def test_documents_of_terraform_stand_in_their_place() -> None:
    """A document in a configuration is indented by its line, as Terraform's own formatter has it."""
    remedy = REGISTER["INF-053"].remedy
    assert remedy is not None
    text = filled(remedy.terraform, DECLARED, indent=2)

    assert '  assume_role_policy = jsonencode({\n    "Version" : "2012-10-17",\n' in text
    assert text.endswith("\n  })\n}")


@pytest.mark.parametrize(
    ("region", "role", "partition", "via"),
    [
        ("eu-west-1", "", "aws", "s3.eu-west-1.amazonaws.com"),
        ("cn-north-1", "", "aws-cn", "s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "", "aws-us-gov", "s3.us-gov-west-1.amazonaws.com"),
        ("", f"arn:aws-cn:iam::{ACCOUNT}:role/mlflow", "aws-cn", None),
    ],
)
def test_arns_are_of_the_partition(region: str, role: str, partition: str, via: str | None) -> None:
    """ARNs are of the partition that the role says, or in which the region lies, and so is the name of S3 there."""
    declared = Declared("b", region=region, role=role)

    assert declared.bucket_arn == f"arn:{partition}:s3:::b"
    assert request(declared, "kms:Decrypt").facts.get("kms:viaservice") == ((via,) if via else None)


def test_own_policy_is_of_the_roles_account() -> None:
    """Where no account is declared, the policies that the suite may read are those of the role's."""
    statements = list(own_rights(replace(DECLARED, account="")))
    assert f"arn:aws:iam::{ACCOUNT}:policy/*" in statements[2].resources
