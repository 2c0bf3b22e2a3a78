"""Ways around the bucket's own policy: access points, chains of roles, functions that delete."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import tls_only
from registry_conformance.judge.account.state import AccessPoint, Called, RoleState, State
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, Change, in_bucket

_STRANGER = "999999999999"


def _access_point(principal: str, *conditions: Condition) -> Change:
    """Return the change that adds an access point whose policy lets a principal read."""

    def made(declared: Declared) -> Known[tuple[AccessPoint, ...]]:
        arn = f"arn:{declared.partition}:s3:{declared.region}:{declared.owner}:accesspoint/models"
        reads = Statement(
            actions=("s3:GetObject",), resources=(f"{arn}/object/*",), principals=(principal,), conditions=conditions
        )
        return Known((AccessPoint("models", Known((reads,))),))

    return in_bucket(access_points=made)


def _far_access_point(declared: Declared) -> Known[tuple[AccessPoint, ...]]:
    """Return a multi-region access point whose policy lets another account read."""
    arn = f"arn:{declared.partition}:s3::{declared.owner}:accesspoint/models"
    who = (f"AWS:arn:aws:iam::{_STRANGER}:root",)
    reads = Statement(actions=("s3:GetObject",), resources=(f"{arn}/object/*",), principals=who)
    return Known((AccessPoint("models", Known((reads,)), "models.mrap"),))


def _arn(told: str, declared: Declared) -> str:
    """Return the ARN of what is told as service and name."""
    service, name = told.split(" ")
    return f"arn:{declared.partition}:{service}:{declared.region}:{declared.owner}:{name}"


def _calls(*actions: str, by: tuple[str, ...] = ()) -> Change:
    """Return the change that makes the bucket call a function whose role may act on its objects.

    ``by`` are the services that the events pass through, each as service and name.
    """

    def made(declared: Declared) -> Known[tuple[Called, ...]]:
        function, *way = (_arn(each, declared) for each in ("lambda function:tidy-up", *by))
        may = Statement(actions=actions, resources=(f"{declared.bucket_arn}/*",))
        return Known((Called(function, Known((may,)), tuple(way)),))

    return in_bucket(calls=made)


def _lets_in(*names: str) -> Change:
    """Return the change that lets a role of the account read, reachable through a chain of roles from outside."""

    def change(state: State, declared: Declared) -> State:
        roles = [f"arn:{declared.partition}:iam::{declared.owner}:role/{name}" for name in names]
        place, takers = (f"{declared.bucket_arn}/*",), [*roles[1:], f"arn:aws:iam::{_STRANGER}:root"]
        reads = Statement(actions=("s3:GetObject",), resources=place, principals=(f"AWS:{roles[0]}",))
        changed = in_bucket(policy=Known((tls_only(declared), reads)))(state, declared)
        taken = (Known((Statement(actions=("sts:AssumeRole",), principals=(f"AWS:{who}",)),)) for who in takers)
        return replace(changed, named_roles=dict(zip(roles, taken, strict=True)))

    return change


def _roles(*roles: tuple[str, str, tuple[str, ...]]) -> Change:
    """Return the change that gives the account roles: each a name, who may take it on, and what it may do anywhere."""

    def change(state: State, declared: Declared) -> State:
        made = (
            RoleState(
                f"arn:{declared.partition}:iam::{declared.owner}:role/{name}",
                Known((Statement(actions=("sts:AssumeRole",), principals=(taker,)),)),
                Known((Statement(actions=actions, resources=("*",)),)),
            )
            for name, taker, actions in roles
        )
        return replace(state, roles=Known(tuple(made)))

    return change


FAULTS = (
    AccountFault(
        name="access-point-for-another-account",
        layer="infrastructure",
        seen="nothing: another account reads the models through an access point of the bucket",
        cause="the policy of an access point lets another account in",
        remedy="let the access point's policy name principals of the account alone, or delete it",
        requirements=("INF-025",),
        change=_access_point(f"AWS:arn:aws:iam::{_STRANGER}:root"),
    ),
    AccountFault(
        name="access-point-for-everyone",
        layer="infrastructure",
        seen="nothing: any account reads the models through an access point of the bucket",
        cause="the policy of an access point lets everyone in who sends a header that everyone may send",
        remedy="let the access point's policy name principals of the account alone, or delete it",
        requirements=("INF-025",),
        change=_access_point("*", ("StringEquals", "aws:UserAgent", ("models",))),
    ),
    AccountFault(
        name="access-point-of-several-regions-for-another-account",
        layer="infrastructure",
        seen="nothing: another account reads the models through an access point of several regions",
        cause="the policy of an access point of several regions lets another account in",
        remedy="delete the access point, or put a policy in the place of its own that names principals of the account",
        requirements=("INF-025",),
        change=in_bucket(access_points=_far_access_point),
    ),
    AccountFault(
        name="models-deleted-by-a-function",
        layer="infrastructure",
        seen="models are gone some time after they were uploaded, and no lifecycle rule says so",
        cause="the bucket calls a function for its objects whose role may delete them",
        remedy="take s3:DeleteObject from the function's role, or the function from the bucket's notifications",
        requirements=("INF-027",),
        change=_calls("s3:GetObject", "s3:DeleteObject"),
    ),
    AccountFault(
        name="models-deleted-by-a-function-of-many-rights",
        layer="infrastructure",
        seen="models are gone some time after they were uploaded, and no lifecycle rule says so",
        cause="the bucket calls a function for its objects whose role may do everything with them",
        remedy="take s3:DeleteObject from the function's role, or the function from the bucket's notifications",
        requirements=("INF-027",),
        change=_calls("s3:*"),
    ),
    AccountFault(
        name="models-deleted-by-way-of-a-queue",
        layer="infrastructure",
        seen="models are gone some time after they were uploaded, and the bucket notifies nothing but a queue",
        cause="the bucket's events go to a queue, from which a function takes them whose role may delete models",
        remedy="take s3:DeleteObject from the function's role, or the queue from the bucket's notifications",
        requirements=("INF-027",),
        change=_calls("s3:DeleteObject", by=("sqs uploads",)),
    ),
    AccountFault(
        name="models-deleted-by-way-of-a-topic",
        layer="infrastructure",
        seen="models are gone some time after they were uploaded, and the bucket notifies nothing but a topic",
        cause="the bucket's events go by a topic and a queue to a function whose role may delete models",
        remedy="take s3:DeleteObject from the function's role, or the topic from the bucket's notifications",
        requirements=("INF-027",),
        change=_calls("s3:Delete*", by=("sns uploads", "sqs uploads")),
    ),
    AccountFault(
        name="models-deleted-by-a-rule-of-eventbridge",
        layer="infrastructure",
        seen="models are gone some time after they were uploaded, and the bucket's notifications name nobody",
        cause="the bucket tells EventBridge, where a rule calls a function whose role may delete models",
        remedy="take s3:DeleteObject from the function's role, or the function from the rule's targets",
        requirements=("INF-027",),
        change=_calls("s3:*", by=("events rule/uploads",)),
    ),
    AccountFault(
        name="bucket-open-by-a-role-that-leads-on",
        layer="iam",
        seen="nothing: another account takes on a role of this one, and reads the models with it",
        cause="the bucket policy lets in a role of the account that another account may take on",
        remedy="take the other account out of that role's trust policy, or the role out of the bucket policy",
        requirements=("INF-055",),
        change=_lets_in("readers"),
    ),
    AccountFault(
        name="bucket-open-by-a-chain-of-roles",
        layer="iam",
        seen="nothing: another account takes on one role after the other, and reads the models with the last",
        cause="the bucket policy lets in a role that another role may take on, and that one another account",
        remedy="take the other account out of the last role's trust policy, or the first out of the bucket policy",
        requirements=("INF-055",),
        change=_lets_in("readers", "deployer", "runner"),
    ),
    AccountFault(
        name="models-open-by-a-partners-role",
        layer="iam",
        seen="nothing: another account takes on a role of this one whose own policies read the models",
        cause="a role that another account may take on may read every bucket of the account",
        remedy="take the other account out of the role's trust policy, or the bucket out of its policies",
        requirements=("INF-056",),
        change=_roles(("partner", f"AWS:arn:aws:iam::{_STRANGER}:root", ("s3:GetObject", "s3:ListBucket"))),
    ),
    AccountFault(
        name="models-open-by-a-role-passed-to-a-service",
        layer="iam",
        seen="nothing: another account has AWS Glue read the models with a role of this one",
        cause="a role that another account may take on may pass a role that reads to a service, and have that work",
        remedy="take iam:PassRole from the role that is taken on, or name the roles and services that it may pass to",
        requirements=("INF-056",),
        change=_roles(
            ("pipeline", f"AWS:arn:aws:iam::{_STRANGER}:root", ("iam:PassRole", "glue:CreateJob", "glue:StartJobRun")),
            ("etl", "Service:glue.amazonaws.com", ("s3:GetObject",)),
        ),
    ),
)
