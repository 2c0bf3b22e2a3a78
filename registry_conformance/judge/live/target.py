"""From an environment's file to the target that checks are sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from registry_conformance.judge.clients import aws
from registry_conformance.judge.live.account import account_of
from registry_conformance.judge.live.credentials import credential_of
from registry_conformance.judge.live.network import network_of
from registry_conformance.judge.live.profile import Profile
from registry_conformance.judge.live.profile_base import Secret
from registry_conformance.judge.live.profile_error import ProfileError
from registry_conformance.judge.live.profile_storage import BucketTable, ClientTable, LogTable
from registry_conformance.judge.live.promises import promised_by
from registry_conformance.judge.live.secrets import resolve
from registry_conformance.judge.target.guard import MIB, Budget, Guard
from registry_conformance.judge.target.ledger import describe_target
from registry_conformance.judge.target.network import Network
from registry_conformance.judge.target.policy import KNOWN, READS, RIGHTS, ROLES, Policy
from registry_conformance.judge.target.target import (
    BucketAccess,
    Capability,
    Door,
    LogGroup,
    Login,
    Machine,
    Target,
    Transfers,
    Ways,
)

_NO_BUCKET = "its file names no [bucket]: nobody looked whether bytes were stored"
_OURS_ONLY = {
    "witness": "no recorder stands on the links of an environment",
    "key-record": "the key service of an environment does not tell what it was asked",
    "store-enforces-signatures": "the store of an environment is not tried with wrong keys",
}


def guard_of(profile: Profile, run_id: str, ledgers: Path, *, loads: bool = False) -> Guard:
    """Return the guard of a run against an environment; its ledger lies in the folder ``ledgers``.

    A run that ``loads`` has the caps of the file's [load].
    """
    spend, load = profile.budget, profile.load if loads else None
    budget = Budget(spend.requests, spend.megabytes * MIB, spend.objects, float(spend.seconds))
    if load is not None:
        budget = Budget(
            load.requests, load.megabytes * MIB, load.objects, float(load.seconds), rate=load.rate, table="load"
        )
    only_read = profile.access == "read-only"
    held = profile.bucket
    bucket = f"{held.endpoint.rstrip('/')}/{held.name}/{held.prefix.strip('/')}" if held else ""
    described = describe_target({door: table.url for door, table in profile.doors.items()}, bucket)
    file = ledgers / f"{run_id}.sqlite"
    return Guard(file, run_id, budget, only_read, profile.timeouts.dead_answers, described)


def target_of(name: str, profile: Profile, guard: Guard | None) -> Target:
    """Return an environment as a target, secrets taken; raise ``ProfileError`` for one that cannot be had."""
    policies = {door: _policy_of(profile, table.policy) for door, table in profile.doors.items()}
    for policy in policies.values():
        _judge_with_keys(profile, policy)
    login = _login(profile, profile.artifacts.client) if profile.artifacts.client else None
    direct = login is not None
    keys = {str(role): credential_of(profile, f"keys.{role}", table) for role, table in profile.keys.items()}
    network = network_of(profile)
    doors = tuple(
        Door(
            door,
            table.url,
            profile.timeouts.answer,
            _file(profile, f"doors.{door}.ca", table.ca) if table.ca else None,
            policies[door],
            guard,
            direct,
            network,
        )
        for door, table in profile.doors.items()
    )
    secure = next((door for door in doors if door.url.startswith("https:")), None)
    bucket = replace(_bucket(profile, profile.bucket, network), guard=guard) if profile.bucket else None
    logs = {
        str(part): _file(profile, f"logs.{part}.file", table.file) for part, table in profile.logs.items() if table.file
    }
    return Target(
        name=f"the environment {name} ({profile.description})",
        kind="live",
        doors=doors,
        keys=keys,
        secure=secure,
        tls_floor=profile.tls.floor,
        client_quiet=profile.timeouts.client,
        origin=Door("origin", profile.origin.url, profile.timeouts.answer, guard=guard, direct=direct, network=network)
        if profile.origin
        else None,
        bucket=bucket,
        logs=logs,
        log_groups={
            str(part): _group(profile, f"logs.{part}", table, bucket)
            for part, table in profile.logs.items()
            if table.group
        },
        account=account_of(profile),
        capabilities=_capabilities(profile, secure, logs),
        ways=Ways(profile.artifacts.uploads, profile.artifacts.downloads or Ways().downloads),
        promises=promised_by(profile),
        machine=Machine(login=login),
        transfers=Transfers(
            profile.transfers.megabytes * MIB,
            profile.transfers.kilobytes_per_second * 1000,
            profile.transfers.seconds if profile.transfers.kilobytes_per_second else 0.0,
        ),
        default_permission=profile.permissions.default if profile.permissions else "",
    )


def _policy_of(profile: Profile, name: str) -> Policy:
    """Return a policy by its name: one of the two that need no table, or one that the profile declares."""
    if name in KNOWN:
        return KNOWN[name]
    table = profile.policies[name]
    return Policy(name, *(frozenset(getattr(table, role)) for role in ROLES))


def _judge_with_keys(profile: Profile, policy: Policy) -> None:
    """Raise ``ProfileError`` if the profile gives no key to judge a door with this policy by."""
    writes = profile.access == "sandboxed"
    needed = RIGHTS if writes else READS
    able = [role for role in ROLES if policy.of(role) >= needed]
    if not able:
        place = profile.at(f"policies.{policy.name}")
        raise ProfileError(f"{place} lets no role do all that is asked for here; one needs {', '.join(sorted(needed))}")
    if "anonymous" in able:
        return
    if writes and policy.worker not in profile.keys:
        whose = {"admin": "an admin's"}.get(policy.worker, f"a {policy.worker}'s")
        missing = profile.at(f"keys.{policy.worker}")
        raise ProfileError(f"{missing} is missing; a sandboxed environment is written to with {whose} key")
    if not {*able} & {*profile.keys}:
        named = ", ".join(f"[keys.{role}]" for role in able)
        raise ProfileError(f"{profile.at('keys')} is missing; give at least one of {named}, or call every door open")


def _capabilities(profile: Profile, secure: Door | None, logs: Mapping[str, Path]) -> dict[str, Capability]:
    there = {
        "origin": (profile.origin is not None, "its file names no [origin]: proxy and MLflow cannot be told apart"),
        "store": (
            profile.bucket is not None and aws.installed(),
            _NO_BUCKET if profile.bucket is None else aws.LACKING,
        ),
        "logs": (bool(logs), "its file names no [logs] that can be read line by line"),
        "tls": (secure is not None, "none of its doors is https"),
        "infrastructure": (profile.infrastructure is not None, "its file has no [infrastructure]: nobody looked at it"),
        "write": (profile.access == "sandboxed", "read-only: nothing that changes it is sent"),
    }
    found = {name: Capability(present, "" if present else reason) for name, (present, reason) in there.items()}
    return found | {name: Capability(False, reason) for name, reason in _OURS_ONLY.items()}


def _bucket(profile: Profile, table: BucketTable, network: Network) -> BucketAccess:
    return BucketAccess(
        endpoint=table.endpoint,
        region=table.region,
        bucket=table.name,
        prefix=table.prefix.strip("/"),
        access_key=resolve(profile, "bucket.access_key", table.access_key),
        secret_key=resolve(profile, "bucket.secret_key", table.secret_key),
        session_token=_maybe(profile, "bucket.session_token", table.session_token),
        network=network,
    )


def _login(profile: Profile, table: ClientTable) -> Login:
    """Return how clients reach the store; raise ``ProfileError`` if nobody could remove what they leave there."""
    if profile.access == "sandboxed" and profile.bucket is None:
        raise ProfileError(f"{profile.at('bucket')} is missing; what clients put there directly is removed from there")
    return Login(
        region=table.region,
        access_key=resolve(profile, "artifacts.client.access_key", table.access_key),
        secret_key=resolve(profile, "artifacts.client.secret_key", table.secret_key),
        session_token=_maybe(profile, "artifacts.client.session_token", table.session_token),
        endpoint=table.endpoint or "",
    )


def _group(profile: Profile, where: str, table: LogTable, bucket: BucketAccess | None) -> LogGroup:
    """Return a log group, with the bucket's credentials if it has none of its own."""
    assert table.group is not None, "the caller looked"
    if table.access_key is not None and table.secret_key is not None:
        access, secret = (
            resolve(profile, f"{where}.access_key", table.access_key),
            resolve(profile, f"{where}.secret_key", table.secret_key),
        )
        token = _maybe(profile, f"{where}.session_token", table.session_token)
    elif bucket is not None:
        access, secret, token = bucket.access_key, bucket.secret_key, bucket.session_token
    else:
        missing = profile.at(f"{where}.access_key")
        raise ProfileError(f"{missing} is missing; give access_key and secret_key, or a [bucket] that has them")
    return LogGroup(table.group, table.region, access, secret, token, table.endpoint or "")


def _maybe(profile: Profile, where: str, secret: Secret | None) -> str:
    return resolve(profile, where, secret) if secret is not None else ""


def _file(profile: Profile, where: str, path: str) -> Path:
    file = profile.next_to(path)
    if not file.is_file():
        raise ProfileError(f"{profile.at(where)}: there is no file {path}")
    return file
