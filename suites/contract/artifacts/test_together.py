"""Writers and readers at the same time: every byte is somebody's, none is mixed."""

from __future__ import annotations

from functools import partial

from fixtures.doors import one_door
from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_within, require
from registry_conformance.judge.requirement import verifies

WRITERS = 16

pytestmark = one_door


@verifies("ART-047")
def test_concurrent_writers_all_arrive(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """Concurrent uploads to one run are all stored whole."""
    contents = {f"part-{number}.bin": payload(40_000 + number) for number in range(WRITERS)}
    sent = at_once([partial(door.put_artifact, location, name, content) for name, content in contents.items()])
    stored = [bucket.body(bucket.key_for(location, name)) for name in contents]

    expect_equal([upload.status for upload in sent], [200] * WRITERS, "statuses")
    expect_equal(stored, [upload.request_body for upload in sent], "objects")


@verifies("ART-048")
def test_writers_of_one_name_do_not_mix(door: MlflowHttp, location: str, payload: Payload, bucket: Bucket) -> None:
    """Of concurrent uploads under one name, one is stored whole."""
    contents = [payload(60_000 + number) for number in range(WRITERS // 2)]
    sent = at_once([partial(door.put_artifact, location, "a.bin", content) for content in contents])

    expect_equal({upload.status for upload in sent}, {200}, "statuses")
    expect_within([bucket.body(bucket.key_for(location, "a.bin"))], [upload.request_body for upload in sent], "objects")


@verifies("ART-048")
def test_readers_during_writes_see_whole_files(door: MlflowHttp, location: str, payload: Payload) -> None:
    """Readers during writes see one whole version or the other."""
    one, two = payload(500_000), payload(500_001)
    former = require(door.put_artifact(location, "a.bin", one), 200)
    write, read = partial(door.put_artifact, location, "a.bin"), partial(door.get_artifact, location, "a.bin")
    done = at_once([partial(write, two), read, read, partial(write, one), read, read, partial(write, two), read])
    fetched = [exchange.response_body for exchange in done if exchange.method == "GET"]

    expect_equal({exchange.status for exchange in done}, {200}, "statuses")
    expect_within(fetched, [former.request_body, done[0].request_body], "downloaded bytes")
