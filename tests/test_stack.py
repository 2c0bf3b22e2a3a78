"""The stack realises a deployment value, and a change of it touches only what differs."""

from __future__ import annotations

import http.client
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.target.target import ArtifactModes, Door, Target
from registry_conformance.lab.deployment import REFERENCE, Deployment, FixedAnswer, Links, MLflow
from registry_conformance.lab.disturbance import Rule, SetStatus, When
from registry_conformance.lab.stack import process
from registry_conformance.lab.stack.auth import SOURCE, policy_text
from registry_conformance.lab.stack.handle import OwnedStack, Stack
from registry_conformance.lab.stack.process import free_ports, port_is_free
from registry_conformance.lab.stack.request import StackRequest

BUCKET_GONE = replace(REFERENCE, mlflow=MLflow(destination="s3://no-such-bucket/artifacts"))
HOST_CHECKED = replace(REFERENCE, mlflow=MLflow(environment=(("MLFLOW_SERVER_ALLOWED_HOSTS", "elsewhere.test"),)))
KEYS_DOWN = replace(REFERENCE, keys=replace(REFERENCE.keys, up=False))
AUTH_DOWN = replace(REFERENCE, auth=replace(REFERENCE.auth, up=False))
KEYS_BROKEN = replace(REFERENCE, keys=replace(REFERENCE.keys, answer=FixedAnswer(status=500)))
ONE_DOOR = replace(REFERENCE, proxy=replace(REFERENCE.proxy, doors=("canonical",)))
LEGACY = replace(REFERENCE, auth=replace(REFERENCE.auth, service_id="ml-platform"))


def status(door: Door, path: str, key: str | None = None) -> int:
    """Return the status of a GET."""
    parts = urlsplit(door.url)
    line = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        line.request("GET", parts.path + path, headers={"Authorization": f"Bearer {key}"} if key else {})
        return line.getresponse().status
    finally:
        line.close()


SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"


@pytest.fixture
def scratch(stack: OwnedStack) -> Stack:
    """A stack beside the shared one, whole again for each test."""
    beside = stack.secondary("scratch")
    beside.apply(REFERENCE)
    return beside


@pytest.mark.parametrize(
    ("deployment", "restarted"),
    [
        (BUCKET_GONE, {"mlflow"}),
        (HOST_CHECKED, {"mlflow"}),
        (KEYS_BROKEN, set()),
        (ONE_DOOR, set()),
        (LEGACY, {"auth"}),
    ],
    ids=["bucket", "hosts", "answer", "door", "service-id"],
)
def test_a_change_restarts_only_what_differs(scratch: Stack, deployment: Deployment, restarted: set[str]) -> None:
    """Only the part whose value differs gets a new process, there and back."""
    before = scratch.pids()
    scratch.apply(deployment)
    after = scratch.pids()
    assert {part for part in before if before[part] != after.get(part)} == restarted
    scratch.apply(REFERENCE)
    assert status(scratch.target().doors[0], SEARCH, scratch.target().api_key("writer")) == 200


def test_a_change_is_in_force_when_apply_returns(scratch: Stack) -> None:
    """The first request after a change meets the changed deployment."""
    target = scratch.target()
    writer, (canonical, documented, _) = target.api_key("writer"), target.doors
    assert [status(door, SEARCH, writer) for door in (canonical, documented)] == [200, 200]
    scratch.apply(ONE_DOOR)
    assert [status(door, SEARCH, writer) for door in (canonical, documented)] == [200, 404]
    scratch.apply(HOST_CHECKED)
    assert status(canonical, SEARCH, writer) == 403


@pytest.mark.parametrize(("deployment", "part"), [(KEYS_DOWN, "keys"), (AUTH_DOWN, "auth")], ids=["keys", "auth"])
def test_a_part_that_is_down_on_purpose_is_not_mourned(scratch: Stack, deployment: Deployment, part: str) -> None:
    """A part that the deployment has down is no dead part, and comes back."""
    scratch.apply(deployment)
    assert part not in scratch.pids()
    assert scratch.death_reports() == []
    scratch.apply(REFERENCE)
    assert part in scratch.pids()


def test_a_policy_is_the_reference_s_but_for_what_differs() -> None:
    """The policy file that auth is started with is the reference's own, with the entries that a deployment changes."""
    reference = tomllib.loads((SOURCE / "policy.toml").read_text())
    changed = tomllib.loads(policy_text((("reader", ("read",)), ("open", ()))))

    assert tomllib.loads(policy_text(())) == reference
    assert changed["roles"]["reader"] == {**reference["roles"]["reader"], "rights": ["read"]}
    assert (changed["open"], changed["doors"]) == ([], reference["doors"])


def test_what_happens_within_mlflow_shows_at_the_origin(scratch: Stack) -> None:
    """A rule within MLflow acts on what the proxy asks and on what is asked at the origin."""
    silent = Rule(When(path="^/version"), (SetStatus(404),))
    target = scratch.apply(replace(REFERENCE, links=Links(server=(silent,))))
    assert target.origin
    assert [status(door, "/version", target.api_key("writer")) for door in (target.doors[0], target.origin)] == [
        404,
        404,
    ]
    target = scratch.apply(replace(REFERENCE, links=Links(mlflow=(silent,))))
    assert target.origin
    assert [status(door, "/version", target.api_key("writer")) for door in (target.doors[0], target.origin)] == [
        404,
        200,
    ]


def test_auth_forgets_when_it_restarts(scratch: Stack) -> None:
    """A key that auth believes is asked about again after its restart."""
    target = scratch.target()
    assert status(target.doors[0], SEARCH, target.api_key("writer")) == 200
    scratch.apply(KEYS_DOWN)
    assert status(target.doors[0], SEARCH, target.api_key("writer")) == 200  # control: it is believed
    scratch.apply(replace(KEYS_DOWN, auth=replace(KEYS_DOWN.auth, restarts=1)))
    assert status(target.doors[0], SEARCH, target.api_key("writer")) == 503


def test_stacks_of_a_run_do_not_share_anything(stack: OwnedStack, scratch: Stack) -> None:
    """A stack beside another has its own doors, parts and bucket; the run's secrets they share."""

    def holdings(target: Target) -> set[object]:
        assert target.bucket
        return {target.bucket.endpoint, *(door.url for door in target.doors), *target.logs.values()}

    assert holdings(stack.target()).isdisjoint(holdings(scratch.target()))
    assert stack.target().secrets == scratch.target().secrets
    scratch.apply(KEYS_DOWN)
    target = stack.target()
    assert status(target.doors[0], SEARCH, target.api_key("reader")) == 200


def test_a_long_temporary_folder_is_no_hindrance(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack comes up if no Unix socket could be: its path would be too long."""
    place = tmp_path / ("long-" * 20)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    owned = OwnedStack(StackRequest(new_run_id(), cache=cache))
    try:
        assert status(owned.target().doors[0], "/health") == 200
        assert len(list(place.iterdir())) == 1
    finally:
        owned.close()
    assert list(place.iterdir()) == []


def test_a_store_is_probed_not_believed(stack: OwnedStack) -> None:
    """The lenient store lacks what it does not enforce, with the reason; what it keeps is present."""
    found = stack.target().capabilities
    assert not found["store-enforces-keys"].present
    assert "wrong secret key" in found["store-enforces-keys"].reason
    assert found["store-versions"].present


def test_a_target_shows_no_secret(stack: OwnedStack) -> None:
    """Neither the printed nor the reported target holds a key."""
    target = stack.target()
    shown = repr(target) + repr(target.describe())
    assert not [secret for secret in target.secrets if secret in shown]


def test_a_target_tells_how_artifacts_move(stack: OwnedStack) -> None:
    """The report says which way artifacts are declared to take, each direction on its own."""
    target = replace(stack.target(), ways=ArtifactModes(uploads="direct"))
    assert target.describe()["ways"] == {"uploads": "direct", "downloads": "presigned"}


def test_mlflow_is_several_processes_on_one_port(stack: OwnedStack, scratch: Stack) -> None:
    """The judged MLflow listens in each process that was ordered, the one beside it in one."""
    assert len(listeners(stack)) == StackRequest("").servers > 1
    assert len(listeners(scratch)) == 1


def listeners(stack: Stack) -> list[int]:
    """Return the processes that listen at the origin's port."""
    origin, warm = stack.target().origin, psutil.Process(stack.pids()["mlflow"]).parent()
    assert origin and warm
    port = urlsplit(origin.url).port
    return [one.pid for one in warm.children() if listens_at(one, port)]


def listens_at(process: psutil.Process, port: int | None) -> bool:
    """Return whether a process listens at a port."""
    return any(each.laddr.port == port and each.status == "LISTEN" for each in process.net_connections())


CLIENTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not CLIENTS.exists(), reason="this system does not say which ports it gives to clients")
def test_ports_of_parts_are_no_clients() -> None:
    """A part that starts late finds its port free, however many connections were made until then."""
    low, high = map(int, CLIENTS.read_text().split())
    ports = free_ports(50)

    assert len(set(ports)) == 50
    assert not set(ports) & set(range(low, high + 1))
    assert all(port_is_free(port) for port in ports)


def test_no_part_has_the_port_of_a_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """MinIO does not start at the port that it keeps for its console."""
    monkeypatch.setattr(process, "_LOWEST", 13_330)
    monkeypatch.setattr(process, "_first_of_clients", lambda: 13_351)

    assert 13_333 not in {free_ports(1)[0] for _ in range(200)}
