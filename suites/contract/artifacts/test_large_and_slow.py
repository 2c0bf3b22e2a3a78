"""A body as large as is declared, and bodies as slow, pass whole."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.transfers import LargestBody, SlowLine
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies

pytestmark = one_door


@verifies("ART-066")
def test_largest_body_passes_whole(location: str, largest: LargestBody) -> None:
    """A body as large as is declared is stored, and downloaded whole."""
    sent = expect_status(largest.upload(location, "large.bin"), 200)
    fetched = expect_status(largest.download(location, "large.bin"), 200)

    expect_equal(fetched.response_body.size, largest.size, "bytes downloaded")
    expect_equal(fetched.response_body.sha256, sent.request_body.sha256, "digest of the downloaded bytes")


@verifies("ART-067")
def test_slow_upload_is_stored_whole(door: MlflowHttp, location: str, slow_line: SlowLine) -> None:
    """An upload at the declared bandwidth is stored whole."""
    require(door.put_artifact(location, "fast.bin", slow_line.content), 200)  # control: the same body, at once
    expect_status(slow_line.upload(location, "slow.bin"), 200)

    fetched = expect_status(door.get_artifact(location, "slow.bin"), 200)
    expect_equal(fetched.response_body, Body.of([slow_line.content]), "stored bytes")


@verifies("ART-068")
def test_slow_download_comes_whole(door: MlflowHttp, location: str, slow_line: SlowLine) -> None:
    """A download at the declared bandwidth comes whole."""
    require(door.put_artifact(location, "a.bin", slow_line.content), 200)
    require(door.get_artifact(location, "a.bin"), 200)  # control: at once it comes

    expect_equal(slow_line.download(location, "a.bin"), Body.of([slow_line.content]), "downloaded bytes")
