"""Scenarios about the promises of an environment file: policies of doors, and artifact modes."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.target.target import Target
from registry_conformance.lab.deployment import REFERENCE, Auth, MLflow, Proxy
from registry_conformance.proof.rehearsal.external_environment import EnvironmentChanges
from registry_conformance.proof.rehearsal.scenario import (
    AT_EACH_DOOR,
    FLOW,
    KEYS,
    NO_KEY,
    REACH,
    RIGHTS,
    WAYS,
    Scenario,
    expected,
)
from registry_conformance.run.session.exit_codes import Exit


def _own_policy(target: Target) -> EnvironmentChanges:
    """Return doors that all promise the policy ``_BY_ADMINS``."""
    doors = {f"doors.{door.name}": {"url": door.url, "policy": "by-admins"} for door in target.doors}
    return EnvironmentChanges(
        tables={**doors, "policies.by-admins": {role: list(rights) for role, rights in _BY_ADMINS}}
    )


def _one_open(target: Target) -> EnvironmentChanges:
    """Return doors of which the documented one is declared open."""
    url = next(door.url for door in target.doors if door.name == "documented")
    return EnvironmentChanges(tables={"doors.documented": {"url": url, "policy": "open"}})


def _direct(_: Target) -> EnvironmentChanges:
    return EnvironmentChanges(direct=True)


def _lately_direct(_: Target) -> EnvironmentChanges:
    """Return artifacts declared direct, with the default experiment declared as older."""
    return EnvironmentChanges(
        direct=True, expected_failures=expected("the database is older than this mode", 1, "REG-057")
    )


_DIRECT = replace(
    REFERENCE, mlflow=MLflow(destination=None, default_root="s3://{bucket}/{prefix}", serve_artifacts=False)
)
"""Clients put artifacts into the bucket by themselves; MLflow serves none."""
_BY_ADMINS = (
    ("reader", ("artifact-read",)),
    ("writer", ("artifact-read", "artifact-write")),
    ("admin", ("read", "write", "artifact-read", "artifact-write")),
)
"""A policy of its own: every request to the registry needs an admin's key."""
_ENFORCED = Auth(policy=_BY_ADMINS)
_DOCUMENTED_OPEN = Proxy(unguarded=("/mlflow/",))
PROMISES = (
    Scenario(
        "a policy of its own",
        Exit.OK,
        "not applicable here",
        _own_policy,
        replace(REFERENCE, auth=_ENFORCED),
        checks=(KEYS, RIGHTS, FLOW),
    ),
    Scenario(
        "a policy of its own, and the registration",
        Exit.OK,
        "A model can be registered",
        _own_policy,
        replace(REFERENCE, auth=_ENFORCED),
    ),
    Scenario(
        "a policy of its own, and no access to the bucket for MLflow",
        Exit.FAILED,
        "No model can be registered",
        _own_policy,
        replace(REFERENCE, auth=_ENFORCED),
        faults=("put-object-denied",),
        cause="put-object-denied",
    ),
    Scenario(
        "a policy of its own, not declared",
        Exit.FAILED,
        "403",
        deployment=replace(REFERENCE, auth=_ENFORCED),
        cause="admin-keys-only",
    ),
    Scenario(
        "a policy of its own, declared and not enforced",
        Exit.FAILED,
        "who is let in",
        _own_policy,
        checks=(AT_EACH_DOOR,),
    ),
    Scenario(
        "one door open, and declared so",
        Exit.OK,
        "Only a part was verified",
        _one_open,
        replace(REFERENCE, proxy=_DOCUMENTED_OPEN),
        checks=(REACH, KEYS, AT_EACH_DOOR, FLOW),
    ),
    Scenario("direct, and declared so", Exit.OK, "A model can be registered", _direct, _DIRECT),
    Scenario(
        "direct, and declared so, by more checks",
        Exit.OK,
        "not applicable here",
        _lately_direct,
        _DIRECT,
        checks=(NO_KEY, WAYS, "suites/contract/registration"),
    ),
    Scenario(
        "direct, and no access to the bucket for clients",
        Exit.FAILED,
        "SignatureDoesNotMatch",
        lambda _: EnvironmentChanges(direct=True, client_key="not-the-key-of-this-bucket"),
        _DIRECT,
    ),
    Scenario("declared direct, and proxied", Exit.FAILED, "uploads='proxied'", _direct, checks=(WAYS,)),
)
