"""Those who run the deployment can ask how it is."""

from __future__ import annotations

from fixtures.essentials import Payload
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies


@lacks_right("anonymous", "read")
@verifies("OPS-001")
def test_health_needs_no_key(anonymous: MlflowHttp) -> None:
    """Health is answered without a key."""
    expect_denied(anonymous.search_experiments())  # control: other routes need one

    expect_status(anonymous.health(), 200)


@lacks_right("anonymous", "read")
@verifies("OPS-003")
def test_health_is_answered_to_a_bad_key(door: MlflowHttp) -> None:
    """Health is answered to a bad key."""
    bad = door.with_key("hk_unknown_0000")
    expect_denied(bad.search_experiments())  # control: the key is bad

    expect_status(bad.health(), 200)


@verifies("OPS-002")
def test_announced_abilities_fit_the_store(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """The server announces what its S3 store can do."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    announced = expect_status(door.server_info(), 200).document

    expect_equal(bucket.under(location), {"a.bin": 100}, "objects at the location")  # control: the store is S3
    expect_equal(announced["multipart_uploads_enabled"], True, "multipart_uploads_enabled")
    expect_equal(announced["multipart_downloads_enabled"], True, "multipart_downloads_enabled")


@verifies("OPS-004")
def test_version_is_the_origins(door: MlflowHttp, origin: MlflowHttp) -> None:
    """The version at the door is the origin's."""
    here, there = expect_status(door.version(), 200), expect_status(origin.version(), 200)

    expect_equal(here.text, there.text, "version")
