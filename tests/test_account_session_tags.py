"""Tags of the server's role or its sessions, and conditions on its sessions: what is declared of them decides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.reference import promised, rights, tls_only, trust
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket, in_role
from tests.account.moto_account import ACCOUNT, DECLARED, STRANGER

TAGGED = replace(DECLARED, prefix="team-a", principal_tags={"Team": "team-a"})
BY_TAG = f"arn:aws:s3:::{DECLARED.bucket}/${{aws:PrincipalTag/Team}}/*"
PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED


def with_rights_by_tag(requirement: str, declared: Declared, resource: str = BY_TAG) -> Finding:
    """Return what it comes to that the role's rights are for a place that a tag names."""
    objects, bucket = rights(declared)
    said = Known((replace(objects, resources=(resource,)), bucket))
    return judge(requirement, in_role(statements=said)(promised(declared), declared), declared)


@pytest.mark.parametrize("requirement", ["INF-041", "INF-050"])
def test_rights_by_a_declared_tag_are_judged(requirement: str) -> None:
    """What a variable stands for is where the role may go, and nowhere else."""
    assert with_rights_by_tag(requirement, TAGGED).verdict is PASSED


def test_rights_by_another_tag_are_refused() -> None:
    """A tag of another value leads elsewhere: too little, and too much."""
    other = replace(TAGGED, principal_tags={"Team": "team-b"})

    assert with_rights_by_tag("INF-041", other).verdict is FAILED
    assert with_rights_by_tag("INF-050", other).verdict is FAILED


def test_undeclared_tag_is_named() -> None:
    """Where no tag is declared the sentence names the field."""
    found = with_rights_by_tag("INF-041", replace(TAGGED, principal_tags={}))

    assert found.verdict is INCONCLUSIVE
    assert "declare infrastructure.principal_tags" in found.actual


def test_default_of_a_variable_counts_for_strangers_alone() -> None:
    """The declared tag stands in the variable's place, not what the policy has for whoever has none."""
    resource = BY_TAG.replace("Team}", "Team, 'nobody'}")

    assert with_rights_by_tag("INF-041", TAGGED, resource).verdict is PASSED


@pytest.mark.parametrize(
    ("wanted", "verdict"), [("team-a", PASSED), ("team-b", FAILED), ("${aws:PrincipalTag/Team}", PASSED)]
)
def test_denial_by_a_tag(wanted: str, verdict: Verdict) -> None:
    """A denial of whoever has not a tag spares the server, if the server has it."""
    condition: Condition = ("StringNotEquals", "aws:PrincipalTag/Team", (wanted,))
    everywhere = (TAGGED.bucket_arn, f"{TAGGED.bucket_arn}/*")
    denial = Statement("Deny", ("s3:*",), resources=everywhere, principals=("*",), conditions=(condition,))
    state = in_bucket(policy=Known((tls_only(TAGGED), denial)))(promised(TAGGED), TAGGED)

    assert judge("INF-011", state, TAGGED).verdict is verdict


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (("StringEquals", "aws:SourceAccount", (ACCOUNT,)), ""),
        (
            ("StringEquals", "aws:SourceAccount", (STRANGER,)),
            f"it never meets StringEquals aws:SourceAccount {STRANGER}",
        ),
        (("StringLike", "sts:SourceIdentity", ("admin",)), "it never meets StringLike sts:SourceIdentity admin"),
        (("Null", "sts:SourceIdentity", ("true",)), ""),
        (("StringEquals", "sts:ExternalId", ("mlflow",)), "it never meets StringEquals sts:ExternalId mlflow"),
        (("Bool", "aws:MultiFactorAuthPresent", ("true",)), "it never meets Bool aws:MultiFactorAuthPresent true"),
        (("ArnLike", "aws:SourceArn", (f"arn:aws:ecs:eu-west-1:{ACCOUNT}:*",)), ""),
    ],
)
def test_service_under_a_condition(condition: Condition, told: str) -> None:
    """A declared service that never meets a condition is kept out, and the sentence says by which."""
    said = Known(tuple(replace(each, conditions=(condition,)) for each in trust(DECLARED)))
    found = judge("INF-053", in_role(trust=said)(promised(DECLARED), DECLARED), DECLARED)

    assert found.verdict is (FAILED if told else PASSED), found
    assert told in found.actual


def test_service_that_is_denied_may_not() -> None:
    """A denial without conditions, or under ones that always hold, keeps the service out."""
    denial = Statement("Deny", ("sts:AssumeRole",), principals=("Service:ecs-tasks.amazonaws.com",))
    found = judge("INF-053", in_role(trust=Known((*trust(DECLARED), denial)))(promised(DECLARED), DECLARED), DECLARED)

    assert found.verdict is FAILED
    assert "a statement denies it" in found.actual
