"""The credential of a role, from its table in an environment file."""

from __future__ import annotations

from pathlib import Path

from registry_conformance.judge.live.environment.access import AwsTable, KeyTable
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.environment.file import EnvironmentFile
from registry_conformance.judge.live.secrets import resolve
from registry_conformance.judge.report.redact import SHORTEST
from registry_conformance.judge.shown_name import no_file, no_program
from registry_conformance.judge.target.credential import (
    AwsSignature,
    ClientCertificate,
    CommandToken,
    Credential,
    KeyHeader,
    Password,
)
from registry_conformance.judge.target.token import TokenError, token_of


def credential_of(environment: EnvironmentFile, where: str, table: KeyTable) -> Credential:
    """Return the credential of the table at ``where``; an ``EnvironmentFileError`` says how to supply it."""
    if table.sigv4 is not None:
        return _signature(environment, f"{where}.sigv4", table.sigv4)
    sent = _sent(environment, where, table)
    if table.certificate is None:
        assert sent is not None, "the environment has one way or a certificate"
        return sent
    key = (
        file_at(environment, f"{where}.certificate_key", table.certificate_key, "the key")
        if table.certificate_key
        else None
    )
    return ClientCertificate(
        file_at(environment, f"{where}.certificate", table.certificate, "the certificate"), key, sent
    )


def _sent(
    environment: EnvironmentFile, where: str, table: KeyTable
) -> str | Password | KeyHeader | CommandToken | None:
    """Return what a role sends in a header, ``None`` if it only has a client certificate."""
    if table.user is not None and table.password is not None:
        return Password(table.user, resolve(environment, f"{where}.password", table.password))
    if table.command is not None:
        return _token(environment, where, table)
    if table.secret is None:
        return None
    value = resolve(environment, where, table.secret)
    return KeyHeader(table.header, value) if table.header else value


def _token(environment: EnvironmentFile, where: str, table: KeyTable) -> CommandToken:
    """Return a command token; the command runs once now, so that its failure is reported before anything is judged."""
    source = CommandToken(
        tuple(table.command or ()), environment.next_to("."), table.seconds or 0.0, table.header or ""
    )
    try:
        token = token_of(source)
    except TokenError as problem:
        cause: object = problem
        if isinstance(problem.__cause__, OSError | ValueError):
            cause = no_program(source.command[0], source.folder, problem.__cause__)
        raise EnvironmentFileError(f"{environment.at(f'{where}.command')}: {cause}") from None
    if len(token) < SHORTEST:
        raise EnvironmentFileError(
            f"{environment.at(where)}: the output of {source.command[0]} holds no usable secret: one line of at least "
            f"{SHORTEST} characters"
        )
    return source


def _signature(environment: EnvironmentFile, where: str, table: AwsTable) -> AwsSignature:
    token = table.session_token
    return AwsSignature(
        region=table.region,
        access_key=resolve(environment, f"{where}.access_key", table.access_key),
        secret_key=resolve(environment, f"{where}.secret_key", table.secret_key),
        session_token=resolve(environment, f"{where}.session_token", token) if token is not None else "",
        service=table.service,
    )


def file_at(environment: EnvironmentFile, where: str, path: str, holds: str) -> Path:
    """Return the file that the entry at ``where`` names; raise ``EnvironmentFileError`` if it is not there."""
    file = environment.next_to(path)
    if not file.is_file():
        raise EnvironmentFileError(f"{environment.at(where)}: {no_file(path, file, holds)}")
    return file
