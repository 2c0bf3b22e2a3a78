"""A registry that answers from a table, so that a proof meets exactly what a test wants it to meet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from registry_conformance.judge.load.history import Operation
from registry_conformance.judge.target.target import Door, Target

Question = tuple[str, tuple[tuple[str, str], ...]]
"""The end of a path, and its query in order."""


def question(path: str, **query: str) -> Question:
    """Return a question as the table has it."""
    return path, tuple(query.items())


@contextmanager
def registry(answers: Mapping[Question, object]) -> Iterator[Target]:
    """Yield a target whose registry answers these questions with 200 and a document or bytes, or with a bare status.

    All other questions are answered 404.
    """

    class Registry(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = tuple((name, value) for name, value in parse_qsl(parts.query) if name != "max_results")
            found = next(
                (answer for (path, query), answer in answers.items() if parts.path.endswith(path) and query == asked),
                None,
            )
            status = 404 if found is None else 200
            if isinstance(found, int):
                status = found
            body = found if isinstance(found, bytes) else json.dumps(found or {"error_code": "GONE"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keep the console quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Target("a table", "live", (Door("canonical", f"http://127.0.0.1:{server.server_port}"),), {})
    finally:
        server.shutdown()
        server.server_close()


def done(kind: str, key: str, value: str = "", answer: str = "", *, at: int = 1) -> Operation:
    """Return an acknowledged operation that began at a moment and took one unit of time."""
    return Operation(f"{kind}-{key}-{at}", "u1", kind, key, value, at, at + 1, "ok", 200, answer)
