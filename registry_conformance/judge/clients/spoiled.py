"""Invalid credentials: of the same scheme as a valid one, with another secret."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Literal

from registry_conformance.judge.clients.signing import taken_token
from registry_conformance.judge.mismatch import NotAllowed
from registry_conformance.judge.target.credential import (
    AwsSignature,
    ClientCertificate,
    CommandToken,
    Credential,
    KeyHeader,
    Password,
    kind_of,
)

Spoiling = Literal["wrong", "empty", "cut"]
"""What becomes of the secret: another of the same length, nothing, or its first half."""


def spoiled(credential: Credential, how: Spoiling) -> Credential:
    """Return a credential of the same scheme and user with an invalid secret.

    Raises ``NotAllowed`` for a certificate, which contains no secret to change.
    """
    match credential:
        case str():
            return _spoiled(credential, how)
        case Password():
            return Password(credential.user, _spoiled(credential.password, how))
        case KeyHeader():
            scheme, space, secret = credential.value.rpartition(" ")
            return KeyHeader(credential.name, f"{scheme}{space}{_spoiled(secret, how)}")
        case CommandToken():
            token = _spoiled(taken_token(credential), how)
            return KeyHeader(credential.header, token) if credential.header else token
        case AwsSignature():
            return replace(credential, secret_key=_spoiled(credential.secret_key, how))
        case ClientCertificate():
            raise NotAllowed("a credential whose secret is another", f"who asks was given {kind_of(credential)}")


def _spoiled(secret: str, how: Spoiling) -> str:
    if how == "empty":
        return ""
    return secret[: len(secret) // 2] if how == "cut" else secrets.token_hex(len(secret))[: len(secret)]
