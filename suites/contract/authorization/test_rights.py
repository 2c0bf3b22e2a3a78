"""A right comes from the key, and a refusal says which right is missing."""

from __future__ import annotations

import pytest

from fixtures.essentials import KeyOf, Payload, Unique
from fixtures.policy import lacks_right, requires_right
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_refused, expect_status, require
from registry_conformance.judge.requirement import only_for, verifies
from registry_conformance.judge.target.policy import RIGHTS


@lacks_right("reader", "write")
@verifies("AUZ-011")
def test_refusal_names_the_missing_right(door: MlflowHttp, reader: MlflowHttp, unique: Unique) -> None:
    """A refusal names the right that is missing."""
    name = unique("model")
    refused = expect_refused(reader.create_model(name), 403)

    require(door.create_model(name), 200)  # control: the right makes the difference
    assert "write" in refused.document["message"], refused


@lacks_right("reader", "write")
@verifies("AUZ-012")
@pytest.mark.parametrize(
    "role", [pytest.param(role, marks=requires_right(role, *RIGHTS)) for role in ("writer", "admin")]
)
def test_role_writes(door: MlflowHttp, reader: MlflowHttp, key: KeyOf, role: str, run: Run) -> None:
    """This role writes metadata and artifacts."""
    holder = door.with_key(key(role))

    expect_denied(reader.set_run_tag(run.id, "colour", "red"))  # control: not everyone may
    expect_status(holder.set_run_tag(run.id, "colour", "green"), 200)
    expect_status(holder.put_artifact(run.location, "a.bin", b"x" * 100), 200)
    expect_status(holder.get_artifact(run.location, "a.bin"), 200)
    expect_status(holder.delete_artifact(run.location, "a.bin"), 200)


@lacks_right("reader", "write")
@verifies("AUZ-013")
@pytest.mark.parametrize("header", ["X-Hokusai-User-Id", "X-Hokusai-API-Key-Id", "X-Hokusai-Role", "X-Hokusai-Scopes"])
def test_spoofed_identity_gains_a_reader_nothing(door: MlflowHttp, reader: MlflowHttp, run: Run, header: str) -> None:
    """A reader that sends an identity header still writes nothing."""
    tag = {"run_id": run.id, "key": "colour", "value": "red"}
    refused = reader.send("POST", "/api/2.0/mlflow/runs/set-tag", json=tag, headers=[(header, "admin")])

    require(door.set_run_tag(run.id, "colour", "green"), 200)  # control: a writer may
    expect_denied(refused)


@lacks_right("anonymous", "read")
@verifies("AUZ-013")
def test_spoofed_identity_gains_a_stranger_nothing(door: MlflowHttp, anonymous: MlflowHttp) -> None:
    """A stranger that sends identity headers is still refused."""
    spoofed = [("X-Hokusai-User-Id", "admin"), ("X-Hokusai-API-Key-Id", "1")]
    refused = anonymous.send("POST", "/api/2.0/mlflow/experiments/search", json={"max_results": 1}, headers=spoofed)

    require(door.search_experiments(), 200)  # control: a key is what counts
    expect_denied(refused)


@lacks_right("reader", "artifact-write")
@verifies("AUZ-014")
@pytest.mark.parametrize(
    "carrier", ["bearer", *(pytest.param(name, marks=only_for("platform")) for name in ("apikey", "x-api-key"))]
)
def test_reader_is_a_reader_in_every_carrier(
    door: MlflowHttp, reader: MlflowHttp, location: str, payload: Payload, carrier: Carrier
) -> None:
    """A reader's key uploads nothing in any carrier."""
    refused = reader.put_artifact(location, "a.bin", payload(100), carrier=carrier)

    require(door.put_artifact(location, "a.bin", payload(100), carrier=carrier), 200)  # control: a writer may
    expect_denied(refused)
