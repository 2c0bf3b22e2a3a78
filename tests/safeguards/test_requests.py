"""No connection to a target of others is opened without a permit, whichever library opens it.

Kind: a promise kept by convention. The operating system's calls are watched here, not the names of files.
"""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import boto3
import httpx
import pytest
import requests

from registry_conformance.judge.clients.aws import access_of, client
from registry_conformance.judge.clients.bucket import Bucket, authorize_store
from registry_conformance.judge.clients.connection import Connection
from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.partial_transfers import ask_first
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.clients.reachability import ConnectionSteps
from registry_conformance.judge.clients.request_guard import authorize_connection
from registry_conformance.judge.clients.tls import Handshakes, connect
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target import requests as module
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.requests import ForgottenGuardError, Permit, changes, enforce, relax
from registry_conformance.judge.target.target import BucketAccess, Door
from tests.safeguards.doubles import Registry, serving
from tests.safeguards.test_guard import RUN, guard

Use = Callable[[Door], object]


@pytest.fixture
def url() -> Iterator[str]:
    """A registry's base URL, while permits are needed."""
    with serving(Registry()) as base:
        enforce()
        try:
            yield base
        finally:
            relax()


def access(door: Door) -> BucketAccess:
    """Return a bucket at a door."""
    return BucketAccess(door.url, "eu-central-1", "bucket", "artifacts", "key", "secret", guard=door.guard)


FORGETFUL: dict[str, Use] = {
    "a socket": lambda door: socket.create_connection((_host(door), _port(door))),
    "a socket's connect_ex": lambda door: socket.socket().connect_ex((_host(door), _port(door))),
    "http.client": lambda door: http.client.HTTPConnection(_host(door), _port(door)).request("GET", "/health"),
    "urllib": lambda door: urllib.request.urlopen(f"{door.url}/health"),
    "requests": lambda door: requests.put(f"{door.url}/x", data=b"x", timeout=5),
    "httpx": lambda door: httpx.put(f"{door.url}/x", content=b"x", trust_env=False),
    "boto3": lambda door: boto3.client(
        "s3", endpoint_url=door.url, aws_access_key_id="a", aws_secret_access_key="b", region_name="x"
    ).list_buckets(),
}
"""Ways to reach a target that ask no guard."""


def _host(door: Door) -> str:
    return door.url.rpartition("//")[2].partition(":")[0]


def _port(door: Door) -> int:
    return int(door.url.rpartition(":")[2])


def _sender(door: Door) -> HttpSender:
    return HttpSender(door, None, Evidence(), RUN)


CLIENTS: dict[str, Use] = {
    "single requests": lambda door: _sender(door).send("GET", "/health"),
    "an absolute URL": lambda door: MlflowHttp(door, None, Evidence(), RUN).follow("GET", f"{door.url}/health"),
    "raw bytes": lambda door: Raw(door, None, Evidence(), RUN).send("GET", "/health"),
    "requests in turn": lambda door: Connection(door, Evidence()).in_turn([("/health", None), ("/health", None)]),
    "pipelined requests": lambda door: Connection(door, Evidence()).at_once([("/health", None)]),
    "an upload that asks first": lambda door: ask_first(
        MlflowHttp(door, None, Evidence(), RUN), "mlflow-artifacts:/" + RUN, "a.bin", b"x"
    ),
    "a connection": lambda door: ConnectionSteps(door, Evidence()).connect(),
    "a look into the bucket": lambda door: Bucket(access(door), Evidence()).keys("x"),
    "a handshake": lambda door: Handshakes(door, Evidence()).meet(),
}
"""What the suite reaches a target with."""


@pytest.mark.parametrize("way", FORGETFUL)
def test_connection_without_a_permit_is_not_opened(url: str, way: str) -> None:
    """A connection without a permit is not opened, by whichever library."""
    with pytest.raises(Exception, match="no guard was asked about") as refusal:
        FORGETFUL[way](Door("d", url))
    assert "ForgottenGuardError" in repr(refusal.value) or "no guard" in str(refusal.value)


@pytest.mark.parametrize("way", CLIENTS)
def test_every_client_asks_the_guard_before_it_connects(url: str, way: str, tmp_path: Path) -> None:
    """Every client opens its connections by permits, and none once the guard lets nothing pass."""
    seen = _Connections()
    door = Door("d", url, 5.0, guard=guard(tmp_path, Budget(100, 1000, 100, 60.0)))
    with seen:
        _tolerating(CLIENTS[way], door)
    assert seen.addresses
    assert door.guard is not None
    assert isinstance(door.guard, Guard)
    door.guard.end("no more")

    if way == "a look into the bucket":
        return  # whoever looks changes nothing: the budget is that of the doors
    with _Connections() as later, pytest.raises(PreconditionFailed, match="no more"):
        CLIENTS[way](door)
    assert not later.addresses


class _Connections:
    """Notes, while entered, to which addresses this process connects."""

    def __init__(self) -> None:
        self.addresses: list[object] = []
        self._original = socket.socket.connect

    def __enter__(self) -> _Connections:
        def noting(own: socket.socket, address: object) -> None:
            self._original(own, address)  # type: ignore[arg-type]  # handed on as it came
            self.addresses.append(address)

        socket.socket.connect = noting  # type: ignore[method-assign, assignment]  # put back below
        return self

    def __exit__(self, *problem: object) -> None:
        socket.socket.connect = self._original  # type: ignore[method-assign]  # as above


def _tolerating(use: Use, door: Door) -> None:
    """Use a client of a server that may not speak as the client wants; that no permit is missing is what counts."""
    try:
        use(door)
    except ForgottenGuardError:
        raise
    except Exception:  # noqa: BLE001 - what the server says is another matter
        return


def test_permit_is_good_where_it_is_entered_alone(url: str) -> None:
    """A permit is good in the thread that entered it, and until it is left; permits nest."""
    door = Door("d", url)
    refused: list[str] = []

    def elsewhere() -> None:
        try:
            socket.create_connection((_host(door), _port(door))).close()
        except ForgottenGuardError as problem:
            refused.append(str(problem))

    outer = Permit("GET /")
    with outer, outer:
        socket.create_connection((_host(door), _port(door))).close()
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
    elsewhere()

    assert len(refused) == 2


def test_connections_of_other_kinds_need_none(url: str, tmp_path: Path) -> None:
    """Connections within this machine's system, and datagrams, which connect to nobody, need no permit."""
    del url
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as asking:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        asking.connect(str(tmp_path / "s"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect(("127.0.0.1", 9))


def test_none_is_needed_before_and_after() -> None:
    """No permit is needed before permits are enforced, nor after; to take it back once too often does no harm."""
    with serving(Registry()) as base:
        enforce()
        relax()
        relax()
        socket.create_connection((_host(Door("d", base)), _port(Door("d", base)))).close()
        enforce()
        try:
            with pytest.raises(ForgottenGuardError):
                socket.create_connection((_host(Door("d", base)), _port(Door("d", base))))
        finally:
            relax()


def test_permit_of_a_tls_connection_covers_its_handshake(url: str) -> None:
    """A connection that fails to become one of TLS is closed, and its permit is left."""
    door = Door("d", url.replace("http:", "https:"), 5.0)
    with pytest.raises((ssl.SSLError, OSError)):
        connect(authorize_connection(door), door, 2.0, ["h2"])
    with pytest.raises(ForgottenGuardError):
        socket.create_connection((_host(door), _port(door)))


def test_client_of_an_account_reads_by_permits_of_its_own(url: str) -> None:
    """A client of an account's API reads by permits of its own."""
    logs = client("logs", access_of(access(Door("d", url))))
    seen = _Connections()
    with seen:
        _tolerating(lambda _: logs.describe_log_groups(), Door("d", url))

    assert seen.addresses


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/bucket/artifacts/theirs", True),
        ("HEAD", "/bucket/elsewhere", True),
        ("PUT", f"/bucket/artifacts/{RUN}-x/a", True),
        ("DELETE", f"/bucket/artifacts/{RUN}-x/a%20b", True),
        ("PUT", "/bucket/artifacts/theirs/a", False),
        ("DELETE", "/bucket/artifacts/theirs/a", False),
        ("DELETE", f"/bucket/{RUN}-x/a", False),
        ("DELETE", f"/bucket-2/artifacts/{RUN}-x/a", False),
        ("DELETE", f"/bucket/artifacts/{RUN}-x/..%2f..%2ftheirs", False),
        ("POST", f"/bucket/artifacts/{RUN}-x/a", False),
        ("POST", "/bucket", False),
    ],
)
def test_what_is_put_into_a_bucket_or_removed_is_the_runs_own(
    tmp_path: Path, method: str, path: str, allowed: bool
) -> None:
    """What is put into a bucket, or removed from it, is the run's own, below the root of artifacts."""
    held = BucketAccess("http://s3", "x", "bucket", "artifacts", "a", "b", guard=guard(tmp_path))
    ask = functools.partial(authorize_store, held, method, f"http://s3{path}?versionId=1", 5)
    if allowed:
        ask()
        return
    with pytest.raises(NotAllowed):
        ask()


def test_bucket_of_a_stack_of_our_own_and_one_without_a_prefix() -> None:
    """A bucket without a guard takes everything; without a prefix the whole bucket is the root."""
    authorize_store(BucketAccess("http://s3", "x", "bucket", "artifacts", "a", "b"), "DELETE", "http://s3/other/x")


@pytest.mark.parametrize(
    ("method", "path", "is_change"),
    [
        ("GET", "/api/2.0/mlflow/experiments/search", False),
        ("POST", "/mlflow/api/2.0/mlflow/runs/search", False),
        ("POST", "/ajax-api/3.0/mlflow/traces/search", False),
        ("POST", "/graphql", False),
        ("POST", "/api/2.0/mlflow/runs/set-tag", True),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/search", True),
        ("POST", "/api/2.0/mlflow-artifacts/mpu/create/runs/search", True),
        ("DELETE", "/api/2.0/mlflow/experiments/search", True),
        ("MOVE", "/anything", True),
    ],
)
def test_only_what_is_known_to_read_is_taken_for_a_read(method: str, path: str, is_change: bool) -> None:
    """Only what is known to read is taken for a read."""
    assert changes(method, path) is is_change


def test_the_interpreter_is_listened_to_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often permits are needed, one hook is set, since none can be taken back."""
    hooks: list[object] = []
    monkeypatch.setattr(module, "sys", SimpleNamespace(addaudithook=hooks.append))
    listening = module._Enforcement()
    for _ in range(3):
        listening.begin()

    assert len(hooks) == 1
    assert listening.wanted == 3
