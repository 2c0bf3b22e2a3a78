"""A transfer that goes on is not a silence: what was not waited for to its end is not known, and nothing is wrong."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from registry_conformance.judge.diagnosis import asker
from registry_conformance.judge.diagnosis.budget import Budget, Machine
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.target.policy import OPEN
from registry_conformance.judge.target.target import Door, Target

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000000\r\n\r\n"


@contextmanager
def _sending(pieces: int) -> Iterator[str]:
    """Yield the URL of a server that begins a long answer, sends so many pieces of it, and then nothing more."""

    def serve() -> None:
        try:
            while True:
                connection, _ = server.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()
        except OSError:
            return  # the test is over

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(HEAD)
                for _ in range(pieces):
                    connection.sendall(b"x" * 1000)
                    time.sleep(0.01)
                over.wait(30)
            except OSError:
                return  # who asked has hung up

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()


@pytest.mark.parametrize(("pieces", "seen"), [(100_000, False), (5, True)])
def test_transfer_that_went_on_is_not_known(pieces: int, *, seen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that still came when the time was over are no failure; bytes that stopped coming are one."""
    monkeypatch.setattr(asker, "_TO_READ", 0.0)
    facts = Facts()
    with _sending(pieces) as url:
        door = Door("given", url, policy=OPEN)
        context = ProbeContext(Target("x", "given", (door,), {}), "run", facts, Budget(), door)
        context.waits.machine = _Quiet()
        context.at("P", patience=1.0).ask("size.5m.get", "a download", "GET", "/x", normal="200 whole")
    assert facts["size.5m.get.P"].seen is seen
    assert bool(facts.missed) is not seen


class _Quiet(Machine):
    """A machine that has time."""

    @property
    def stretch(self) -> float:
        """Nothing waits for a processor."""
        return 1.0
