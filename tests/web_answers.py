"""Small web servers on loopback that answer as they are told, and keep what they were asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from registry_conformance.judge.diagnosis.preflight import Preflight, examine
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Door

SEARCH_PATH = "/api/2.0/mlflow/experiments/search"
EXPERIMENTS = {"experiments": [{"experiment_id": "0", "name": "Default", "lifecycle_stage": "active"}]}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, body (JSON if it is a document), and headers."""

    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()

    @property
    def kind(self) -> str:
        """The content type, by what the body is."""
        if not isinstance(self.body, str | bytes):
            return "application/json"
        return "text/html" if self.content.lstrip()[:1] == b"<" else "text/plain"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: method, path with its query, headers by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def authorization(self) -> str:
        """The credential that came with it, empty if none did."""
        return self.headers.get("authorization", "")


Answering = Callable[[Asked], Answer]


@dataclass
class Site:
    """A server that runs: its URL, and every request that came."""

    url: str
    asked: list[Asked]

    @property
    def credentials(self) -> set[str]:
        """Every credential that came."""
        return {each.authorization for each in self.asked} - {""}


@contextmanager
def site(answering: Answering, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Serve what ``answering`` answers to each request, and yield the site."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def version_string(self) -> str:
            return ""

        def do_GET(self) -> None:
            request = Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
            asked.append(request)
            answer = answering(request)
            self.send_response_only(answer.status)
            for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the console quiet."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: clients go away here, and speak what they are not meant to speak."""

    server = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Site(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def mlflow(asked: Asked, prefix: str = "") -> Answer:
    """Answer as MLflow does."""
    path = asked.path.partition("?")[0]
    if path == f"{prefix}{SEARCH_PATH}":
        return Answer(200, EXPERIMENTS)
    if path == f"{prefix}/version":
        return Answer(200, "3.17.2")
    if path == f"{prefix}/health":
        return Answer(200, "OK")
    return Answer(404, "<title>404 Not Found</title>If you entered the URL manually")


def guarded(key: str, refusal: Answer, inner: Answering = mlflow) -> Answering:
    """Answer as ``inner`` whoever brings the credential, and with a refusal everybody else."""
    return lambda asked: inner(asked) if asked.authorization == key else refusal


def always(answer: Answer) -> Answering:
    """Answer everything alike."""
    return lambda _: answer


def looked_at(url: str, credential: Credential | None = "a-key-of-mine", patience: float = 3.0) -> Preflight:
    """Return what the preflight comes to at a URL."""
    return examine(Door("given", url, patience), credential, "run-1", patience)
