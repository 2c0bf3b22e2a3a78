"""Raw HTTP sends exactly what it is told, and tells transport problems apart."""

from __future__ import annotations

import hashlib
import io
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from registry_conformance.judge.clients.mlflow_http import MlflowHttp, location_path
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.target.target import Door
from tests.http_servers import echo, raw


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """The base URL of an echo server."""
    with echo() as url:
        yield url


def wire(url: str, key: str | None = "k", **settings: Any) -> MlflowHttp:
    """Return a client for a door there."""
    return MlflowHttp(Door("d", url), key, Evidence(), "run-1", **settings)


def test_a_request_names_its_client_once(base: str) -> None:
    """A request that is given a name of its own has no second one, which some servers refuse."""
    heard = wire(base).send("GET", "/a", headers=[("user-agent", "another/1")]).json()["headers"]
    assert [value for name, value in heard if name.lower() == "user-agent"] == ["another/1"]


@pytest.mark.parametrize("path", ["/a//b", "/a/../b", "/a/%2e%2e/b", "/a%2Fb", "/a;x=1", "/%E2%9C%93"])
def test_target_is_sent_byte_for_byte(base: str, path: str) -> None:
    """The request target reaches the server as it was given, below the door's path."""
    assert wire(base + "/api/mlflow").send("GET", path).json()["target"] == f"/api/mlflow{path}"


@pytest.mark.parametrize(
    ("carrier", "header"),
    [
        ("bearer", ["Authorization", "Bearer k"]),
        ("apikey", ["Authorization", "ApiKey k"]),
        ("x-api-key", ["X-API-Key", "k"]),
    ],
)
def test_key_is_carried(base: str, carrier: str, header: list[str]) -> None:
    """A key travels in the carrier that was chosen, and in no other."""
    sent = wire(base).search_experiments(carrier=carrier).json()["headers"]  # type: ignore[arg-type] # a literal above

    assert [pair for pair in sent if pair[0] in ("Authorization", "X-API-Key")] == [header]


def test_no_key_sends_no_credential(base: str) -> None:
    """A client without a key sends no credential header."""
    sent = dict(wire(base).with_key(None).health().json()["headers"])

    assert not {"Authorization", "X-API-Key"} & set(sent)
    assert sent["User-Agent"].endswith("run-1")


@pytest.mark.parametrize("size", [0, 1, 700_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_body_arrives_whole(base: str, size: int, chunked: bool) -> None:
    """A body arrives whole from bytes, files and iterables, with and without chunks."""
    payload = b"z" * size
    digest = hashlib.sha256(payload).hexdigest()
    forms = (payload, io.BytesIO(payload), iter([payload[:5], payload[5:]]))
    sent = [wire(base).send("PUT", "/x", body=form, size=size, chunked=chunked) for form in forms]

    assert [(exchange.json()["size"], exchange.json()["sha256"]) for exchange in sent] == [(size, digest)] * 3
    assert [(exchange.request_body.size, exchange.request_body.sha256) for exchange in sent] == [(size, digest)] * 3


def test_unsized_body_is_refused(base: str) -> None:
    """A body of unknown size is not sent by guess."""
    with pytest.raises(TypeError, match="size"):
        wire(base).send("PUT", "/x", body=iter([b"a"]))


def test_delete_carries_its_body(base: str) -> None:
    """A DELETE carries its JSON body."""
    said = wire(base).delete("registered-models/delete", name="m").json()

    assert (said["method"], said["size"]) == ("DELETE", len('{"name": "m"}'))


def test_redirect_is_not_followed(base: str) -> None:
    """A redirect is an answer, not a way."""
    seen = wire(base).send("GET", "/moved")

    assert (seen.status, seen.header("location")) == (302, "/elsewhere")


def test_large_answer_is_digested(base: str) -> None:
    """A large answer is digested whole and kept in part."""
    seen = wire(base).send("GET", "/large/3000000")

    assert seen.response_body.size == 3_000_000
    assert seen.response_body.sha256 == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert len(seen.content) < 300_000


def test_every_exchange_is_evidence(base: str) -> None:
    """Each request becomes one item of evidence, of every copy of a client."""
    client = wire(base)
    client.health()
    client.with_key(None).version()

    items: tuple[Any, ...] = client.evidence.items()
    assert [item["url"].rpartition("/")[2] for item in items] == ["health", "version"]


def test_cut_upload_hangs_up() -> None:
    """A cut upload announces the whole, sends the part, and hangs up."""
    received, ended = bytearray(), threading.Event()

    def swallow(connection: socket.socket) -> None:
        while chunk := connection.recv(65536):
            received.extend(chunk)
        ended.set()

    with raw(swallow) as url:
        seen = wire(url).send("PUT", "/x", body=b"b" * 1000, cut_after=300)
        assert ended.wait(10)
    head, _, body = bytes(received).partition(b"\r\n\r\n")

    assert b"Content-Length: 1000" in head
    assert body == b"b" * 300
    assert (seen.status, seen.broke, seen.request_body.size) == (None, True, 300)


def test_refused_connection_is_told() -> None:
    """A port where nobody listens is ``refused``."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert wire(f"http://127.0.0.1:{port}").health().error.startswith("refused:")


def test_silence_is_told() -> None:
    """A server that never answers is ``timeout``, in the time given."""
    started = time.monotonic()
    with raw(lambda _: time.sleep(0.5)) as url:
        seen = wire(url, timeout=0.2).health()

    assert seen.error.startswith("timeout:")
    assert time.monotonic() - started < 10


def test_drip_is_told() -> None:
    """An answer that never ends is ``timeout`` after the deadline."""

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            try:
                connection.sendall(b"1\r\nx\r\n")
            except OSError:
                return
            time.sleep(0.02)

    with raw(drip) as url:
        seen = wire(url, deadline=0.1).health()

    assert (seen.status, seen.error.partition(":")[0]) == (200, "timeout")
    assert not seen.ok


def test_reset_is_told() -> None:
    """A connection that the server resets is ``reset``."""

    def reset(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw(reset) as url:
        assert wire(url).health().error.startswith("reset:")


def test_cut_answer_is_told() -> None:
    """An answer that is shorter than announced is not whole."""

    def cut(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")

    with raw(cut) as url:
        seen = wire(url).health()

    assert (seen.status, seen.ok, seen.broke) == (200, False, True)


def test_tls_failure_is_told(base: str) -> None:
    """Speaking TLS to a server that does not is ``tls``."""
    assert wire(base.replace("http:", "https:")).health().error.startswith("tls:")


def test_unknown_name_is_told() -> None:
    """A host name that does not exist is ``name``."""
    assert wire("http://no-such-host.invalid").health().error.startswith("name:")


@pytest.mark.parametrize("uri", ["mlflow-artifacts:/1/r/artifacts", "mlflow-artifacts://host:1/1/r/artifacts/"])
def test_location_becomes_a_path(uri: str) -> None:
    """A proxied location becomes the path that artifact routes want."""
    assert location_path(uri) == "1/r/artifacts"


def test_direct_location_is_no_path() -> None:
    """A location in the store itself is told, not guessed at."""
    with pytest.raises(PreconditionFailed, match="go past the proxy"):
        location_path("s3://bucket/1")


def test_artifact_names_are_quoted(base: str) -> None:
    """An artifact's name is quoted once, slashes kept."""
    said = wire(base).get_artifact("mlflow-artifacts:/1/r/artifacts", "a b/100%?.txt").json()

    assert said["target"].endswith("/artifacts/1/r/artifacts/a%20b/100%25%3F.txt")
