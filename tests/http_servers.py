"""Small real servers on loopback: one that says what it was sent, and ones that break on purpose."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Answers any request with its target, headers, and body's size and sha256, as JSON.

    ``/status/NNN`` answers with that status, ``/large/N`` with N bytes, ``/moved`` with a redirect.
    """

    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        """Answer one request."""
        body = self._chunked() if self.headers.get("Transfer-Encoding") else self._sized()
        said = {
            "method": self.command,
            "target": self.path,
            "headers": self.headers.items(),
            "size": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        answer = json.dumps(said).encode()
        status = int(self.path.rpartition("/")[2]) if "/status/" in self.path else 200
        if "/large/" in self.path:
            answer = b"x" * int(self.path.rpartition("/")[2])
        if self.path.endswith("/moved"):
            status = 302
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-Request-Id", "echo-1")
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Handle every method alike: the base class looks for ``do_METHOD``."""
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep the console quiet."""

    def _sized(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _chunked(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


class _Quiet(ThreadingHTTPServer):
    """Says nothing of a client that went away."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print what broke, unless the client did."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # handed on as they came


@contextmanager
def echo() -> Iterator[str]:
    """Serve ``Echo`` and yield its base URL."""
    with served(Echo) as url:
        yield url


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve by a handler and yield the base URL."""
    server = _Quiet(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accept connections, let ``answer`` do what it likes with each, close it, and yield the base URL."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                answer(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
