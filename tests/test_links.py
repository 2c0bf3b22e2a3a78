"""The witness passes bytes on as they are, and writes down what passed."""

from __future__ import annotations

import http.client
import json
import pickle
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from registry_conformance.judge.clients.witness import Witness, digested
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import part_environment, python
from registry_conformance.lab.disturbance import Rule
from registry_conformance.lab.stack.process import free_ports, port_is_free
from tests.conftest import eventually
from tests.http_servers import echo

pytestmark = pytest.mark.usefixtures("forked_throughout")


@pytest.fixture
def between(tmp_path: Path) -> Iterator[tuple[int, Witness]]:
    """The port of a witness before an echo, and its record."""
    record = tmp_path / "seen.jsonl"
    (port,) = free_ports(1)
    with echo() as url:
        process = stand(tmp_path, port, urlsplit(url).port or 0, record)
        try:
            eventually(lambda: answers(port), "the witness answers")
            yield port, Witness(record)
        finally:
            process.kill()
            process.wait()


def stand(
    folder: Path, port: int, upstream: int, record: Path, *rules: Rule, tape: str = ""
) -> subprocess.Popen[bytes]:
    """Start the program on one link, with these rules, or to tape it."""
    (folder / "rules").write_bytes(pickle.dumps({"mlflow": rules}))
    link = {"listen": ("127.0.0.1", port), "upstream": ("127.0.0.1", upstream), "record": str(record), "tape": tape}
    plan = folder / "plan.json"
    plan.write_text(json.dumps({"rules": str(folder / "rules"), "links": {"mlflow": link}}))
    program = [python(), "-m", "registry_conformance.lab.stack.link", str(plan)]
    return subprocess.Popen(program, cwd=ROOT, env=part_environment("test", folder))


def answers(port: int) -> bool:
    """Return whether a request through the witness is answered."""
    try:
        return ask(port, "GET", "/", {})[0] == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, headers: dict[str, str], body: object = None) -> tuple[int, bytes]:
    """Send a request; return status and body."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        line.request(method, path, body=body, headers=headers)  # type: ignore[arg-type] # any body that it takes
        response = line.getresponse()
        return response.status, response.read()


def test_request_and_answer_are_written_down(between: tuple[int, Witness]) -> None:
    """Both first lines, every header, and both bodies by size and digest stand in the record."""
    port, witness = between
    status, body = ask(port, "PUT", "/a%20b?q=1", {"X-Request-Id": "one", "X-Odd": "a, b"}, b"x" * 100_000)
    request, answer = witness.saw("one")

    assert (request.line, request.values("x-odd")) == ("PUT /a%20b?q=1 HTTP/1.1", ["a, b"])
    assert (request.size, request.sha256) == (100_000, Body.of([b"x" * 100_000]).sha256)
    assert answer.line.startswith(f"HTTP/1.1 {status} ")
    assert (answer.size, answer.sha256) == (len(body), Body.of([body]).sha256)


def test_chunked_body_is_digested_without_its_framing(between: tuple[int, Witness]) -> None:
    """A body in chunks counts as its bytes, and the next request on the connection is told apart."""
    port, witness = between
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        for name in ("one", "two"):
            line.request("PUT", "/", body=iter([b"abc", b"defg"]), headers={"X-Request-Id": name}, encode_chunked=True)
            assert line.getresponse().read()
    assert [witness.saw(name)[0].size for name in ("one", "two")] == [7, 7]


def test_answer_without_a_body_ends_at_its_head(between: tuple[int, Witness]) -> None:
    """A HEAD is answered at once, whatever length its answer announces."""
    port, witness = between
    ask(port, "HEAD", "/", {"X-Request-Id": "head"})

    assert witness.saw("head")[1].size == 0


def test_credentials_stay_out_of_the_record(between: tuple[int, Witness]) -> None:
    """Credentials are written down as their digest, in letters of any case."""
    port, witness = between
    ask(port, "GET", "/", {"X-Request-Id": "key", "authorization": "Bearer hk_secret", "X-API-KEY": "hk_secret"})
    request, _ = witness.saw("key")

    assert request.values("authorization") == [digested("Bearer hk_secret")]
    assert request.values("x-api-key") == [digested("hk_secret")]
    assert "hk_secret" not in witness.record.read_text().partition('"response"')[0]


def test_what_never_passed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange that is not in the record is a mismatch, and counts none."""
    monkeypatch.setattr("registry_conformance.judge.clients.witness._PATIENCE_SECONDS", 0.0)
    witness = Witness(tmp_path / "nothing.jsonl")

    assert witness.count("one") == 0
    with pytest.raises(Mismatch, match="0 of them"):
        witness.saw("one")


def test_an_answer_before_the_body_waits_for_it(tmp_path: Path) -> None:
    """Where the server answers before it has read the body, the body is counted all the same."""
    record = tmp_path / "seen.jsonl"
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = stand(tmp_path, port, server.getsockname()[1], record)
        try:
            eventually(lambda: not port_is_free(port), "the witness listens")
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"POST / HTTP/1.1\r\nX-Request-Id: early\r\nContent-Length: 5\r\n\r\n")
                upstream, _ = server.accept()
                with upstream:
                    upstream.recv(1000)
                    upstream.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    assert client.recv(1000).startswith(b"HTTP/1.1 400")
                    client.sendall(b"later")
                    request, _ = Witness(record).saw("early")
        finally:
            process.kill()
            process.wait()
    assert request.size == 5


def test_a_handshake_is_passed_as_it_is(tmp_path: Path) -> None:
    """TLS meant for a server that speaks none reaches it at once, and so does what it says to that."""
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = stand(tmp_path, port, server.getsockname()[1], tmp_path / "seen.jsonl")
        try:
            eventually(lambda: not port_is_free(port), "the witness listens")
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                client.sendall(b"\x16\x03\x01\x00\x05hello")
                upstream, _ = server.accept()
                with upstream:
                    upstream.settimeout(10)
                    assert upstream.makefile("rb").read(10) == b"\x16\x03\x01\x00\x05hello"
                    upstream.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                assert client.recv(1000) == b"HTTP/1.1 400 Bad Request\r\n\r\n"
        finally:
            process.kill()
            process.wait()


def test_what_nobody_waits_for_is_not_passed(tmp_path: Path) -> None:
    """A request whose sender left before the server could be reached never gets there, though the server is back."""
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        process = stand(tmp_path, port, address[1], tmp_path / "seen.jsonl")
        try:
            eventually(lambda: not port_is_free(port), "the witness listens")
            fill(address)  # from here on nobody reaches it
            with socket.create_connection(("127.0.0.1", port)) as leaving:
                leaving.sendall(b"PUT /left HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
            with socket.create_connection(("127.0.0.1", port)) as staying:
                staying.sendall(b"PUT /stayed HTTP/1.1\r\nContent-Length: 1\r\n\r\nx")
                asked = first_asked(server)
        finally:
            process.kill()
            process.wait()
    assert asked == b"PUT /stayed HTTP/1.1"


def fill(address: tuple[str, int]) -> None:
    """Connect and leave until a server that accepts nobody has no room for one more."""
    with pytest.raises(TimeoutError):
        while True:
            socket.create_connection(address, timeout=0.2).close()


def first_asked(server: socket.socket) -> bytes:
    """Accept until a connection brings a request; return its first line."""
    server.settimeout(20)
    while True:
        line, _ = server.accept()
        with line:
            if asked := line.recv(1000):
                return asked.partition(b"\r\n")[0]


def test_a_taped_link_passes_every_byte_and_keeps_it(tmp_path: Path) -> None:
    """What clients send is passed as it is, HTTP or not, to its end, and lies on the tape, its owner's alone."""
    (port,), tape = free_ports(1), tmp_path / "tape"
    spoken = [b"GET / HTTP/1.1\r\nAuthorization: Bearer hk\r\n\r\n", b"\x00\xff no HTTP\n", bytes(300_000)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = stand(tmp_path, port, server.getsockname()[1], tmp_path / "seen.jsonl", tape=str(tape))
        try:
            eventually(lambda: not port_is_free(port), "the link listens")
            for sent in spoken:
                with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                    upstream, _ = server.accept()
                    client.sendall(sent)
                    client.shutdown(socket.SHUT_WR)
                    with upstream, upstream.makefile("rb") as arrived:
                        assert arrived.read() == sent
                        upstream.sendall(b"answer")
                    with client.makefile("rb") as answer:
                        assert answer.read() == b"answer"
        finally:
            process.kill()
            process.wait()
    kept = sorted(tape.iterdir())

    assert {*spoken} <= {file.read_bytes() for file in kept}
    assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
    assert tape.stat().st_mode & 0o777 == 0o700


def test_a_taped_link_breaks_what_broke(tmp_path: Path) -> None:
    """A connection that the server breaks off is broken off for the client too, and not ended in good order."""
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = stand(tmp_path, port, server.getsockname()[1], tmp_path / "seen.jsonl", tape=str(tmp_path / "tape"))
        try:
            eventually(lambda: not port_is_free(port), "the link listens")
            with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
                upstream, _ = server.accept()
                upstream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                upstream.close()
                with pytest.raises(ConnectionResetError):
                    client.recv(10)
        finally:
            process.kill()
            process.wait()
