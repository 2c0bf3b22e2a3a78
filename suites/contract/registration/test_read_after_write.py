"""What was written is what the next read at the same door answers, whatever stands before MLflow."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


@verifies("REG-062")
def test_changed_tag_is_read_at_once(door: MlflowHttp, model: str) -> None:
    """A tag that is changed is read with its new value."""
    which = {"name": model, "key": "state"}
    require(door.post("registered-models/set-tag", **which, value="before"), 200)
    before = require(door.get("registered-models/get", name=model), 200).document["registered_model"]
    require(door.post("registered-models/set-tag", **which, value="after"), 200)
    after = expect_status(door.get("registered-models/get", name=model), 200).document["registered_model"]

    read = [each["tags"] for each in (before, after)]
    expect_equal(read, [[{"key": "state", "value": "before"}], [{"key": "state", "value": "after"}]], "tags read")


@verifies("REG-062")
def test_deleted_model_is_gone_at_once(door: MlflowHttp, model: str) -> None:
    """A model that is deleted is not read any more."""
    require(door.get("registered-models/get", name=model), 200)  # control: it was there
    require(door.delete("registered-models/delete", name=model), 200)

    expect_refused(door.get("registered-models/get", name=model), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("REG-062")
def test_replaced_artifact_is_read_at_once(door: MlflowHttp, location: str, payload: Payload) -> None:
    """An artifact that is uploaded again is read as it is now."""
    first = require(door.put_artifact(location, "a.bin", payload(300)), 200)
    before = require(door.get_artifact(location, "a.bin"), 200)
    second = require(door.put_artifact(location, "a.bin", payload(100)), 200)
    after = expect_status(door.get_artifact(location, "a.bin"), 200)

    sent = [first.request_body, second.request_body]
    expect_equal([before.response_body, after.response_body], sent, "downloads after each upload")
