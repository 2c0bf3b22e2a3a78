"""Each kind of credential that a deployment may require, as a value.

A text is an API key, sent as ``Authorization: Bearer``. ``None`` instead of a credential means that none is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

_TELLING = 6
"""A word of fewer characters is no secret by itself: it occurs by chance."""


@dataclass(frozen=True, slots=True)
class Password:
    """A user and a password, sent by HTTP Basic authentication."""

    user: str
    password: str = field(repr=False)

    @property
    def kind(self) -> str:
        """Its name in reports."""
        return f"the password of {self.user}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must be redacted."""
        return (self.password,)


@dataclass(frozen=True, slots=True)
class KeyHeader:
    """A header with a secret value, such as ``X-API-Key: KEY`` or ``Authorization: ApiKey KEY``."""

    name: str
    value: str = field(repr=False)

    @property
    def kind(self) -> str:
        """Its name in reports."""
        return f"the header {self.name}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must be redacted."""
        last = self.value.rpartition(" ")[2]
        return (self.value, last) if len(last) >= _TELLING else (self.value,)


@dataclass(frozen=True, slots=True)
class CommandToken:
    """A bearer token that a command prints; the command runs again before the token expires.

    ``command`` runs in ``folder``. The token or the command's output says how long it is valid; otherwise ``seconds``
    applies, 0 for a token that does not expire. ``header`` is set if it is not sent as a bearer token.
    """

    command: tuple[str, ...]
    folder: Path
    seconds: float = 0.0
    header: str = ""

    @property
    def kind(self) -> str:
        """Its name in reports."""
        return f"a token by {Path(self.command[0]).name}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must be redacted."""
        return ()


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client certificate for TLS: a PEM file that also contains its key, or ``key_file``.

    ``beside`` is a credential that is sent in addition.
    """

    file: Path
    key_file: Path | None = None
    beside: str | Password | KeyHeader | CommandToken | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """Its name in reports."""
        return "a client certificate" + (f" and {kind_of(self.beside)}" if self.beside else "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must be redacted."""
        return secrets_of(self.beside)


@dataclass(frozen=True, slots=True)
class AwsSignature:
    """AWS credentials that sign each request (Signature Version 4), for API Gateway with IAM."""

    region: str
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    service: str = "execute-api"

    @property
    def kind(self) -> str:
        """Its name in reports."""
        return f"an AWS signature for {self.service} in {self.region}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must be redacted."""
        return (self.secret_key, self.session_token)


Credential = str | Password | KeyHeader | CommandToken | ClientCertificate | AwsSignature


def kind_of(credential: Credential | None) -> str:
    """Return the kind of a credential for reports, never its value."""
    if credential is None:
        return "no credential"
    return "an API key" if isinstance(credential, str) else credential.kind


def secrets_of(credential: Credential | None) -> tuple[str, ...]:
    """Return every secret text of a credential; tokens of commands are registered when taken."""
    if credential is None:
        return ()
    return (credential,) if isinstance(credential, str) else credential.secrets
