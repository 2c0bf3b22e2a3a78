"""From a role's table in an environment's file to the credential that it is judged with."""

from __future__ import annotations

from pathlib import Path

from registry_conformance.judge.live.profile import Profile
from registry_conformance.judge.live.profile_access import AwsTable, KeyTable
from registry_conformance.judge.live.profile_error import ProfileError
from registry_conformance.judge.live.secrets import SHORTEST, resolve
from registry_conformance.judge.target.credential import (
    AwsSignature,
    ClientCertificate,
    CommandToken,
    Credential,
    KeyHeader,
    Password,
)
from registry_conformance.judge.target.token import TokenError, token_of


def credential_of(profile: Profile, where: str, table: KeyTable) -> Credential:
    """Return the credential of a table that stands at ``where``; raise ``ProfileError`` that says how to give it."""
    if table.sigv4 is not None:
        return _signature(profile, f"{where}.sigv4", table.sigv4)
    sent = _sent(profile, where, table)
    if table.certificate is None:
        assert sent is not None, "the profile has one way or a certificate"
        return sent
    key = _file(profile, f"{where}.certificate_key", table.certificate_key) if table.certificate_key else None
    return ClientCertificate(_file(profile, f"{where}.certificate", table.certificate), key, sent)


def _sent(profile: Profile, where: str, table: KeyTable) -> str | Password | KeyHeader | CommandToken | None:
    """Return what a role sends in a header, ``None`` if it only shows a certificate."""
    if table.user is not None and table.password is not None:
        return Password(table.user, resolve(profile, f"{where}.password", table.password))
    if table.command is not None:
        return _token(profile, where, table)
    if table.secret is None:
        return None
    value = resolve(profile, where, table.secret)
    return KeyHeader(table.header, value) if table.header else value


def _token(profile: Profile, where: str, table: KeyTable) -> CommandToken:
    """Return a token by a command, which is run once now: a command that fails is told before anything is judged."""
    source = CommandToken(tuple(table.command or ()), profile.next_to("."), table.seconds or 0.0, table.header or "")
    try:
        token = token_of(source)
    except TokenError as problem:
        raise ProfileError(f"{profile.at(where)}: {problem}") from None
    if len(token) < SHORTEST:
        raise ProfileError(
            f"{profile.at(where)}: the output of {source.command[0]} holds no usable secret: one line of at least "
            f"{SHORTEST} characters"
        )
    return source


def _signature(profile: Profile, where: str, table: AwsTable) -> AwsSignature:
    token = table.session_token
    return AwsSignature(
        region=table.region,
        access_key=resolve(profile, f"{where}.access_key", table.access_key),
        secret_key=resolve(profile, f"{where}.secret_key", table.secret_key),
        session_token=resolve(profile, f"{where}.session_token", token) if token is not None else "",
        service=table.service,
    )


def _file(profile: Profile, where: str, path: str) -> Path:
    file = profile.next_to(path)
    if not file.is_file():
        raise ProfileError(f"{profile.at(where)}: there is no file {path}")
    return file
