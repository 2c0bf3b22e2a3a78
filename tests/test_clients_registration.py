"""The SDK, the flow and the bucket, on a real deployment and on doors that are none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fixtures.clients.bucket import Bucket
from fixtures.clients.exchange import Body
from fixtures.clients.fresh import Fresh
from fixtures.clients.journey import Plan, Traveller, load_back, register
from fixtures.clients.models import KINDS
from fixtures.clients.recorder import Evidence
from fixtures.clients.registration import PLATFORM_TAGS, Walk, observe
from fixtures.clients.wire import Wire
from fixtures.expect import Mismatch
from fixtures.stack.handle import OwnedStack
from fixtures.target.target import Door, Machine, Target
from tests import fresh_work
from tests.http_servers import echo


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """Fresh processes with the SDK imported."""
    processes = Fresh(tmp_path_factory.mktemp("fresh"), "run-1")
    yield processes
    processes.close()


@pytest.fixture(scope="module")
def target(stack: OwnedStack) -> Target:
    """The reference deployment."""
    return stack.target()


def plan(kind: str, name: str) -> Plan:
    """Return a plan whose names start with ``name``."""
    return Plan(kind, f"{name}-experiment", f"{name}-model", "champion", PLATFORM_TAGS)


@pytest.mark.parametrize("kind", KINDS)
def test_registration_is_seen_three_ways(fresh: Fresh, target: Target, kind: str) -> None:
    """A walked registration is whole, and disk, API and bucket agree on every file."""
    door = target.doors[0]
    assert target.bucket
    walk = Walk(fresh, Traveller(door, target.keys["writer"], fresh.home / kind, "run-1"), plan(kind, f"t-{kind}"))
    registration = observe(walk, Wire(door, target.keys["writer"], Evidence(), "run-1"))
    sent = registration.sent()

    assert registration.complete().reached[-1] == "alias"
    assert sent
    assert registration.stored(Bucket(target.bucket, Evidence())) == sent == registration.fetched()
    assert registration.listed() == {path: size for path, (size, _) in sent.items()}
    assert registration.back().predictions == registration.back(forced=True).predictions == walk.journey.predictions
    assert registration.back().files == registration.back(forced=True).files == registration.files_when_downloaded()


def test_first_check_holds_the_whole_flow(fresh: Fresh, target: Target) -> None:
    """The first look at a walk has every exchange as evidence, each within its steps; the next one has none again."""
    door = target.doors[0]
    walk = Walk(fresh, Traveller(door, target.keys["writer"], fresh.home / "flow", "run-1"), plan("files", "t-flow"))
    first, second = (observe(walk, Wire(door, target.keys["writer"], Evidence(), "run-1")) for _ in range(2))
    (flow,) = (item for item in first.door.evidence.items() if item["kind"] == "flow")
    moments = [step["finished"] for step in flow["steps"]]

    assert [step["name"] for step in flow["steps"]] == walk.journey.reached
    assert moments == sorted(moments)
    assert len(flow["exchanges"]) == len(walk.journey.exchanges) > len(moments)
    assert all(0 < each["started"] <= moments[-1] + 1 for each in flow["exchanges"])
    assert not [item for item in second.door.evidence.items() if item["kind"] == "flow"]


def test_broken_flow_says_how_far_it_came(fresh: Fresh, target: Target) -> None:
    """A flow that fails half way says after which step and why."""
    door, taken = target.doors[0], plan("files", "t-taken")
    Wire(door, target.keys["writer"], Evidence(), "run-1").create_model(taken.model)
    walk = Walk(fresh, Traveller(door, target.keys["writer"], fresh.home / "taken", "run-1"), taken)
    registration = observe(walk, Wire(door, target.keys["writer"], Evidence(), "run-1"))

    assert registration.journey.reached[-1] == "model"
    assert registration.reaching("model").run_id
    with pytest.raises(Mismatch, match="already exists"):
        registration.reaching("version")
    with pytest.raises(Mismatch, match="already exists"):
        registration.back()
    assert any(item.get("status") == 400 for item in registration.door.evidence.items())


def test_missing_model_is_told(fresh: Fresh, target: Target) -> None:
    """Loading what is not there is told in the return, not raised."""
    traveller = Traveller(target.doors[0], target.keys["writer"], fresh.home / "missing", "run-1")

    assert "not found" in fresh.call(load_back, traveller, "models:/t-nothing@champion", [[1.0]]).problem


def test_refused_key_ends_at_once(fresh: Fresh, target: Target) -> None:
    """A refused key is a mismatch before the SDK is asked."""
    traveller = Traveller(target.doors[0], "hk_unknown", fresh.home / "refused", "run-1")

    with pytest.raises(Mismatch, match="401"):
        fresh.call(register, traveller, plan("files", "t-refused"))


def test_dead_door_ends_at_once(fresh: Fresh) -> None:
    """A dead door is a mismatch in seconds, not in the SDK's four minutes."""
    fresh.call(fresh_work.whereabouts)
    traveller = Traveller(Door("dead", "http://127.0.0.1:9"), "k", fresh.home / "dead", "run-1")
    started = time.monotonic()

    with pytest.raises(Mismatch, match="refused"):
        fresh.call(register, traveller, plan("files", "t-dead"))
    assert time.monotonic() - started < 30


def test_netrc_does_not_reach_the_sdk(fresh: Fresh) -> None:
    """A netrc entry in the home does not overrule the token; one of the machine does, and so do its variables."""
    with echo() as url:
        traveller = Traveller(Door("echo", url), "the-token", fresh.home / "netrc", "run-1")
        traveller.home.mkdir()
        (traveller.home / ".netrc").write_text("machine 127.0.0.1 login other password other\n")
        plain = fresh.call(fresh_work.headers_sent, traveller)
        basic = {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}
        changed = fresh.call(fresh_work.headers_sent, replace(traveller, variables=basic))
        there = Machine(netrc="machine {host} login other password other\n")
        machine = fresh.call(fresh_work.headers_sent, replace(traveller, machine=there))
        elsewhere = Machine((("MLFLOW_TRACKING_TOKEN", "token-for-{host}"),))
        other = fresh.call(fresh_work.headers_sent, replace(traveller, machine=elsewhere))

    assert plain["Authorization"] == "Bearer the-token"
    assert changed["Authorization"].startswith("Basic ")  # control: the header shows what the SDK believes
    assert machine["Authorization"].startswith("Basic ")
    assert other["Authorization"] == "Bearer token-for-127.0.0.1"


def test_bucket_tells_there_from_not_there(target: Target) -> None:
    """The bucket gives an object's size and digest, and nothing for what is not there."""
    assert target.bucket
    door = Wire(target.doors[0], target.keys["writer"], Evidence(), "run-1")
    bucket = Bucket(target.bucket, door.evidence)
    door.put_artifact("mlflow-artifacts:/t-bucket", "a b.bin", b"12345")

    assert bucket.key_for("mlflow-artifacts:/t-bucket", "a b.bin") == f"{target.bucket.prefix}/t-bucket/a b.bin"
    assert bucket.key_for(f"s3://{target.bucket.bucket}/t-bucket") == "t-bucket"
    assert bucket.body(bucket.key_for("mlflow-artifacts:/t-bucket", "a b.bin")) == Body.of([b"12345"])
    assert bucket.body(bucket.key_for("mlflow-artifacts:/t-bucket", "none.bin")) is None
    assert bucket.under("mlflow-artifacts:/t-bucket") == {"a b.bin": 5}
