"""Calls of AWS's clients answered by moto in the same process: no connection is made, and nothing waits for another."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""What answers requests, as WSGI has it."""
_plain = URLLib3Session.send


class _Body(io.BytesIO):
    """A body as botocore reads it from a connection."""

    def stream(self, **_: Any) -> Iterable[bytes]:
        """Yield what is left of it."""
        yield self.read()


def call_at_once(patch: pytest.MonkeyPatch, endpoint: str, application: Application) -> None:
    """Have botocore call an application for what it sends to an endpoint."""

    def send(self: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        if not request.url.startswith(f"{endpoint}/"):
            return _plain(self, request)
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            said.update(status=int(status.partition(" ")[0]), headers=dict(headers))

        body = b"".join(application(_environment(request), start))
        return AWSResponse(request.url, said["status"], said["headers"], _Body(body))

    patch.setattr(URLLib3Session, "send", send)


def _environment(request: AWSPreparedRequest) -> dict[str, Any]:
    """Return a request as WSGI has it."""
    url = urlsplit(request.url)
    given: Any = request.body or b""
    given = given.read() if hasattr(given, "read") else given
    body: bytes = given.encode() if isinstance(given, str) else bytes(given)
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
    }
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "RAW_URI": request.url.removeprefix(f"{url.scheme}://{url.netloc}"),
        "REQUEST_URI": request.url.removeprefix(f"{url.scheme}://{url.netloc}"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **_as_variables({"Host": url.netloc, **headers}),
    }


def _as_variables(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers as WSGI names them."""
    named = {name.upper().replace("-", "_"): value for name, value in headers.items()}
    plain = {"CONTENT_TYPE": named.pop("CONTENT_TYPE")} if "CONTENT_TYPE" in named else {}
    named.pop("CONTENT_LENGTH", None)
    return plain | {f"HTTP_{name}": value for name, value in named.items()}
