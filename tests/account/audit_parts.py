"""What an auditor's accounts are made of: documents as AWS has them, and the changes that put them in an account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.reference import of_account, promised
from registry_conformance.judge.account.state import (
    AccessPoint,
    Called,
    LifecycleRule,
    State,
)
from registry_conformance.judge.account.statement import Statement, read_policy
from registry_conformance.judge.account.tokens import provider_of
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import Change, in_bucket, in_role
from tests.account.moto_account import ACCOUNT, DECLARED, REGION, STRANGER

PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
Document = dict[str, Any]
BUCKET = f"arn:aws:s3:::{DECLARED.bucket}"
OBJECTS, EVERYTHING = f"{BUCKET}/*", [BUCKET, f"{BUCKET}/*"]
OWN_ROLES = f"arn:aws:iam::{ACCOUNT}:role/*"
GET, PUT = "s3:GetObject", "s3:PutObject"
CUSTOMER = "s3:x-amz-server-side-encryption-customer-algorithm"
ROOT, THEIR_ROOT = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{STRANGER}:root"
NOT_OURS = {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}
NO_TLS: Document = {"Bool": {"aws:SecureTransport": "false"}}


def statement(effect: str, **fields: Any) -> Document:
    """Return a statement about reading every object, with these fields in the place of those."""
    opposites = {"NotAction": "Action", "NotResource": "Resource", "NotPrincipal": "Principal"}
    whole = {"Effect": effect, "Principal": "*", "Action": GET, "Resource": OBJECTS, **fields}
    left_out = {opposites[name] for name in fields if name in opposites}
    return {name: each for name, each in whole.items() if name not in left_out}


def lets(**fields: Any) -> Document:
    """Return a statement that allows everyone to read every object, or what its fields say."""
    return statement("Allow", **fields)


def denies(**fields: Any) -> Document:
    """Return a statement that denies everyone everything on the bucket, or what its fields say."""
    return statement("Deny", **{"Action": "s3:*", "Resource": EVERYTHING, **fields})


TLS = denies(Condition=NO_TLS)


def policy(*statements: Document, tls: Document = TLS) -> Change:
    """Return the change that gives the bucket a policy; it refuses plain HTTP beside."""
    return in_bucket(policy=Known(read_policy({"Version": "2012-10-17", "Statement": [tls, *statements]})))


def rows(*more: Document) -> Change:
    """Return the change that gives the role more statements."""

    def change(state: State, declared: Declared) -> State:
        own = promised(declared).role
        assert isinstance(own, Known)
        assert isinstance(own.value.statements, Known)
        added = read_policy({"Statement": list(more)})
        return in_role(statements=Known((*own.value.statements.value, *added)))(state, declared)

    return change


def trust(*statements: Document) -> Change:
    """Return the change that has the role taken on by whom these statements let in."""
    return in_role(trust=Known(read_policy({"Statement": list(statements)})))


def rule(**fields: Any) -> Change:
    """Return the change that adds a rule to the lifecycle."""

    def change(state: State, declared: Declared) -> State:
        own = promised(declared).bucket
        assert isinstance(own, Known)
        assert isinstance(own.value.lifecycle, Known)
        return in_bucket(lifecycle=Known((*own.value.lifecycle.value, LifecycleRule("more", **fields))))(
            state, declared
        )

    return change


def key(*statements: Document) -> Change:
    """Return the change that lets somebody use the key, beside the account."""

    def change(state: State, declared: Declared) -> State:
        assert isinstance(state.key, Known)
        said = (of_account(declared), *read_policy({"Statement": list(statements)}))
        return replace(state, key=Known(replace(state.key.value, policy=Known(said))))

    return change


def uses(condition: Document) -> Document:
    """Return a statement by which everyone may decrypt under a condition."""
    return {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": condition}


def by_tokens(*conditions: Document) -> Change:
    """Return the change that lets tokens take the role on, by one statement for each condition on their claims."""

    def change(state: State, declared: Declared) -> State:
        provider = declared.identities[0].provider
        said = [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": _about_claims(each, provider_of(provider)),
            }
            for each in conditions
        ]
        return trust(*said)(state, declared)

    return change


def _about_claims(condition: Document, provider: str) -> Document:
    """Return a condition whose keys are claims as one whose keys are those of a provider."""
    named: Document = {}
    for operator, claims in condition.items():
        named[operator] = {f"{provider}:{claim}": value for claim, value in claims.items()}
    return named


def function(*statements: Document) -> Change:
    """Return the change that has the bucket call a function that may do what these say."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:look"
    return in_bucket(calls=Known((Called(arn, Known(read_policy({"Statement": list(statements)}))),)))


def may(effect: str, action: str | list[str], resource: str | list[str], **more: Any) -> Document:
    """Return a statement of a role's policy."""
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def point(condition: Document) -> Change:
    """Return the change that adds an access point which everyone comes through under a condition."""
    arn = f"arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/models/object/*"
    said = read_policy({"Statement": [lets(Resource=arn, Condition=condition)]})
    return in_bucket(access_points=Known((AccessPoint("models", Known(said)),)))


def taken_on(**roles: str) -> Change:
    """Return the change by which the bucket lets in the first of some roles, each taken on by whom is said."""

    def change(state: State, declared: Declared) -> State:
        arns = {f"arn:aws:iam::{ACCOUNT}:role/{name}": who for name, who in roles.items()}
        trusts = {
            arn: Known((Statement(actions=("sts:AssumeRole",), principals=(f"AWS:{who}",)),))
            for arn, who in arns.items()
        }
        changed = policy(lets(Principal={"AWS": next(iter(arns))}))(state, declared)
        return replace(changed, named_roles=trusts)

    return change


def both(*changes: Change) -> Change:
    """Return changes one after the other."""

    def change(state: State, declared: Declared) -> State:
        for each in changes:
            state = each(state, declared)
        return state

    return change
