"""Clients that judge by comparison tell a deployment that differs from one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from registry_conformance.judge.clients.artifact_modes import observe_artifact_modes
from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.registry_state_machine import compare_registries
from registry_conformance.judge.clients.sdk import Sdk
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.target.target import ArtifactModes, Login, Machine, Target
from registry_conformance.lab.deployment import REFERENCE, MLflow
from registry_conformance.lab.stack.handle import OwnedStack, Stack

LOCAL_DISK = replace(REFERENCE, mlflow=MLflow(destination="mlartifacts"))
PAST_THE_PROXY = replace(REFERENCE, mlflow=MLflow(default_root=f"s3://{REFERENCE.store.bucket}/artifacts"))


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedProcess]:
    """Fresh processes with the SDK imported."""
    processes = IsolatedProcess(tmp_path_factory.mktemp("fresh") / "home", "run-1")
    yield processes
    processes.close()


@pytest.fixture
def scratch(stack: OwnedStack) -> Stack:
    """A stack beside the shared one, to be changed."""
    return stack.secondary("ways")


def door(target: Target, role: str = "writer") -> MlflowHttp:
    """Return the first door of a target."""
    return MlflowHttp(target.doors[0], target.keys[role], Evidence(), "run-1")


def run_at(wire: MlflowHttp, name: str) -> tuple[str, str]:
    """Return id and location of a new run in a new experiment."""
    experiment = wire.create_experiment(name).json()["experiment_id"]
    info = wire.create_run(experiment, name).json()["run"]["info"]
    return info["run_id"], info["artifact_uri"]


def ways_of(target: Target, isolated: IsolatedProcess, name: str) -> tuple[ArtifactModes, int]:
    """Return the ways of artifacts at a target, and how many bytes came back."""
    wire = door(target)
    home = isolated.home / name  # a fresh process writes below its own home alone
    sdk = Sdk(
        isolated, Developer(wire.door, target.keys["writer"], home, "run-1", machine=target.machine), wire.evidence
    )
    ways, back = observe_artifact_modes(sdk, run_at(wire, name)[0], "a.bin", b"x" * 3000)
    return ways, back.size if back else -1


def test_ways_are_seen_as_they_are(scratch: Stack, isolated: IsolatedProcess) -> None:
    """Presigned downloads, those through the door, by credentials of one's own, and none at all are told apart."""
    assert ways_of(scratch.apply(REFERENCE), isolated, "reference") == (ArtifactModes("proxied", "presigned"), 3000)
    assert ways_of(scratch.apply(LOCAL_DISK), isolated, "local") == (ArtifactModes("proxied", "proxied"), 3000)
    past, came = ways_of(scratch.apply(PAST_THE_PROXY), isolated, "past")
    assert "credentials" in past.uploads
    assert (past.downloads, came) == ("there was nothing to download", -1)
    target = scratch.target()
    assert target.bucket is not None
    login = Login(target.bucket.region, target.bucket.access_key, target.bucket.secret_key, "", target.bucket.endpoint)
    knowing = replace(target, machine=Machine(login=login))
    assert ways_of(knowing, isolated, "direct") == (ArtifactModes("direct", "direct"), 3000)


def test_twins_agree_on_one_registry(stack: OwnedStack) -> None:
    """Two ways to one registry agree, and the same operations are asked each time."""
    target = stack.target()
    assert target.origin
    here, there = door(target), MlflowHttp(target.origin, None, Evidence(), "run-1")
    run_id, location = run_at(here, "twins")
    compared = [compare_registries(here, there, family, f"{location}/m", run_id) for family in ("first", "second")]
    assert compared[0] == compared[1] >= 50


def test_twins_that_differ_are_told(stack: OwnedStack) -> None:
    """One who may not write is no twin of one who may."""
    target = stack.target()
    here = door(target)
    run_id, location = run_at(here, "unlike")
    with pytest.raises(Mismatch, match="answer to POST registered-models/create"):
        compare_registries(here, door(target, "reader"), "unlike", f"{location}/m", run_id)
