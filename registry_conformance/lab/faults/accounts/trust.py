"""The server's role: who may assume it."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import trust
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.account.tokens import provider_of
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, Change, in_role


def _also(*principals: str, conditions: tuple[Condition, ...] = ()) -> Change:
    """Return the change that lets another principal assume the role."""
    added = Statement(actions=("sts:AssumeRole",), principals=principals, conditions=conditions)
    return in_role(trust=lambda declared: Known((*trust(declared), added)))


def _by_token(*conditions: Condition) -> Change:
    """Return the change that accepts tokens under other conditions; PROVIDER is replaced by the declared one's name."""

    def changed(declared: Declared) -> Known[tuple[Statement, ...]]:
        identity = declared.identities[0]
        name = provider_of(identity.provider)
        given = tuple((operator, key.replace("PROVIDER", name), wanted) for operator, key, wanted in conditions)
        lets_in = Statement(
            actions=("sts:AssumeRoleWithWebIdentity",),
            principals=(f"Federated:{identity.provider}",),
            conditions=tuple(sorted(given)),
        )
        by_name = [each for each in trust(declared) if each.actions == ("sts:AssumeRole",)]
        return Known((*by_name, lets_in))

    return in_role(trust=changed)


def _of_pattern(name: str, seen: str, cause: str, *conditions: Condition) -> AccountFault:
    return AccountFault(
        name=f"role-trusts-{name}",
        layer="iam",
        seen=seen,
        cause=cause,
        remedy="name the subject and the audience of the one workload that runs MLflow, with StringEquals",
        requirements=("INF-054",),
        change=_by_token(*conditions),
        needs_identity=True,
    )


_AUDIENCE: Condition = ("StringEquals", "PROVIDER:aud", ("sts.amazonaws.com",))
_ANY_POD = "system:serviceaccount:*:*"


def _asks_for(condition: Condition) -> Change:
    """Return the change that adds a condition for the declared services that assume the role."""
    return in_role(trust=lambda own: Known(tuple(replace(each, conditions=(condition,)) for each in trust(own))))


FAULTS = (
    AccountFault(
        name="role-asks-for-a-source-identity",
        layer="iam",
        seen="every artifact request is 500: MLflow has no credentials",
        cause="the trust policy of the server's role asks for sts:SourceIdentity, which no service sets",
        remedy="take the condition out of the statement for the service",
        requirements=("INF-053",),
        change=_asks_for(("StringLike", "sts:SourceIdentity", ("admin-*",))),
    ),
    AccountFault(
        name="role-asks-for-another-source-account",
        layer="iam",
        seen="every artifact request is 500: MLflow has no credentials",
        cause="the trust policy of the server's role lets the service act for another account alone",
        remedy="name the account that MLflow runs in as aws:SourceAccount",
        requirements=("INF-053",),
        change=_asks_for(("StringEquals", "aws:SourceAccount", ("999999999999",))),
    ),
    _of_pattern(
        "every-service-account",
        "nothing: any pod of the cluster takes on the role of MLflow, and reads and writes the models",
        "the trust policy of the server's role matches subjects with system:serviceaccount:*:*",
        ("StringLike", "PROVIDER:sub", (_ANY_POD,)),
        _AUDIENCE,
    ),
    _of_pattern(
        "one-name-in-every-namespace",
        "nothing: whoever may make a namespace in the cluster takes on the role of MLflow",
        "the trust policy of the server's role leaves the namespace of the service account open",
        ("StringLike", "PROVIDER:sub", ("system:serviceaccount:*:mlflow",)),
        _AUDIENCE,
    ),
    _of_pattern(
        "one-subject-of-several",
        "nothing: another workload takes on the role of MLflow beside the one that is meant",
        "the condition of the trust policy has two subjects, and one of them is a pattern",
        (
            "ForAnyValue:StringLike",
            "PROVIDER:sub",
            ("system:serviceaccount:mlflow:mlflow", "system:serviceaccount:ci*"),
        ),
        _AUDIENCE,
    ),
    _of_pattern(
        "all-but-a-subject",
        "nothing: every other workload of the cluster takes on the role of MLflow",
        "the condition of the trust policy names whom it keeps out, by StringNotEquals",
        ("StringNotEquals", "PROVIDER:sub", ("system:serviceaccount:default:default",)),
        _AUDIENCE,
    ),
    _of_pattern(
        "every-token-of-a-provider",
        "nothing: any workload of the identity provider takes on the role of MLflow",
        "the trust policy of the server's role has a condition on the audience, and none on the subject",
        _AUDIENCE,
    ),
    _of_pattern(
        "tokens-for-every-audience",
        "nothing: a service that MLflow showed its token to takes on its role with it",
        "the audience of the token is matched by a pattern that matches each",
        ("StringEquals", "PROVIDER:sub", ("system:serviceaccount:mlflow:mlflow",)),
        ("StringLike", "PROVIDER:aud", ("*",)),
    ),
    _of_pattern(
        "a-pattern-as-text",
        "MLflow runs without credentials: every upload is 500",
        "the trust policy compares the subject with a pattern by StringEquals, which takes it for text",
        ("StringEquals", "PROVIDER:sub", ("system:serviceaccount:mlflow:*",)),
        _AUDIENCE,
    ),
    AccountFault(
        name="role-trusts-whoever-bears-a-tag",
        layer="iam",
        seen="nothing: a principal of any account that gives itself the tag takes on the role of MLflow",
        cause="the trust policy of the server's role names everyone, under a condition on a tag of the principal",
        remedy="trust the service that runs MLflow, and nobody else",
        requirements=("INF-053",),
        change=_also("*", conditions=(("StringEquals", "aws:PrincipalTag/team", ("mlflow",)),)),
    ),
    AccountFault(
        name="role-trusts-whoever-names-a-source",
        layer="iam",
        seen="nothing: another account takes on the role of MLflow, and says itself for whom",
        cause="the trust policy of the server's role lets another account in under a condition on sts:SourceIdentity",
        remedy="trust the service that runs MLflow, and nobody else",
        requirements=("INF-053",),
        change=_also(
            "AWS:arn:aws:iam::999999999999:root",
            conditions=(("StringLike", "sts:SourceIdentity", ("*@example.com",)),),
        ),
    ),
    AccountFault(
        name="role-trusts-principals-by-a-pattern",
        layer="iam",
        seen="nothing: a role of that name in any account takes on the role of MLflow",
        cause="the trust policy names everyone, and a pattern of ARNs in which the account is open",
        remedy="trust the service that runs MLflow, and nobody else",
        requirements=("INF-053",),
        change=_also("*", conditions=(("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/deployer",)),)),
    ),
    AccountFault(
        name="role-trusts-everyone",
        layer="iam",
        seen="nothing: any account takes on the role of MLflow, and reads and writes the models",
        cause="the trust policy of the server's role names everyone",
        remedy="trust the service that runs MLflow, and nobody else",
        requirements=("INF-053",),
        change=in_role(trust=Known((Statement(actions=("sts:AssumeRole",), principals=("*",)),))),
    ),
    AccountFault(
        name="role-trusts-another-account",
        layer="iam",
        seen="nothing: another account takes on the role of MLflow",
        cause="the trust policy of the server's role names another account",
        remedy="trust the service that runs MLflow, and nobody else",
        requirements=("INF-053",),
        change=in_role(
            trust=Known((Statement(actions=("sts:AssumeRole",), principals=("AWS:arn:aws:iam::999999999999:root",)),))
        ),
    ),
    AccountFault(
        name="role-trusts-another-service",
        layer="iam",
        seen="MLflow runs without credentials: every upload is 500",
        cause="the trust policy of the server's role names EC2, and MLflow runs on ECS",
        remedy="trust the service that runs MLflow",
        requirements=("INF-053",),
        change=in_role(
            trust=Known((Statement(actions=("sts:AssumeRole",), principals=("Service:ec2.amazonaws.com",)),))
        ),
        incidents=("S10",),
    ),
)
