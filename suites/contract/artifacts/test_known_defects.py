"""What downloads should do, and MLflow is known not to."""

from __future__ import annotations

from fixtures.checks import Payload, one_door
from fixtures.clients.wire import Wire
from fixtures.expect import expect_equal, expect_refused, given
from fixtures.requirement import upstream_defect, verifies

pytestmark = one_door


@verifies("ART-100")
@upstream_defect("mlflow#24535", versions="<=3.18.0", expires="2027-06-30")
def test_absent_artifact_is_a_404(door: Wire, location: str, payload: Payload) -> None:
    """The download of an absent artifact is refused with 404."""
    given(door.put_artifact(location, "there.bin", payload(64)), 200)
    given(door.get_artifact(location, "there.bin"), 200)  # control: what is there is brought

    expect_refused(door.get_artifact(location, "absent.bin"), 404, "RESOURCE_DOES_NOT_EXIST")


@verifies("ART-101")
@upstream_defect("mlflow#25009", versions=">=3.15,<=3.18.0", expires="2027-06-30")
def test_download_announces_its_length(door: Wire, location: str, payload: Payload) -> None:
    """A download announces its length before its bytes."""
    given(door.put_artifact(location, "a.bin", payload(4096)), 200)
    download = given(door.get_artifact(location, "a.bin"), 200)

    expect_equal(download.header("content-length"), "4096", "announced length")
