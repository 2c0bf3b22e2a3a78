"""The SDK, the flow and the bucket, on a real deployment and on doors that are none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.model_flavors import KINDS
from registry_conformance.judge.clients.registration import PLATFORM_TAGS, PlannedRegistration, observe
from registry_conformance.judge.clients.sdk_registration import RegistrationPlan, load_back, register
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.target.target import Door, Machine, Target
from registry_conformance.lab.stack.handle import OwnedStack
from tests import isolated_work
from tests.http_servers import echo


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedProcess]:
    """Fresh processes with the SDK imported."""
    processes = IsolatedProcess(tmp_path_factory.mktemp("fresh"), "run-1")
    yield processes
    processes.close()


@pytest.fixture(scope="module")
def target(stack: OwnedStack) -> Target:
    """The reference deployment."""
    return stack.target()


def plan(kind: str, name: str) -> RegistrationPlan:
    """Return a plan whose names start with ``name``."""
    return RegistrationPlan(kind, f"{name}-experiment", f"{name}-model", "champion", PLATFORM_TAGS)


@pytest.mark.parametrize("kind", KINDS)
def test_registration_is_seen_three_ways(isolated: IsolatedProcess, target: Target, kind: str) -> None:
    """A walked registration is whole, and disk, API and bucket agree on every file."""
    door = target.doors[0]
    assert target.bucket
    walk = PlannedRegistration(
        isolated, Developer(door, target.keys["writer"], isolated.home / kind, "run-1"), plan(kind, f"t-{kind}")
    )
    registration = observe(walk, MlflowHttp(door, target.keys["writer"], Evidence(), "run-1"))
    sent = registration.sent()

    assert registration.complete().reached[-1] == "alias"
    assert sent
    assert registration.stored(Bucket(target.bucket, Evidence())) == sent == registration.fetched()
    assert registration.listed() == {path: size for path, (size, _) in sent.items()}
    assert (
        registration.back().predictions
        == registration.back(forced=True).predictions
        == walk.sdk_registration.predictions
    )
    assert registration.back().files == registration.back(forced=True).files == registration.files_when_downloaded()


def test_first_check_holds_the_whole_flow(isolated: IsolatedProcess, target: Target) -> None:
    """The first look at a walk has every exchange as evidence, each within its steps; the next one has none again."""
    door = target.doors[0]
    walk = PlannedRegistration(
        isolated, Developer(door, target.keys["writer"], isolated.home / "flow", "run-1"), plan("files", "t-flow")
    )
    first, second = (observe(walk, MlflowHttp(door, target.keys["writer"], Evidence(), "run-1")) for _ in range(2))
    (flow,) = (item for item in first.door.evidence.items() if item["kind"] == "flow")
    moments = [step["finished"] for step in flow["steps"]]

    assert [step["name"] for step in flow["steps"]] == walk.sdk_registration.reached
    assert moments == sorted(moments)
    assert len(flow["exchanges"]) == len(walk.sdk_registration.exchanges) > len(moments)
    assert all(0 < each["started"] <= moments[-1] + 1 for each in flow["exchanges"])
    assert not [item for item in second.door.evidence.items() if item["kind"] == "flow"]


def test_broken_flow_says_how_far_it_came(isolated: IsolatedProcess, target: Target) -> None:
    """A flow that fails half way says after which step and why."""
    door, taken = target.doors[0], plan("files", "t-taken")
    MlflowHttp(door, target.keys["writer"], Evidence(), "run-1").create_model(taken.model)
    walk = PlannedRegistration(
        isolated, Developer(door, target.keys["writer"], isolated.home / "taken", "run-1"), taken
    )
    registration = observe(walk, MlflowHttp(door, target.keys["writer"], Evidence(), "run-1"))

    assert registration.sdk_registration.reached[-1] == "model"
    assert registration.reaching("model").run_id
    with pytest.raises(Mismatch, match="already exists"):
        registration.reaching("version")
    with pytest.raises(Mismatch, match="already exists"):
        registration.back()
    assert any(item.get("status") == 400 for item in registration.door.evidence.items())


def test_missing_model_is_told(isolated: IsolatedProcess, target: Target) -> None:
    """Loading what is not there is told in the return, not raised."""
    developer = Developer(target.doors[0], target.keys["writer"], isolated.home / "missing", "run-1")

    assert "not found" in isolated.call(load_back, developer, "models:/t-nothing@champion", [[1.0]]).problem


def test_refused_key_ends_at_once(isolated: IsolatedProcess, target: Target) -> None:
    """A refused key is a mismatch before the SDK is asked."""
    developer = Developer(target.doors[0], "hk_unknown", isolated.home / "refused", "run-1")

    with pytest.raises(Mismatch, match="401"):
        isolated.call(register, developer, plan("files", "t-refused"))


def test_dead_door_ends_at_once(isolated: IsolatedProcess) -> None:
    """A dead door is a mismatch in seconds, not in the SDK's four minutes."""
    isolated.call(isolated_work.whereabouts)
    developer = Developer(Door("dead", "http://127.0.0.1:9"), "k", isolated.home / "dead", "run-1")
    started = time.monotonic()

    with pytest.raises(Mismatch, match="refused"):
        isolated.call(register, developer, plan("files", "t-dead"))
    assert time.monotonic() - started < 30


def test_netrc_does_not_reach_the_sdk(isolated: IsolatedProcess) -> None:
    """A netrc entry in the home does not overrule the token; one of the machine does, and so do its variables."""
    with echo() as url:
        developer = Developer(Door("echo", url), "the-token", isolated.home / "netrc", "run-1")
        developer.home.mkdir()
        (developer.home / ".netrc").write_text("machine 127.0.0.1 login other password other\n")
        plain = isolated.call(isolated_work.headers_sent, developer)
        basic = {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}
        changed = isolated.call(isolated_work.headers_sent, replace(developer, variables=basic))
        there = Machine(netrc="machine {host} login other password other\n")
        machine = isolated.call(isolated_work.headers_sent, replace(developer, machine=there))
        elsewhere = Machine((("MLFLOW_TRACKING_TOKEN", "token-for-{host}"),))
        other = isolated.call(isolated_work.headers_sent, replace(developer, machine=elsewhere))

    assert plain["Authorization"] == "Bearer the-token"
    assert changed["Authorization"].startswith("Basic ")  # control: the header shows what the SDK believes
    assert machine["Authorization"].startswith("Basic ")
    assert other["Authorization"] == "Bearer token-for-127.0.0.1"


def test_bucket_tells_there_from_not_there(target: Target) -> None:
    """The bucket gives an object's size and digest, and nothing for what is not there."""
    assert target.bucket
    door = MlflowHttp(target.doors[0], target.keys["writer"], Evidence(), "run-1")
    bucket = Bucket(target.bucket, door.evidence)
    door.put_artifact("mlflow-artifacts:/t-bucket", "a b.bin", b"12345")

    assert bucket.key_for("mlflow-artifacts:/t-bucket", "a b.bin") == f"{target.bucket.prefix}/t-bucket/a b.bin"
    assert bucket.key_for(f"s3://{target.bucket.bucket}/t-bucket") == "t-bucket"
    assert bucket.body(bucket.key_for("mlflow-artifacts:/t-bucket", "a b.bin")) == Body.of([b"12345"])
    assert bucket.body(bucket.key_for("mlflow-artifacts:/t-bucket", "none.bin")) is None
    assert bucket.under("mlflow-artifacts:/t-bucket") == {"a b.bin": 5}
