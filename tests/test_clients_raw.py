"""The raw client sends what it was told, byte for byte, and finds the answer that belongs to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from registry_conformance.judge.clients.framing import AMBIGUOUS, UNUSUAL
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door

Serve = Callable[[bytes], str]
FRAMINGS = {**AMBIGUOUS, **UNUSUAL}
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
NO = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def heard() -> list[bytes]:
    """What the server below received, one item a connection."""
    return []


@pytest.fixture
def serve(heard: list[bytes]) -> Iterator[Serve]:
    """A server that hears one connection out for a moment, says its piece, and keeps the connection open."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def one(listener: socket.socket, answer: bytes) -> None:
        line, _ = listener.accept()
        with closing(listener), closing(line):
            heard.append(line.recv(65536))
            line.sendall(answer)
            over.wait(10)

    def start(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        threads.append(threading.Thread(target=one, args=(listener, answer), daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/door"

    yield start
    over.set()
    for thread in threads:
        thread.join(10)


def raw(url: str, key: str | None = "hk_secret", evidence: Evidence | None = None) -> Raw:
    """Return a client of that door."""
    return Raw(Door("canonical", url), key, evidence or Evidence(), "run")


def test_target_and_headers_go_out_as_they_are(serve: Serve, heard: list[bytes]) -> None:
    """Neither the target nor a header is mended, repeated names included."""
    raw(serve(OK)).send("BREW", "/a/../b%2f//c;d", headers=[("X_y", "1"), ("X_y", "ü")])
    lines = heard[0].split(b"\r\n")

    assert lines[0] == b"BREW /a/../b%2f//c;d HTTP/1.1"
    assert [line for line in lines if line.startswith(b"X_y")] == [b"X_y: 1", "X_y: ü".encode()]
    assert b"Authorization: Bearer hk_secret" in lines


def test_whole_answer_is_enough(serve: Serve) -> None:
    """An answer that is complete is returned though the connection stays open."""
    answer = raw(serve(OK)).send("GET", "/")

    assert (answer.status, answer.text, answer.error) == (200, "OK", "")


def test_closed_connection_is_told(serve: Serve) -> None:
    """A connection that is closed or broken without an answer is told as such, not raised."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    assert raw(url).send("GET", "/").error.startswith("refused")
    assert raw(serve(b"nonsense\r\n\r\n")).send("GET", "/").error.startswith("protocol")


def test_framed_request_is_followed_by_a_last_one(serve: Serve, heard: list[bytes]) -> None:
    """A framed request brings its own length, then the hidden request, then one that ends the connection."""
    evidence = Evidence()
    answer = raw(serve(OK + NO), evidence=evidence).send("POST", "/", framed=UNUSUAL["plain-length"](b"HIDDEN"))
    head, _, rest = heard[0].partition(b"\r\n\r\n")

    assert (answer.status, answer.text) == (200, "OK")
    assert b"Content-Length: 18" in head.split(b"\r\n")
    assert rest.startswith(b'{"max_results": 1}HIDDENGET /door/health HTTP/1.1\r\n')
    assert [item["text"] for item in evidence.items() if item["kind"] == "note"] == [
        "answers on one connection: [200, 400]"
    ]


@pytest.mark.parametrize("carrier", ["bearer", "apikey", "x-api-key"])
def test_key_stays_out_of_the_evidence(serve: Serve, heard: list[bytes], carrier: Carrier) -> None:
    """A key is sent and masked in each carrier."""
    evidence = Evidence()
    raw(serve(OK), None, evidence).offer(carrier, "hk_secret")

    assert b"hk_secret" in heard[0]
    assert "hk_secret" not in str(evidence.items())


@pytest.mark.parametrize("name", FRAMINGS)
def test_every_framing_holds_what_it_hides(name: str) -> None:
    """Each framing carries the hidden request whole, and at least one framing header."""
    headers, body = FRAMINGS[name](b"HIDDEN")

    assert body.endswith(b"HIDDEN")
    assert any(
        "transfer-encoding" in f"{field} {value}".lower() or field == "Content-Length" for field, value in headers
    )


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("/api/mlflow/api/2.0/mlflow/runs/get?a=%2F", "{0}/api/mlflow/api/2.0/mlflow/runs/get?a=%2F"),
        ("http://localhost/health", "http://localhost/health"),
        ("*", "{0}/*"),
    ],
)
def test_evidence_shows_the_url_that_was_asked(serve: Serve, target: str, asked: str) -> None:
    """The evidence of an exchange shows the URL that was asked (kind: a prefix that was put on twice)."""
    url = serve(OK).removesuffix("/door")

    assert raw(f"{url}/api/mlflow").send("GET", target).url == asked.format(url)
