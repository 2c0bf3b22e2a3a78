"""The account that a plan would make, and what is declared of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.named_roles import followed, meant_roles, named_roles
from registry_conformance.judge.account.plan.bucket import planned_bucket
from registry_conformance.judge.account.plan.document import Plan, PlanError, Resource
from registry_conformance.judge.account.plan.file import read_plan
from registry_conformance.judge.account.plan.keeping import planned_key
from registry_conformance.judge.account.plan.policies import planned_account, policy
from registry_conformance.judge.account.plan.role import planned_role
from registry_conformance.judge.account.state import BucketState, RoleState, State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared, PlannedAccount

BUCKETS = "hokusai-mlflow-artifacts-"
"""How the platform's artifact buckets are called, by which one is known where nothing is declared."""


def planned(account: PlannedAccount) -> tuple[State, Declared]:
    """Return the account that a plan would make, and what is declared of it.

    Where no environment says what is declared, it is what the platform promises of the bucket and the role that the
    plan has. Raises ``PlanError`` for a plan that cannot be read, and for one whose bucket cannot be told.
    """
    plan = read_plan(account.file, account.declared)
    found = _the_bucket(plan, account.declared)
    bucket = planned_bucket(plan, found) if found else None
    declared = account.declared or _declared(plan, bucket)
    state = State(
        bucket=_judged_as(found, bucket) if found and bucket else Absent(),
        role=_role(plan, declared),
        log_groups=_log_groups(plan, declared),
        key=planned_key(plan, declared),
    )
    named = _named_roles(plan, state, declared)
    return replace(state, named_roles=named, roles=Known(tuple(_other_roles(plan, declared)))), declared


def _other_roles(plan: Plan, declared: Declared) -> Iterator[RoleState]:
    """Yield the roles that a plan has beside the server's; one whose name is not known yet by its address."""
    for each in (*plan.of("aws_iam_role"), *plan.read("aws_iam_role")):
        name = each.get("name")
        if not isinstance(name, Known):
            yield planned_role(plan, each, each.address)
        elif str(name.value) != declared.role.rpartition("/")[2]:
            arn = f"arn:{declared.partition}:iam::{declared.owner}:role{_path(each) or '/'}{name.value}"
            yield planned_role(plan, each, arn)


def _named_roles(plan: Plan, state: State, declared: Declared) -> Mapping[str, Fact[tuple[Statement, ...]]]:
    """Return who may take on the roles that policies name; one that the plan does not have is made elsewhere."""
    trusts = {
        str(name.value).rpartition("/")[2]: policy(each.get("assume_role_policy"), each.address)
        for each in (*plan.read("aws_iam_role"), *plan.of("aws_iam_role"))
        for name in (each.get("arn"), each.get("name"))
        if isinstance(name, Known)
    }
    elsewhere = Unreadable("the plan does not show who may take it on")
    first = named_roles(state, declared)
    named = followed(first, lambda arn: trusts.get(arn.rpartition("/")[2], elsewhere), declared)
    return named | meant_roles(state, declared)


def _the_bucket(plan: Plan, declared: Declared | None) -> Resource | None:
    buckets, read = plan.of("aws_s3_bucket"), plan.read("aws_s3_bucket")
    names = {
        each.address: str(found.value) for each in (*buckets, *read) if isinstance(found := each.get("bucket"), Known)
    }
    unnamed = [each for each in buckets if isinstance(each.get("bucket"), Pending)]
    managed = [each for each in buckets if _is_meant(names.get(each.address, ""), declared)]
    known = [each for each in read if _is_meant(names.get(each.address, ""), declared)]
    for choice in (managed, known, unnamed) if declared else (managed, buckets, known):
        if len(choice) == 1:
            return choice[0]
        if len(choice) > 1:
            addresses = ", ".join(each.address for each in choice)
            raise PlanError(f"it has several buckets that may be meant: {addresses}; name yours by --env")
    return None


def _is_meant(name: str, declared: Declared | None) -> bool:
    """Return whether a bucket's name is the declared one; if none is declared, whether it is one of the platform's."""
    return name == declared.bucket if declared else BUCKETS in name


def _judged_as(resource: Resource, bucket: BucketState) -> Fact[BucketState]:
    """Return a bucket of the plan as what is judged: without its policy, if its name is not known yet."""
    return Known(_opaque(bucket) if isinstance(resource.get("bucket"), Pending) else bucket)


def _opaque(bucket: BucketState) -> BucketState:
    """Return a bucket whose name is not known yet: what its policy says of it cannot be judged."""
    return replace(bucket, policy=Pending(f"{bucket.name}: the bucket's name")) if bucket.policy != Absent() else bucket


def _declared(plan: Plan, bucket: BucketState | None) -> Declared:
    """Return what the platform promises of the bucket and the role that a plan has."""
    roles = _roles(plan)
    account = planned_account(plan, roles[0]) if roles else Absent()
    number = account.value if isinstance(account, Known) else ""
    name = roles[0].get("name") if len(roles) == 1 and _path(roles[0]) else Absent()
    role = f"arn:aws:iam::{number}:role{_path(roles[0])}{name.value}" if isinstance(name, Known) else ""
    encryption = bucket.encryption.value if bucket and isinstance(bucket.encryption, Known) else None
    kms = encryption is not None and encryption.algorithm == "aws:kms" and isinstance(encryption.key, Known)
    found = Declared(bucket.name if bucket else f"{BUCKETS}ENV", role=role)
    if encryption is not None and kms and isinstance(encryption.key, Known):
        found = replace(found, encryption="aws:kms", kms_key=encryption.key.value)
    return replace(found, prefix=_prefix(plan, roles, found))


def _path(role: Resource) -> str:
    """Return the path that a role's name stands under in its ARN, empty if it is not known yet."""
    match role.get("path"):
        case Pending():
            return ""
        case Known(path):
            return str(path)
    return "/"


def _prefix(plan: Plan, roles: list[Resource], declared: Declared) -> str:
    """Return the prefix that the role may put objects under, the reference's if that is none or not one."""
    if len(roles) != 1:
        return declared.prefix
    statements = planned_role(plan, roles[0], declared.role).statements
    whole = f"{re.escape(declared.bucket_arn)}/([^*?]+)/\\*"
    found = {
        match[1]
        for each in (statements.value if isinstance(statements, Known) else ())
        for resource in each.resources
        if "s3:PutObject" in each.actions and (match := re.fullmatch(whole, resource))
    }
    return found.pop() if len(found) == 1 else declared.prefix


def _roles(plan: Plan) -> list[Resource]:
    """Return the roles that may be the server's: the only one, or those that name MLflow and no execution role."""
    roles = plan.of("aws_iam_role")
    named = [each for each in roles if "mlflow" in _lower(each) and "execution" not in _lower(each)]
    return roles if len(roles) == 1 else named


def _lower(role: Resource) -> str:
    return str(role.get("name")).lower()


def _role(plan: Plan, declared: Declared) -> Fact[RoleState]:
    if not declared.role:
        several = [each.address for each in plan.of("aws_iam_role")]
        return Unreadable(f"it is one of {', '.join(several)}; name yours by --env") if several else Absent()
    wanted = declared.role.rpartition("/")[2]
    for each in (*plan.of("aws_iam_role"), *plan.read("aws_iam_role")):
        if each.get("name") == Known(wanted):
            return Known(planned_role(plan, each, declared.role))
    unnamed = [each for each in plan.of("aws_iam_role") if isinstance(each.get("name"), Pending)]
    return Pending(f"{unnamed[0].address}.name") if unnamed else Absent()


def _log_groups(plan: Plan, declared: Declared) -> Mapping[str, Fact[int]]:
    groups = {
        str(name.value): each
        for each in (*plan.read("aws_cloudwatch_log_group"), *plan.of("aws_cloudwatch_log_group"))
        if isinstance(name := each.get("name"), Known)
    }
    return {group: _retention(groups[group]) if group in groups else Absent() for group in declared.log_groups}


def _retention(group: Resource) -> Fact[int]:
    found = group.get("retention_in_days")
    return Known(0) if isinstance(found, Absent) else found
