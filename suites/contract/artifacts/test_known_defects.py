"""What downloads should do, and MLflow is known not to."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_refused, require
from registry_conformance.judge.requirement import upstream_defect, verifies

pytestmark = one_door


@verifies("ART-100")
@upstream_defect("mlflow#24535", versions="<=3.18.0", expires="2027-06-30")
def test_absent_artifact_is_a_404(door: MlflowHttp, location: str, payload: Payload) -> None:
    """The download of an absent artifact is refused with 404."""
    require(door.put_artifact(location, "there.bin", payload(64)), 200)
    require(door.get_artifact(location, "there.bin"), 200)  # control: what is there is brought

    expect_refused(door.get_artifact(location, "absent.bin"), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("ART-101")
@upstream_defect("mlflow#25009", versions="<=3.18.0", expires="2027-06-30")
def test_download_announces_its_length(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A download announces its length before its bytes."""
    require(door.put_artifact(location, "a.bin", payload(4096)), 200)
    download = require(door.get_artifact(location, "a.bin"), 200)

    expect_equal(download.header("content-length"), "4096", "announced length")
