"""A connection that was idle: swallowed without a word it is a failure; answered, or closed in order, it is none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probes import idle
from tests.test_probes_of_others import context_at

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"experiments":[]}'
LAST = ANSWER.replace(b"Content-Length", b"Connection: close\r\nContent-Length")


def served(line: socket.socket, manner: str, first: bool) -> None:
    """Serve one connection: ``first`` is whether it is the one that is kept."""
    with line:
        while line.recv(65536):
            if manner == "deaf" and not first:
                threading.Event().wait(60.0)  # the thread ends with the tests
                return
            line.sendall(LAST if manner == "says close" else ANSWER)
            if manner in ("closes", "says close"):
                return
            if manner in ("swallows", "deaf") and first:
                threading.Event().wait(60.0)  # the thread ends with the tests
                return


@contextmanager
def door(manner: str) -> Iterator[str]:
    """Yield the URL of a server that treats connections in a manner."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            first = True
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=served, args=(line, manner, first), daemon=True).start()
                first = False

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def looked(manner: str) -> Facts:
    """Return what is told of a connection that was kept."""
    with door(manner) as url, idle.kept_connection() as kept:
        context = context_at(url)
        idle.begin(context, kept)
        idle.end(context, kept)
    return context.facts


@pytest.mark.parametrize(
    ("manner", "value", "normal"),
    [
        ("answers", "answered", True),
        ("closes", "closed", True),
        ("says close", "closed", True),
        ("swallows", "swallowed", False),
        ("deaf", "", True),
    ],
)
def test_only_a_connection_that_is_swallowed_is_wrong(manner: str, value: str, normal: bool) -> None:
    """What closes a connection tells the client; where nobody answers on any, nothing is said of idle ones."""
    facts = looked(manner)
    assert (facts.value("idle.P"), facts["idle.P"].normal) == (value, normal)


def test_a_swallowed_connection_is_named() -> None:
    """The network is at fault, though each step of a registration works."""
    diagnosis = conclude(looked("swallows"), causes=())
    assert [(cause.id, cause.layer) for cause in diagnosis.causes] == [("idle-connections-swallowed", "network")]
