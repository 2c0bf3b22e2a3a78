"""The MLflow SDK as a third-party developer uses it: with a tracking URI and a credential only."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from registry_conformance.judge.clients.direct_store_access import recording_store
from registry_conformance.judge.clients.library_requests import CHUNK, body_of, headers_of, root_cause
from registry_conformance.judge.clients.local_artifacts import refusing_local_artifacts
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.request_guard import authorize, record_answer
from registry_conformance.judge.clients.sdk_credentials import client_variables, header_plugin
from registry_conformance.judge.evidence.exchange import Body, Exchange, transport_error
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import expect_status
from registry_conformance.judge.machine import part_environment, world
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.requests import Permit, enforce
from registry_conformance.judge.target.target import BARE, Door, Machine

if TYPE_CHECKING:
    import requests

PROXIED: Mapping[str, str] = {
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
}
"""Client settings that keep every byte on the door."""

PROBING: Mapping[str, str] = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Client settings that judge the first answer instead of four minutes of retries, and ask no cloud for credentials."""


@dataclass
class Registry:
    """MLflow by its SDK, while entered; ``variables`` are further client settings.

    Entering replaces this process's environment and home, so enter it in a process of its own
    (``IsolatedProcess``). Entering
    raises ``Mismatch`` at once if the door is dead or the key is refused. Every HTTP exchange is recorded.
    """

    door: Door
    key: Credential | None = field(repr=False)
    evidence: Evidence
    home: Path
    run: str
    variables: Mapping[str, str] = field(default_factory=dict)
    machine: Machine = BARE
    exchanges: list[Exchange] = field(default_factory=list)
    _entered: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        expect_status(MlflowHttp(self.door, self.key, self.evidence, self.run, timeout=10).search_experiments(), 200)
        given = {"MLFLOW_TRACKING_URI": self.door.url, **self.door.network.variables}
        given |= client_variables(self.key, self.home)
        if self.door.workspace:
            given["MLFLOW_WORKSPACE"] = self.door.workspace
        if self.door.ca:
            given["MLFLOW_TRACKING_SERVER_CERT_PATH"] = str(self.door.ca)
        bare = {**part_environment(self.run, self.home), "NETRC": str(self._netrc())}
        there = {name: self._fill(value) for name, value in self.machine.variables}
        login = self.machine.login
        given |= login.variables if login is not None else {}
        self._entered.enter_context(world({**bare, **PROBING, **given, **there, **self.variables}))
        if self.door.guard is not None:
            enforce()
        self._entered.enter_context(refusing_local_artifacts())
        self._entered.enter_context(recording(self._record, self._authorize))
        if login is not None:
            self._entered.enter_context(recording_store(self._record, self._authorize))
        self._entered.enter_context(header_plugin(self.key))
        return self

    def __exit__(self, *problem: object) -> None:
        self._entered.close()

    @property
    def client(self) -> Any:
        """The SDK's own ``MlflowClient``."""
        from mlflow import MlflowClient  # noqa: PLC0415 - takes seconds to import

        return MlflowClient()

    @property
    def sdk(self) -> Any:
        """The SDK itself, the module ``mlflow``."""
        import mlflow  # noqa: PLC0415 - takes seconds to import

        return mlflow

    def uploads(self) -> dict[str, Body]:
        """Return artifact route path -> what this client sent there, for each accepted upload."""
        marker = "/mlflow-artifacts/artifacts/"
        return {
            exchange.url.partition(marker)[2]: exchange.request_body
            for exchange in self.exchanges
            if exchange.method == "PUT" and marker in exchange.url and exchange.ok
        }

    def _netrc(self) -> Path:
        """Return the machine's netrc file; it does not exist if the machine has no entries."""
        if not self.machine.netrc:
            return self.home / "no-netrc"
        file = self.home / "netrc"
        file.touch(mode=0o600)
        file.write_text(self._fill(self.machine.netrc))
        return file

    def _fill(self, text: str) -> str:
        return text.replace("{url}", self.door.url).replace("{host}", urlsplit(self.door.url).hostname or "")

    def _record(self, exchange: Exchange) -> None:
        shown = Exchange(**{**_fields(exchange), "door": self._door_of(exchange.url)})
        record_answer(self.door, shown)
        self.exchanges.append(self.evidence.exchange(shown))

    def _authorize(self, method: str, url: str, body: Body) -> Permit:
        """Authorize a request; artifact routes are exempt from the door's mode, which the SDK chooses itself."""
        return authorize(
            replace(self.door, direct=False), Exchange(method, url, self.door.name, None), body.head, body.size
        )

    def _door_of(self, url: str) -> str:
        return self.door.name if url.startswith(self.door.url + "/") else "past the door"


def _fields(exchange: Exchange) -> dict[str, Any]:
    return {name: getattr(exchange, name) for name in Exchange.__slots__}


def digest_file(path: Path) -> Body:
    """Return size and sha256 of a local file, read in constant memory."""
    with path.open("rb") as file:
        return Body.of(iter(lambda: file.read(CHUNK), b""))


def digest_folder(folder: Path) -> dict[str, Body]:
    """Return path below ``folder`` -> size and sha256, of every file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in files}


@contextmanager
def recording(record: Any, ask: Any) -> Iterator[None]:
    """Pass every exchange of ``requests`` to ``record`` while active, redirects one by one.

    ``ask`` authorizes each request before it is sent.
    """
    import requests  # noqa: PLC0415 - only the SDK's process needs it

    original = requests.Session.send

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        body = body_of(request.body)
        permit = ask(request.method or "", request.url or "", body)
        began, started = time.time(), time.monotonic()
        try:
            with permit:
                response = original(session, request, **options)
        except requests.RequestException as problem:
            record(_failed(request, body, began, time.monotonic() - started, problem))
            raise
        for answer in (*response.history, response):
            record(_answered(answer, body, began, streamed=bool(options.get("stream"))))
            began += answer.elapsed.total_seconds()
        return response

    requests.Session.send = send  # type: ignore[method-assign, assignment]  # the one place that all of the SDK's requests pass
    try:
        yield
    finally:
        requests.Session.send = original  # type: ignore[method-assign]  # put back


def _answered(response: requests.Response, sent: Body, began: float, *, streamed: bool) -> Exchange:
    request = response.request
    length = response.headers.get("Content-Length", "0")
    size = int(length) if re.fullmatch(r"[0-9]{1,18}", length) else 0
    return Exchange(
        method=request.method or "",
        url=request.url or "",
        door="",
        status=response.status_code,
        request_headers=headers_of(request.headers.items()),
        request_body=sent,
        response_headers=headers_of(response.headers.items()),
        response_body=Body(size, "") if streamed else Body.of([response.content]),
        seconds=response.elapsed.total_seconds(),
        started=began,
    )


def _failed(
    request: requests.PreparedRequest, sent: Body, began: float, seconds: float, problem: Exception
) -> Exchange:
    return Exchange(
        method=request.method or "",
        url=request.url or "",
        door="",
        status=None,
        request_headers=headers_of(request.headers.items()),
        request_body=sent,
        seconds=seconds,
        started=began,
        error=transport_error(root_cause(problem)),
    )
