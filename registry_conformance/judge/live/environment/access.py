"""Access to an environment: the credentials of each role, and the network in between."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from registry_conformance.judge.diagnosis.preflight.address import holds_credential
from registry_conformance.judge.live.environment.tables import Seconds, Secret, Strict, examined, parts_of


class AwsTable(Strict):
    """AWS credentials that sign each request, for API Gateway with IAM."""

    region: str = Field(min_length=1, description="the region of the gateway, as eu-west-1")
    service: str = Field(
        default="execute-api", min_length=1, description='the service that is signed for, "execute-api"'
    )
    access_key: Secret = Field(description="a table with one of variable, file and command")
    secret_key: Secret = Field(description="a table with one of variable, file and command")
    session_token: Secret | None = Field(default=None, description="a table with one of variable, file and command")


class KeyTable(Strict):
    """The credential of a role: key or token, user and password, signature, or client certificate."""

    variable: str | None = Field(
        default=None, min_length=1, description="the name of an environment variable that holds the key"
    )
    file: str | None = Field(
        default=None, min_length=1, description="the path of a file that holds the key and no more"
    )
    command: list[str] | None = Field(
        default=None,
        min_length=1,
        description="a program and its arguments that prints the key or token; it is run again before a token expires",
    )
    seconds: Seconds | None = Field(
        default=None,
        gt=0,
        description="for how many seconds a token of the command lasts, if it does not say so itself",
    )
    header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
        description='the header that is the key\'s, as "X-API-Key"; without it "Authorization: Bearer KEY" is sent',
    )
    user: str | None = Field(default=None, min_length=1, pattern=r"^[^:\s]+$", description="the user of a password")
    password: Secret | None = Field(default=None, description="a table with one of variable, file and command")
    certificate: str | None = Field(
        default=None, min_length=1, description="the path of the client's certificate (PEM)"
    )
    certificate_key: str | None = Field(
        default=None, min_length=1, description="the path of the certificate's key, if it is in a file of its own"
    )
    sigv4: AwsTable | None = Field(
        default=None, description="a table with region, access_key, secret_key and session_token"
    )

    @property
    def secret(self) -> Secret | None:
        """The source of the key, ``None`` if it is no key."""
        if self.variable is None and self.file is None and self.command is None:
            return None
        return Secret(variable=self.variable, file=self.file, command=self.command)

    @model_validator(mode="after")
    def _one_way(self) -> KeyTable:
        ways = [self.variable, self.file, self.command, self.user or self.password, self.sigv4]
        given = sum(way is not None for way in ways)
        if given > 1 or (not given and self.certificate is None):
            raise ValueError("exactly one of variable, file, command, user with password, and sigv4, or a certificate")
        if (self.user is None) != (self.password is None):
            raise ValueError("both of user and password, or none")
        if self.seconds is not None and self.command is None:
            raise ValueError("both of command and seconds, or no seconds")
        if self.header is not None and self.secret is None:
            raise ValueError("both of header and one of variable, file and command, or no header")
        if self.certificate_key is not None and self.certificate is None:
            raise ValueError("both of certificate and certificate_key, or no certificate_key")
        return self


def _proxy(text: str) -> str:
    if holds_credential(text):
        raise ValueError("a URL with a password, which belongs into the variable HTTPS_PROXY or HTTP_PROXY")
    parts = parts_of(text)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError("no http URL of a forward proxy")
    if parts.query or "#" in text:
        raise ValueError("a URL with a query or a fragment")
    return examined(text)


_FORWARD = "the URL of a forward proxy, as http://proxy.example:3128"
ProxyUrl = Annotated[str, AfterValidator(_proxy)]


class NetworkTable(Strict):
    """The network between this machine and the doors; by default the usual variables apply."""

    http_proxy: ProxyUrl | None = Field(default=None, description=_FORWARD)
    https_proxy: ProxyUrl | None = Field(default=None, description=_FORWARD)
    no_proxy: list[str] | None = Field(
        default=None, description='a list of hosts that are asked without one; ["*"] for all'
    )
    ca_file: str | None = Field(
        default=None, min_length=1, description="the path of a file of certificate authorities that are believed"
    )
