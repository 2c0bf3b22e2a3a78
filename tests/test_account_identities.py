"""Which tokens of identity providers take on the role: by what conditions match, not by how they look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared, Identity
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_role
from tests.account.moto_account import ACCOUNT, DECLARED

EKS, GITHUB = "oidc.eks.eu-west-1.amazonaws.com/id/1A2B", "token.actions.githubusercontent.com"
COGNITO = "cognito-identity.amazonaws.com"
POD = "system:serviceaccount:mlflow:mlflow"
PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
NOTHING = replace(DECLARED, trusted=())


def arn(provider: str) -> str:
    """Return the ARN of a provider in IAM; AWS knows some by their name."""
    return provider if provider == COGNITO else f"arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}"


def allows(provider: str, *conditions: Condition) -> Statement:
    """Return a statement that lets tokens of a provider in; ``sub`` and ``aud`` are its claims."""
    keys = tuple((operator, f"{provider}:{key}", wanted) for operator, key, wanted in conditions)
    return Statement(
        actions=("sts:AssumeRoleWithWebIdentity",), principals=(f"Federated:{arn(provider)}",), conditions=keys
    )


def judged(*statements: Statement, declared: Declared = NOTHING, requirement: str = "INF-054") -> Finding:
    """Return what a trust policy comes to."""
    return judge(requirement, in_role(trust=Known(statements))(promised(declared), declared), declared)


@pytest.mark.parametrize(
    ("provider", "condition", "told"),
    [
        (EKS, ("StringEquals", "sub", (POD,)), ""),
        (EKS, ("StringLike", "sub", ("system:serviceaccount:mlflow:*",)), ""),
        (EKS, ("StringLike", "sub", ("system:serviceaccount:*:*",)), "is like system:serviceaccount:*:*"),
        (EKS, ("StringLike", "sub", ("system:serviceaccount:ml*:mlflow",)), "is like system:serviceaccount:ml*:mlflow"),
        (EKS, ("StringLike", "sub", (POD, "system:*")), "is like system:*"),
        (EKS, ("ForAnyValue:StringLike", "sub", (POD, "*:mlflow")), "is like *:mlflow"),
        (EKS, ("ForAllValues:StringLike", "sub", ("*",)), "no condition names a subject"),
        (EKS, ("StringLikeIfExists", "sub", ("system:serviceaccount:?*:a",)), "is like system:serviceaccount:?*:a"),
        (EKS, ("StringNotEquals", "sub", (POD,)), "no condition names a subject"),
        (EKS, ("StringEquals", "aud", ("sts.amazonaws.com",)), "no condition names a subject"),
        (GITHUB, ("StringEquals", "sub", ("repo:acme/registry:ref:refs/heads/main",)), ""),
        (GITHUB, ("StringLike", "sub", ("repo:acme/registry:*",)), ""),
        (GITHUB, ("StringLike", "sub", ("repo:acme/*",)), "is like repo:acme/*"),
        (GITHUB, ("StringLike", "sub", ("repo:acme/registry*",)), "is like repo:acme/registry*"),
        (GITHUB, ("StringLike", "sub", ("repo:*/registry:*",)), "is like repo:*/registry:*"),
        (
            "gitlab.com",
            ("StringLike", "sub", ("project_path:acme/*:ref_type:branch:ref:main",)),
            "is like project_path",
        ),
        ("gitlab.com", ("StringLike", "sub", ("project_path:acme/ml:ref_type:branch:ref:*",)), ""),
        (
            "app.terraform.io",
            ("StringLike", "sub", ("organization:acme:project:*:workspace:ml:run_phase:*",)),
            "is like organization:acme:project:*",
        ),
        (COGNITO, ("StringEquals", "aud", ("eu-west-1:pool",)), "guests of cognito-identity.amazonaws.com"),
        (COGNITO, ("ForAnyValue:StringLike", "amr", ("authenticated",)), "anybody of cognito-identity"),
    ],
)
def test_what_a_condition_matches_is_let_in(provider: str, condition: Condition, told: str) -> None:
    """Where nothing is declared a pattern may leave open a name or a branch, not whose it is."""
    found = judged(allows(provider, condition))

    assert found.verdict is (FAILED if told else PASSED), found
    assert told in found.actual


def test_pool_of_users_who_are_signed_in_is_one_identity() -> None:
    """Of Cognito a pool stands for its users; guests are kept out."""
    pool = ("StringEquals", "aud", ("eu-west-1:pool",))
    signed_in = ("ForAnyValue:StringLike", "amr", ("authenticated",))

    assert judged(allows(COGNITO, pool, signed_in)).verdict is PASSED


@pytest.mark.parametrize(
    ("subject", "conditions", "told"),
    [
        (POD, [("StringEquals", "sub", (POD,)), ("StringEquals", "aud", ("sts.amazonaws.com",))], ""),
        (POD, [("StringLike", "sub", (POD,)), ("StringLike", "aud", ("sts.amazonaws.com",))], ""),
        (POD, [("StringEquals", "sub", (POD,))], "for other audiences than sts.amazonaws.com"),
        (POD, [("StringEquals", "sub", (POD,)), ("StringLike", "aud", ("sts.*",))], "for other audiences than"),
        (
            POD,
            [
                ("StringLike", "sub", ("system:serviceaccount:mlflow:*",)),
                ("StringEquals", "aud", ("sts.amazonaws.com",)),
            ],
            "which is more than is declared",
        ),
        (
            "system:serviceaccount:mlflow:*",
            [
                ("StringLike", "sub", ("system:serviceaccount:mlflow:*",)),
                ("StringEquals", "aud", ("sts.amazonaws.com",)),
            ],
            "",
        ),
        (
            POD,
            [("StringEquals", "sub", ("system:serviceaccount:*:*",)), ("StringEquals", "aud", ("sts.amazonaws.com",))],
            "is compared as text, for a pattern it takes StringLike",
        ),
        (
            POD,
            [
                ("StringEquals", "sub", (POD, "system:serviceaccount:ci:ci")),
                ("StringEquals", "aud", ("sts.amazonaws.com",)),
            ],
            f"so may system:serviceaccount:ci:ci of {EKS}",
        ),
        (POD, [("StringEquals", "sub", (POD,)), ("StringEquals", "aud", ("other",))], "no condition names it"),
    ],
)
def test_declared_identity_alone_is_let_in(subject: str, conditions: list[Condition], told: str) -> None:
    """The declared subject must come in with the declared audience, and no other token."""
    declared = replace(NOTHING, identities=(Identity(arn(EKS), subject, "sts.amazonaws.com"),))
    found = judged(allows(EKS, *conditions), declared=declared)

    assert found.verdict is (FAILED if told else PASSED), found
    assert told in found.actual


def test_condition_on_another_provider_is_told() -> None:
    """A condition on another cluster's subjects lets nobody in, and the sentence names it."""
    declared = replace(NOTHING, identities=(Identity(arn(EKS), POD),))
    other = Statement(
        actions=("sts:AssumeRoleWithWebIdentity",),
        principals=(f"Federated:{arn(EKS)}",),
        conditions=(("StringEquals", "oidc.eks.eu-west-1.amazonaws.com/id/9Z:sub", (POD,)),),
    )
    found = judged(other, declared=declared)

    assert found.verdict is FAILED
    assert "is about another provider than" in found.actual


def test_condition_on_another_claim_is_not_guessed() -> None:
    """Whether a declared identity meets a condition on another claim is inconclusive."""
    declared = replace(NOTHING, identities=(Identity(arn(EKS), POD),))
    conditions = (("StringEquals", "sub", (POD,)), ("StringEquals", "environment", ("production",)))

    assert judged(allows(EKS, *conditions), declared=declared).verdict is INCONCLUSIVE


def test_denial_keeps_out_whom_a_pattern_lets_in() -> None:
    """A statement that denies all other subjects counts."""
    everyone = allows(EKS, ("StringLike", "sub", ("system:serviceaccount:*:*",)))
    denial = replace(allows(EKS, ("StringNotEquals", "sub", (POD,))), effect="Deny")

    assert judged(everyone, denial).verdict is PASSED


def test_provider_that_nothing_declares_is_a_stranger() -> None:
    """Where services are declared, a provider beside them is one more who may."""
    service = Statement(actions=("sts:AssumeRole",), principals=("Service:ecs-tasks.amazonaws.com",))
    found = judged(service, allows(EKS, ("StringEquals", "sub", (POD,))), declared=DECLARED, requirement="INF-053")

    assert found.verdict is FAILED
    assert f"so may Federated:{arn(EKS)}" in found.actual


@pytest.mark.parametrize(
    ("conditions", "verdict"),
    [
        ((("ArnEquals", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:role/deployer",)),), PASSED),
        ((("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{ACCOUNT}:role/*",)),), FAILED),
        ((("StringEquals", "aws:PrincipalTag/team", ("mlflow",)),), FAILED),
        ((("StringEquals", "sts:ExternalId", ("a",)),), FAILED),
        ((("StringLike", "sts:SourceIdentity", ("*",)),), FAILED),
    ],
)
def test_everyone_under_a_condition(conditions: tuple[Condition, ...], verdict: Verdict) -> None:
    """Everyone is only whom the conditions match: a declared principal is no stranger, a bearer of a tag is one."""
    deployer = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    declared = replace(DECLARED, trusted=("ecs-tasks.amazonaws.com", deployer))
    named = Statement(actions=("sts:AssumeRole",), principals=("Service:ecs-tasks.amazonaws.com", f"AWS:{deployer}"))
    opened = Statement(actions=("sts:AssumeRole",), principals=("*",), conditions=conditions)

    assert judged(named, opened, declared=declared, requirement="INF-053").verdict is verdict


def test_tags_of_sessions_let_nobody_in() -> None:
    """A statement that is about tags of sessions alone, as pods of EKS need it, is no way in."""
    pods = Statement(actions=("sts:AssumeRole", "sts:TagSession"), principals=("Service:pods.eks.amazonaws.com",))
    tags = Statement(actions=("sts:TagSession",), principals=("*",))
    declared = replace(DECLARED, trusted=("pods.eks.amazonaws.com",))

    assert judged(pods, tags, declared=declared, requirement="INF-053").verdict is PASSED
