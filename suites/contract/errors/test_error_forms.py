"""Every refusal is one that a client can read."""

from __future__ import annotations

from urllib.parse import quote

from fixtures.essentials import Payload, Unique
from fixtures.policy import lacks_right
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, MlflowHttp, location_path
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_json_error, expect_refused, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies


@verifies("ERR-001")
def test_missing_run_is_a_json_404(door: MlflowHttp, run: Run) -> None:
    """A run that does not exist is a JSON 404."""
    require(door.get("runs/get", run_id=run.id), 200)  # control: a run that exists is found

    expect_refused(door.get("runs/get", run_id="0" * 32), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("ERR-001")
def test_missing_model_is_a_json_404(door: MlflowHttp, unique: Unique) -> None:
    """A model that does not exist is a JSON 404."""
    name = unique("model")
    missed = door.get("registered-models/get", name=name)
    require(door.create_model(name), 200)

    expect_refused(missed, 404, "RESOURCE_DOES_NOT_EXIST")
    require(door.get("registered-models/get", name=name), 200)  # control: a model that exists is found


@verifies("ERR-002")
def test_missing_parameter_is_a_json_400(door: MlflowHttp, unique: Unique) -> None:
    """A missing parameter is a JSON 400."""
    require(door.post("registered-models/create", name=unique("model")), 200)  # control: with it, it works

    expect_refused(door.post("registered-models/create", description="no name"), 400, "INVALID_PARAMETER_VALUE")


@verifies("ERR-003")
def test_broken_json_is_a_json_400(door: MlflowHttp, unique: Unique) -> None:
    """A body that is not JSON is a JSON 400."""
    require(door.create_model(unique("model")), 200)  # control: JSON is understood
    headers = [("Content-Type", "application/json")]
    broken = door.send("POST", f"{REST}/registered-models/create", headers=headers, body=b'{"name": ')

    expect_refused(broken, 400)


@verifies("ERR-004")
def test_missing_content_type_is_a_json_400(door: MlflowHttp, unique: Unique) -> None:
    """A body without a content type is a JSON 400."""
    require(door.create_model(unique("model")), 200)  # control: with it, it works
    bare = door.send("POST", f"{REST}/registered-models/create", body=f'{{"name": "{unique("bare")}"}}'.encode())

    expect_refused(bare, 400)


@verifies("ERR-005")
def test_unknown_method_is_a_json_refusal(door: MlflowHttp) -> None:
    """A method that a route does not know is a JSON refusal."""
    require(door.search_experiments(), 200)  # control: the route knows POST
    refused = door.send("PUT", f"{REST}/experiments/search", json={})

    expect_refused(refused, 405)


@verifies("ERR-006")
def test_mlflows_error_carries_a_request_id(door: MlflowHttp, run: Run) -> None:
    """An error of MLflow carries a request id."""
    require(door.get("runs/get", run_id=run.id), 200)  # control: a run that exists is found
    missed = expect_status(door.get("runs/get", run_id="0" * 32), 404)

    assert missed.request_id, missed


@lacks_right("anonymous", "read")
@verifies("ERR-007")
def test_refusals_name_no_inner_address(door: MlflowHttp, anonymous: MlflowHttp, origin: MlflowHttp) -> None:
    """Refusals name no address behind the proxy."""
    inside = origin.door.url.partition("//")[2]
    refusals = [
        expect_denied(anonymous.search_experiments()),
        expect_status(door.get("runs/get", run_id="0" * 32), 404),
        expect_status(door.send("GET", f"{REST}/no-such-thing"), 404),
        expect_status(door.post("registered-models/create"), 400),
    ]
    leaks = [str(refusal) for refusal in refusals if inside in f"{refusal.text}{refusal.response_headers}"]

    require(origin.version(), 200)  # control: that is the address inside
    assert not leaks, leaks


@verifies("ERR-008")
@upstream_defect("mlflow#24340", versions="<=3.14.0")
def test_upload_without_a_name_is_a_json_400(door: MlflowHttp, location: str, payload: Payload) -> None:
    """An upload to a folder is a JSON 400."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)  # control: with a name, it works
    nameless = door.send("PUT", f"{ARTIFACTS}/artifacts/{quote(location_path(location))}/", body=payload(100))

    expect_refused(nameless, 400)


@verifies("ERR-052")
def test_upload_without_a_name_stores_nothing(
    door: MlflowHttp, location: str, payload: Payload, bucket: Bucket
) -> None:
    """An upload to a folder is an error, and stores nothing."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)  # control: with a name, it works
    nameless = door.send("PUT", f"{ARTIFACTS}/artifacts/{quote(location_path(location))}/", body=payload(100))

    assert not nameless.ok, nameless
    expect_equal(bucket.under(location), {"a.bin": 100}, "objects at the location")


@verifies("ERR-009")
def test_failed_download_is_told_in_json(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A failed download is reported in MLflow's error form."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    require(door.get_artifact(location, "a.bin"), 200)  # control: what exists is downloaded
    missed = door.get_artifact(location, "b.bin")

    assert missed.status is not None, missed
    expect_json_error(missed, max(missed.status, 400))
