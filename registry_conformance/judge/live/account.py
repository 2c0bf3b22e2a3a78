"""The account of an environment: what its file declares, and how it is inspected."""

from __future__ import annotations

from registry_conformance.judge.live.environment.account import InfrastructureTable
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.secrets import resolve
from registry_conformance.judge.target.account import Declared, Identity, ObservedAccount


def declared_of(environment: EnvironmentFile) -> Declared | None:
    """Return what an environment declares of its account, ``None`` if nothing.

    Raises ``EnvironmentFileError`` if it names no bucket, or one that contradicts its role or key.
    """
    table = environment.infrastructure
    if table is None:
        return None
    held = environment.bucket
    bucket = table.bucket or (held.name if held else "")
    if not bucket:
        missing = environment.at("infrastructure.bucket")
        raise EnvironmentFileError(f"{missing} is missing; give the bucket's name there, or in [bucket]")
    if held and bucket != held.name:
        here = environment.at("infrastructure.bucket")
        raise EnvironmentFileError(f"{here} is {bucket!r}, and [bucket] names {held.name!r}; leave it out")
    return Declared(
        bucket=bucket,
        prefix=_prefix(table, environment),
        region=table.region or (held.region if held and held.region else ""),
        account=table.account or "",
        role=table.role or "",
        trusted=tuple(table.trusted),
        encryption=table.encryption,
        kms_key=table.kms_key or "",
        noncurrent_days=table.noncurrent_days,
        abort_days=table.abort_days,
        access_log=(table.access_log.bucket, table.access_log.prefix) if table.access_log else None,
        log_groups=dict(table.log_groups),
        identities=tuple(Identity(each.provider, each.subject, each.audience) for each in table.identities),
        vpc_endpoints=tuple(table.vpc_endpoints),
        vpc=table.vpc or "",
        networks=tuple(table.networks),
        replicas=tuple(table.replicas),
        organization=table.organization or "",
        refuse_customer_keys=table.refuse_customer_keys,
        principal_tags=dict(table.principal_tags),
        administrators=tuple(table.administrators),
    )


def account_of(environment: EnvironmentFile) -> ObservedAccount | None:
    """Return access to an environment's account with secrets resolved, ``None`` if its file declares none.

    Raises ``EnvironmentFileError`` if credentials are missing or invalid.
    """
    declared, table, held = declared_of(environment), environment.infrastructure, environment.bucket
    if declared is None or table is None:
        return None
    source = table if table.access_key is not None else held
    if source is None or source.access_key is None or source.secret_key is None:
        missing = environment.at("infrastructure.access_key")
        raise EnvironmentFileError(f"{missing} is missing; give access_key and secret_key, or a [bucket] that has them")
    where = "infrastructure" if source is table else "bucket"
    token = source.session_token
    return ObservedAccount(
        declared=declared,
        access_key=resolve(environment, f"{where}.access_key", source.access_key),
        secret_key=resolve(environment, f"{where}.secret_key", source.secret_key),
        session_token=resolve(environment, f"{where}.session_token", token) if token is not None else "",
        endpoint=table.endpoint or "",
        s3_endpoint=table.endpoint or (held.endpoint if held else ""),
    )


def _prefix(table: InfrastructureTable, environment: EnvironmentFile) -> str:
    if table.prefix is not None:
        return table.prefix.strip("/")
    return environment.bucket.prefix.strip("/") if environment.bucket else ""
