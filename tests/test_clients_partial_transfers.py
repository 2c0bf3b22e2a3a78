"""Uploads that ask first, downloads that are given up, calls at one time, and pages: told as they happened."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import partial

import pytest

from registry_conformance.judge.clients import partial_transfers, request_guard
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.pages import all_pages
from registry_conformance.judge.clients.partial_transfers import announce, ask_first, hang_up_reading
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.target.requests import Permit
from registry_conformance.judge.target.target import Door
from tests.http_servers import raw

AT = "mlflow-artifacts:/1/r/artifacts"
GO_ON, STORED = b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
DENIED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"


def wire(url: str) -> MlflowHttp:
    """Return a client for a door there that waits for no longer than half a second."""
    return MlflowHttp(Door("d", url), "k", Evidence(), "run-1", timeout=0.5)


def answering(*answers: bytes) -> Callable[[socket.socket], None]:
    """Return a server's part of one exchange: each answer after something came."""

    def answer(line: socket.socket) -> None:
        for each in answers:
            line.recv(65536)
            line.sendall(each)

    return answer


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((GO_ON, STORED), (200, True, 5, "")),
        ((DENIED,), (401, False, 0, "")),
        ((STORED,), (200, False, 0, "")),
        ((GO_ON, b""), (None, True, 5, "reset")),
        ((b"",), (None, False, 0, "reset")),
    ],
    ids=["stored", "denied", "too-early", "cut-after-100", "cut"],
)
def test_upload_that_asks_first_tells_what_it_was_told(
    answers: tuple[bytes, ...], told: tuple[int | None, bool, int, str]
) -> None:
    """Final status, whether 100 came, and how much was sent, whatever the server does."""
    with raw(answering(*answers)) as url:
        asked = ask_first(wire(url), AT, "a", b"bytes")
    assert (asked.status, asked.told_to_go_on, asked.sent, asked.error.partition(":")[0]) == told


def test_an_announced_upload_costs_a_target_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget counts what is sent: five gigabytes that are only announced are none."""
    counted: list[int | None] = []

    def authorize(door: Door, exchange: Exchange, body: bytes | None, size: int | None) -> Permit:
        counted.append(size)
        return request_guard.authorize(door, exchange, body, size)

    monkeypatch.setattr(partial_transfers, "authorize", authorize)
    with raw(answering(GO_ON)) as url:
        asked = announce(wire(url), AT, "a", 5 << 30)
    assert asked.told_to_go_on
    assert counted == [0]


def test_server_that_waits_too_is_a_timeout() -> None:
    """A server that waits for the body, as one that knows no Expect does, is told as a timeout."""
    over = threading.Event()
    with raw(lambda line: (line.recv(65536), over.wait(5), None)[2]) as url:
        asked = ask_first(wire(url), AT, "a", b"bytes")
        over.set()
    assert asked.status is None
    assert asked.error.startswith("timeout")


def test_download_given_up_resets_the_connection() -> None:
    """The server sees its connection reset after the bytes that were wanted."""
    seen: list[str] = []

    def answer(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 5000)
        try:
            line.settimeout(5)
            seen.append(f"closed {line.recv(1)!r}")
        except ConnectionResetError:
            seen.append("reset")

    with raw(answer) as url:
        assert hang_up_reading(wire(url), AT, "a", 1000) == 1000
    assert seen == ["reset"]


def test_calls_are_made_at_one_time_and_come_back_in_order() -> None:
    """Eight calls meet, and their answers stand in the order in which they were given."""
    meeting = threading.Barrier(8, timeout=10)
    assert at_once([partial(lambda n: (meeting.wait(), n)[1], n) for n in range(8)]) == list(range(8))


def test_pages_that_do_not_end_are_told() -> None:
    """A search that always offers another page is a mismatch, not a loop."""
    page = b'{"models": [], "next_page_token": "again"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(page) + page
    with raw(answering(answer)) as url, pytest.raises(Mismatch, match="to end"):
        all_pages(wire(url), "models/search", "models")
