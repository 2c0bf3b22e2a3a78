"""Bodies pass in both directions as they come: nothing is held back, nothing is kept."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.parts import KEYS, Parts
from tests.proxy.conftest import Ask

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts"
MIB = 1 << 20


def arrived(parts: Parts) -> int:
    """Return how many bytes of the current upload MLflow has."""
    return int(parts.http.get(parts.url("origin") + "/seen").json()["arrived"])


def test_a_download_begins_before_it_ends(ask: Ask) -> None:
    """A download begins before it ends."""
    headers = {"Authorization": f"Bearer {KEYS['reader']}"}
    with httpx.stream(
        "GET", ask.parts.url("proxy") + ARTIFACTS + "/trickle", headers=headers, trust_env=False
    ) as answer:
        chunks = answer.iter_raw()
        assert next(chunks) == b"first"
        ask.parts.http.get(ask.parts.url("origin") + "/release")
        assert b"".join(chunks) == b"second"


def test_an_upload_arrives_while_it_is_sent(ask: Ask) -> None:
    """An upload arrives while it is sent."""
    reached = []

    def body() -> Iterator[bytes]:
        yield bytes(8 * MIB)
        deadline = time.monotonic() + 10
        while (now := arrived(ask.parts)) < 4 * MIB and time.monotonic() < deadline:
            time.sleep(0.01)
        reached.append(now)
        yield b"the end"

    answer = ask("PUT", ARTIFACTS + "/model.bin", content=body())
    assert reached[0] >= 4 * MIB
    assert answer.json()["length"] == 8 * MIB + 7


def test_memory_stays_flat_while_much_passes(ask: Ask) -> None:
    """Memory stays flat while much passes."""
    envoy = psutil.Process(ask.parts.pids["envoy"])
    ask("GET", ARTIFACTS + "/big-8")
    before = envoy.memory_info().rss
    assert len(ask("GET", ARTIFACTS + "/big-96").content) == 96 * MIB
    assert ask("PUT", ARTIFACTS + "/model.bin", content=bytes(96 * MIB)).json()["length"] == 96 * MIB
    assert envoy.memory_info().rss - before < 24 * MIB


def test_an_empty_chunked_upload_passes(ask: Ask) -> None:
    """An empty chunked upload passes."""
    sent = ask("PUT", ARTIFACTS + "/empty", content=iter(())).json()
    assert (sent["length"], dict(sent["headers"])["transfer-encoding"]) == (0, "chunked")


@pytest.mark.parametrize(("key", "told"), [("writer", b"HTTP/1.1 100 "), ("reader", b"HTTP/1.1 403 ")])
def test_a_client_that_asks_first_is_told_before_it_sends(ask: Ask, key: str, told: bytes) -> None:
    """A client that asks first is told before it sends."""
    head = f"PUT {ARTIFACTS}/model.bin HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEYS[key]}\r\n"
    with socket.create_connection(("127.0.0.1", ask.parts.ports["proxy"]), timeout=10) as connection:
        connection.sendall(f"{head}Expect: 100-continue\r\nContent-Length: {64 * MIB}\r\n\r\n".encode())
        assert connection.recv(len(told), socket.MSG_WAITALL) == told


def test_a_refused_upload_reaches_nobody(ask: Ask) -> None:
    """A refused upload reaches nobody."""
    ask("PUT", ARTIFACTS + "/model.bin", content=b"12345")
    assert arrived(ask.parts) == 5
    refused = ask("PUT", ARTIFACTS + "/model.bin", key="reader", content=bytes(1000))
    assert refused.status_code == 403
    assert arrived(ask.parts) == 5
