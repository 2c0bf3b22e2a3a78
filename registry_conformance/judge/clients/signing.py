"""How a credential is added to a request: a header, a signature, or a client certificate."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from registry_conformance.judge.mismatch import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.credential import (
    AwsSignature,
    ClientCertificate,
    CommandToken,
    Credential,
    KeyHeader,
    Password,
    kind_of,
)
from registry_conformance.judge.target.token import TokenError, token_of

Carrier = Literal["bearer", "apikey", "x-api-key"]
CARRIERS: Mapping[Carrier, tuple[str, str]] = {
    "bearer": ("Authorization", "Bearer {}"),
    "apikey": ("Authorization", "ApiKey {}"),
    "x-api-key": ("X-API-Key", "{}"),
}
"""Carrier -> the header that carries a key, and the form of its value."""


def credential_headers(
    credential: Credential | None,
    method: str,
    url: str,
    body: bytes | None = None,
    *,
    carrier: Carrier = "bearer",
    streamed: bool = False,
) -> list[tuple[str, str]]:
    """Return the authentication headers of a request; ``carrier`` applies only to API keys.

    ``streamed`` is a body that cannot be read beforehand. Raises ``PreconditionFailed`` if a command gives no token,
    ``NotAllowed`` for another carrier of a credential that is not an API key.
    """
    if carrier != "bearer" and credential is not None and not isinstance(credential, str):
        raise NotAllowed(f"an API key as {carrier}", f"who asks was given {kind_of(credential)}")
    held = credential.beside if isinstance(credential, ClientCertificate) else credential
    if isinstance(held, AwsSignature):
        return _signed(held, method, url, body, streamed=streamed)
    return [_header(held, carrier)] if held is not None else []


def _header(credential: str | Password | KeyHeader | CommandToken, carrier: Carrier) -> tuple[str, str]:
    """Return the authentication header of a request."""
    match credential:
        case str():
            name, form = CARRIERS[carrier]
            return name, form.format(credential)
        case Password():
            pair = f"{credential.user}:{credential.password}".encode()
            return "Authorization", f"Basic {base64.b64encode(pair).decode()}"
        case KeyHeader():
            return credential.name, credential.value
        case CommandToken():
            token = taken_token(credential)
            return (credential.header, token) if credential.header else ("Authorization", f"Bearer {token}")


def taken_token(source: CommandToken) -> str:
    """Return a token from a command; raise ``PreconditionFailed`` if it gives none."""
    try:
        return token_of(source)
    except TokenError as problem:
        raise PreconditionFailed("a token to speak with", str(problem)) from problem


def certificate_of(credential: Credential | None) -> tuple[Path, Path | None] | None:
    """Return the files of the client certificate and, if separate, of its key."""
    if isinstance(credential, ClientCertificate):
        return credential.file, credential.key_file
    return None


def _signed(
    credential: AwsSignature, method: str, url: str, body: bytes | None, *, streamed: bool
) -> list[tuple[str, str]]:
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - costs a third of a second, and few targets ask for it
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - as above
    from botocore.credentials import Credentials  # noqa: PLC0415 - as above

    request = AWSRequest(method, url, data=body or b"")
    if streamed:
        request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
    keys = Credentials(credential.access_key, credential.secret_key, credential.session_token or None)
    SigV4Auth(keys, credential.service, credential.region).add_auth(request)
    return [(name, value) for name, value in request.headers.items() if name.lower() != "host"]
