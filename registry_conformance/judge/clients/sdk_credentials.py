"""Credentials as users give them to the MLflow client: environment variables, or a plugin if there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.signing import taken_token
from registry_conformance.judge.target.credential import (
    AwsSignature,
    ClientCertificate,
    CommandToken,
    Credential,
    KeyHeader,
    Password,
)


def client_variables(credential: Credential | None, home: Path) -> dict[str, str]:
    """Return the MLflow client's variables for a credential; a file that one of them names is written to ``home``."""
    match credential:
        case str():
            return {"MLFLOW_TRACKING_TOKEN": credential}
        case Password():
            return {
                "MLFLOW_TRACKING_USERNAME": credential.user,
                "MLFLOW_TRACKING_PASSWORD": credential.password,
            }
        case CommandToken(header=""):
            return {"MLFLOW_TRACKING_TOKEN": taken_token(credential)}
        case ClientCertificate():
            shown = {"MLFLOW_TRACKING_CLIENT_CERT_PATH": str(_one_file(credential, home))}
            return shown | client_variables(credential.beside, home)
        case AwsSignature():
            told = {
                "MLFLOW_TRACKING_AWS_SIGV4": "true",
                "AWS_DEFAULT_REGION": credential.region,
                "AWS_ACCESS_KEY_ID": credential.access_key,
                "AWS_SECRET_ACCESS_KEY": credential.secret_key,
                "AWS_SESSION_TOKEN": credential.session_token,
            }
            return {name: value for name, value in told.items() if value}
    return {}


@contextmanager
def header_plugin(credential: Credential | None) -> Iterator[None]:
    """Make the MLflow client send a header that it has no variable for, while active.

    Users install a package with a request-header provider for that; this is such a provider. On a redirect to another
    host the client drops only ``Authorization``; this header is dropped as well.
    """
    held = credential.beside if isinstance(credential, ClientCertificate) else credential
    if not isinstance(held, KeyHeader | CommandToken) or (isinstance(held, CommandToken) and not held.header):
        yield
        return
    source: KeyHeader | CommandToken = held
    name = source.name if isinstance(source, KeyHeader) else source.header
    from mlflow.tracking.request_header import registry  # noqa: PLC0415 - takes seconds to import
    from mlflow.tracking.request_header.abstract_request_header_provider import (  # noqa: PLC0415 - as above
        RequestHeaderProvider,
    )

    class Provider(RequestHeaderProvider):
        """Provides the header that the deployment requires."""

        def in_context(self) -> bool:
            """Return ``True``."""
            return True

        def request_headers(self) -> dict[str, str]:
            """Return the header."""
            return {name: source.value if isinstance(source, KeyHeader) else taken_token(source)}

    providers = registry._request_header_provider_registry
    providers._registry.append(Provider())
    try:
        with _left_behind(name):
            yield
    finally:
        providers._registry.pop()


@contextmanager
def _left_behind(header: str) -> Iterator[None]:
    """Make ``requests`` drop a header, like ``Authorization``, on a redirect to another host."""
    import requests  # noqa: PLC0415 - only the SDK's process needs it

    original: Any = requests.Session.rebuild_auth

    def rebuild_auth(session: Any, request: requests.PreparedRequest, response: requests.Response) -> None:
        original(session, request, response)
        if session.should_strip_auth(response.request.url or "", request.url or ""):
            request.headers.pop(header, None)

    requests.Session.rebuild_auth = rebuild_auth  # type: ignore[method-assign]  # requests has no hook for it
    try:
        yield
    finally:
        requests.Session.rebuild_auth = original  # type: ignore[method-assign]  # put back


def _one_file(credential: ClientCertificate, home: Path) -> Path:
    """Return a file with certificate and key: the MLflow client accepts only a combined one."""
    if credential.key_file is None:
        return credential.file
    both = home / "client.pem"
    both.touch(mode=0o600)
    both.write_text(credential.file.read_text() + "\n" + credential.key_file.read_text())
    return both
