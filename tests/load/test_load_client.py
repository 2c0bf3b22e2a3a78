"""The client of a load keeps its connection, and writes down what a broken one did."""

from __future__ import annotations

import inspect
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from registry_conformance.judge.clients import request_guard
from registry_conformance.judge.load.kept_client import KeptMlflow, NoEvidence
from registry_conformance.judge.load.threaded_guard import ThreadedGuard
from registry_conformance.judge.target.target import Door


class Connections(BaseHTTPRequestHandler):
    """Answers with the number of its connection; ``/last`` ends the connection, ``/cut`` breaks the answer off."""

    protocol_version = "HTTP/1.1"
    count = 0

    def setup(self) -> None:
        """Count one more connection."""
        type(self).count += 1
        self.number = type(self).count
        super().setup()

    def do_GET(self) -> None:
        """Answer one request."""
        body = str(self.number).encode()
        self.send_response(200)
        cut = self.path.endswith("/cut")
        self.send_header("Content-Length", str(len(body) + 5 * cut))
        if self.path.endswith("/last"):
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = cut or self.path.endswith("/last")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep the console quiet."""


@pytest.fixture
def client() -> Iterator[KeptMlflow]:
    """A client at a server that counts its connections."""
    Connections.count = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Connections)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield KeptMlflow(Door("canonical", f"http://127.0.0.1:{server.server_port}"), None, NoEvidence(), "run")
    server.shutdown()
    server.server_close()


def test_requests_share_a_connection_until_it_ends(client: KeptMlflow) -> None:
    """One connection serves until the server ends it; then another is opened."""
    told = [client.send("GET", path).text for path in ("/a", "/b", "/last", "/c")]

    assert told == ["1", "1", "1", "2"]


def test_half_a_body_is_no_success(client: KeptMlflow) -> None:
    """A 200 that is cut is told as such, and the next request has a connection of its own."""
    cut, after = client.send("GET", "/cut"), client.send("GET", "/a")

    assert (cut.status, cut.ok, cut.error.split(":")[0]) == (200, False, "reset")
    assert (after.text, after.ok) == ("2", True)


def test_no_other_user_waits_while_the_ledger_is_written() -> None:
    """What the client asks of its guard for each request is asked in a thread: a write to a disk stops no loop."""
    source = inspect.getsource(request_guard)
    asked = {*re.findall(r"\bguard\.(\w+)\(", source)}

    assert {"allow", "met", "refused", "learn", "ended"} <= asked
    assert asked - {*vars(ThreadedGuard)} == set()
