"""Builds the target for checks from an environment file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from registry_conformance.judge.clients import aws
from registry_conformance.judge.live.account import account_of
from registry_conformance.judge.live.credentials import credential_of, file_at
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.environment.storage import BucketTable, ClientTable, LogTable
from registry_conformance.judge.live.environment.tables import Secret
from registry_conformance.judge.live.network import network_of
from registry_conformance.judge.live.promises import promised_by
from registry_conformance.judge.live.secrets import resolve
from registry_conformance.judge.target.guard import MIB, Budget, Guard
from registry_conformance.judge.target.ledger import describe_target
from registry_conformance.judge.target.network import Network
from registry_conformance.judge.target.policy import KNOWN, READS, RIGHTS, ROLES, Policy
from registry_conformance.judge.target.target import (
    ArtifactModes,
    BucketAccess,
    Capability,
    Door,
    LogGroup,
    Login,
    Machine,
    Target,
    Transfers,
)

_NO_BUCKET = "no [bucket] is declared: stored bytes were not verified"
_OURS_ONLY = {
    "witness": "no recorder stands on the links of an environment",
    "key-record": "the key service of an environment does not tell what it was asked",
    "store-enforces-signatures": "the store of an environment is not tried with wrong keys",
}


def guard_of(environment: EnvironmentFile, run_id: str, ledgers: Path, *, loads: bool = False) -> Guard:
    """Return the guard of a run against an environment; its ledger is in the folder ``ledgers``.

    A run that ``loads`` has the limits of the file's [load].
    """
    spend, load = environment.budget, environment.load if loads else None
    budget = Budget(spend.requests, spend.megabytes * MIB, spend.objects, float(spend.seconds))
    if load is not None:
        budget = Budget(
            load.requests, load.megabytes * MIB, load.objects, float(load.seconds), rate=load.rate, table="load"
        )
    only_read = environment.access == "read-only"
    held = environment.bucket
    bucket = f"{held.endpoint.rstrip('/')}/{held.name}/{held.prefix.strip('/')}" if held else ""
    workspace = environment.workspaces.own if environment.workspaces else ""
    described = describe_target({door: table.url for door, table in environment.doors.items()}, bucket, workspace)
    file = ledgers / f"{run_id}.sqlite"
    return Guard(file, run_id, budget, only_read, environment.timeouts.dead_answers, described)


def target_of(name: str, environment: EnvironmentFile, guard: Guard | None) -> Target:
    """Return an environment as a target with secrets resolved; raise ``EnvironmentFileError`` if it cannot be built."""
    policies = {door: _policy_of(environment, table.policy) for door, table in environment.doors.items()}
    for policy in policies.values():
        _judge_with_keys(environment, policy)
    login = _login(environment, environment.artifacts.client) if environment.artifacts.client else None
    direct = login is not None
    keys = {str(role): credential_of(environment, f"keys.{role}", table) for role, table in environment.keys.items()}
    network = network_of(environment)
    workspace = environment.workspaces.own if environment.workspaces else ""
    doors = tuple(
        Door(
            door,
            table.url,
            environment.timeouts.answer,
            file_at(environment, f"doors.{door}.ca", table.ca, "certificate authorities") if table.ca else None,
            policies[door],
            guard,
            direct,
            network,
            workspace=workspace,
        )
        for door, table in environment.doors.items()
    )
    secure = next((door for door in doors if door.url.startswith("https:")), None)
    bucket = replace(_bucket(environment, environment.bucket, network), guard=guard) if environment.bucket else None
    logs = {
        str(part): file_at(environment, f"logs.{part}.file", table.file, "the log")
        for part, table in environment.logs.items()
        if table.file
    }
    return Target(
        name=f"the environment {name} ({environment.description})",
        kind="live",
        defects_show=False,
        doors=doors,
        keys=keys,
        secure=secure,
        tls_floor=environment.tls.floor,
        client_quiet=environment.timeouts.client,
        origin=Door(
            "origin",
            environment.origin.url,
            environment.timeouts.answer,
            guard=guard,
            direct=direct,
            network=network,
            workspace=workspace,
        )
        if environment.origin
        else None,
        bucket=bucket,
        logs=logs,
        log_groups={
            str(part): _group(environment, f"logs.{part}", table, bucket)
            for part, table in environment.logs.items()
            if table.group
        },
        account=account_of(environment),
        capabilities=_capabilities(environment, secure, logs),
        ways=ArtifactModes(environment.artifacts.uploads, environment.artifacts.downloads or ArtifactModes().downloads),
        promises=promised_by(environment),
        machine=Machine(login=login),
        transfers=Transfers(
            environment.transfers.megabytes * MIB,
            environment.transfers.kilobytes_per_second * 1000,
            environment.transfers.seconds if environment.transfers.kilobytes_per_second else 0.0,
        ),
        default_permission=environment.permissions.default if environment.permissions else "",
        other_workspace=(environment.workspaces.other or "") if environment.workspaces else "",
    )


def _policy_of(environment: EnvironmentFile, name: str) -> Policy:
    """Return a policy by its name: one of the two built-in ones, or one that the environment declares."""
    if name in KNOWN:
        return KNOWN[name]
    table = environment.policies[name]
    return Policy(name, *(frozenset(getattr(table, role)) for role in ROLES))


def _judge_with_keys(environment: EnvironmentFile, policy: Policy) -> None:
    """Raise ``EnvironmentFileError`` if the environment has no key to judge a door with this policy."""
    writes = environment.access == "sandboxed"
    needed = RIGHTS if writes else READS
    able = [role for role in ROLES if policy.of(role) >= needed]
    if not able:
        place = environment.at(f"policies.{policy.name}")
        raise EnvironmentFileError(
            f"{place} lets no role do all that is asked for here; one needs {', '.join(sorted(needed))}"
        )
    if "anonymous" in able:
        return
    if writes and policy.worker not in environment.keys:
        whose = {"admin": "an admin's"}.get(policy.worker, f"a {policy.worker}'s")
        missing = environment.at(f"keys.{policy.worker}")
        raise EnvironmentFileError(f"{missing} is missing; a sandboxed environment is written to with {whose} key")
    if not {*able} & {*environment.keys}:
        named = ", ".join(f"[keys.{role}]" for role in able)
        raise EnvironmentFileError(
            f"{environment.at('keys')} is missing; give at least one of {named}, or call every door open"
        )


def _capabilities(environment: EnvironmentFile, secure: Door | None, logs: Mapping[str, Path]) -> dict[str, Capability]:
    there = {
        "origin": (environment.origin is not None, "no [origin] is declared: proxy and MLflow cannot be distinguished"),
        "store": (
            environment.bucket is not None and aws.installed(),
            _NO_BUCKET if environment.bucket is None else aws.LACKING,
        ),
        "logs": (bool(logs), "no [logs] are declared that can be read line by line"),
        "tls": (secure is not None, "none of its doors is https"),
        "infrastructure": (
            environment.infrastructure is not None,
            "its file has no [infrastructure]: nobody looked at it",
        ),
        "write": (environment.access == "sandboxed", "read-only: nothing that changes it is sent"),
    }
    found = {name: Capability(present, "" if present else reason) for name, (present, reason) in there.items()}
    return found | {name: Capability(False, reason) for name, reason in _OURS_ONLY.items()}


def _bucket(environment: EnvironmentFile, table: BucketTable, network: Network) -> BucketAccess:
    return BucketAccess(
        endpoint=table.endpoint,
        region=table.region,
        bucket=table.name,
        prefix=table.prefix.strip("/"),
        access_key=resolve(environment, "bucket.access_key", table.access_key),
        secret_key=resolve(environment, "bucket.secret_key", table.secret_key),
        session_token=_maybe(environment, "bucket.session_token", table.session_token),
        network=network,
    )


def _login(environment: EnvironmentFile, table: ClientTable) -> Login:
    """Return the clients' access to the store; ``EnvironmentFileError`` if nobody could delete what they create."""
    if environment.access == "sandboxed" and environment.bucket is None:
        raise EnvironmentFileError(
            f"{environment.at('bucket')} is missing; what clients put there directly is removed from there"
        )
    return Login(
        region=table.region,
        access_key=resolve(environment, "artifacts.client.access_key", table.access_key),
        secret_key=resolve(environment, "artifacts.client.secret_key", table.secret_key),
        session_token=_maybe(environment, "artifacts.client.session_token", table.session_token),
        endpoint=table.endpoint or "",
    )


def _group(environment: EnvironmentFile, where: str, table: LogTable, bucket: BucketAccess | None) -> LogGroup:
    """Return a log group, by default with the bucket's credentials."""
    assert table.group is not None, "the caller looked"
    if table.access_key is not None and table.secret_key is not None:
        access, secret = (
            resolve(environment, f"{where}.access_key", table.access_key),
            resolve(environment, f"{where}.secret_key", table.secret_key),
        )
        token = _maybe(environment, f"{where}.session_token", table.session_token)
    elif bucket is not None:
        access, secret, token = bucket.access_key, bucket.secret_key, bucket.session_token
    else:
        missing = environment.at(f"{where}.access_key")
        raise EnvironmentFileError(f"{missing} is missing; give access_key and secret_key, or a [bucket] that has them")
    return LogGroup(table.group, table.region, access, secret, token, table.endpoint or "")


def _maybe(environment: EnvironmentFile, where: str, secret: Secret | None) -> str:
    return resolve(environment, where, secret) if secret is not None else ""
