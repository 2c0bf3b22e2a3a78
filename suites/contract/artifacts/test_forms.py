"""A download says what it is, and answers as the origin does to HEAD, ranges and conditions."""

from __future__ import annotations

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from fixtures.runs import Run
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

TYPES = {
    "model.bin": "application/octet-stream",
    "notes.txt": "text/plain",
    "MLmodel": "text/plain",
    "page.html": "text/html",
    "plot.png": "image/png",
    "no-suffix": "application/octet-stream",
}
CONTENTS = {
    "text": b"first\r\nsecond\nthird\r",
    "utf-8": "\ufeffgrün ✓\n".encode(),
    "latin-1": "grün".encode("latin-1"),
    "every-byte": bytes(range(256)) * 4,
    "looks-like-json": b'{"error_code": "INTERNAL_ERROR"}',
    "looks-like-chunks": b"5\r\nhello\r\n0\r\n\r\n",
}
CONDITIONS = {
    "none-match": ("If-None-Match", "*"),
    "match": ("If-Match", '"no-such-tag"'),
    "modified": ("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"),
    "unmodified": ("If-Unmodified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"),
}
RANGES = {"middle": "bytes=10-19", "open": "bytes=90-", "suffix": "bytes=-5", "two": "bytes=0-4,50-54"}

pytestmark = one_door


@verifies("ART-028")
@pytest.mark.parametrize(("name", "media_type"), TYPES.items(), ids=TYPES)
def test_type_follows_the_name(door: MlflowHttp, location: str, name: str, media_type: str) -> None:
    """The content type of a download follows its name."""
    require(door.put_artifact(location, name, b"bytes"), 200)
    fetched = expect_status(door.get_artifact(location, name), 200)

    expect_equal(fetched.content_type, media_type, "content type")


@verifies("ART-029")
@pytest.mark.parametrize(
    ("name", "told"),
    [("a.bin", "filename=a.bin"), ("two words.txt", '"two words.txt"'), ("grün.txt", "filename*=UTF-8''gr%C3%BCn.txt")],
    ids=["plain", "spaces", "non-ascii"],
)
@upstream_defect("not reported upstream", versions="<=3.12.0", cases="non-ascii")
@upstream_defect("not reported upstream", versions="<=3.13.0", cases="spaces")
def test_download_tells_its_name(door: MlflowHttp, location: str, name: str, told: str) -> None:
    """A download names the file to save it as."""
    require(door.put_artifact(location, name, b"bytes"), 200)
    disposition = expect_status(door.get_artifact(location, name), 200).header("content-disposition")

    assert told in disposition, disposition


@verifies("ART-030")
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_content_is_not_touched(door: MlflowHttp, location: str, content: bytes) -> None:
    """No content is recoded, trimmed or interpreted on the way."""
    require(door.put_artifact(location, "notes.txt", content), 200)
    fetched = expect_status(door.get_artifact(location, "notes.txt"), 200)

    expect_equal(fetched.content, content, "bytes")


@verifies("ART-030")
def test_download_is_not_packed(door: MlflowHttp, location: str) -> None:
    """A client that takes gzip gets the bytes as they are."""
    content = b"easily packed " * 1000
    require(door.put_artifact(location, "notes.txt", content), 200)
    route = door.artifact_route(location, "notes.txt")
    fetched = expect_status(door.send("GET", route, headers=[("Accept-Encoding", "gzip, br, zstd")]), 200)

    expect_equal(fetched.header("content-encoding"), "", "content encoding")
    expect_equal(fetched.content, content, "bytes")


@verifies("ART-030")
@pytest.mark.parametrize(
    "header",
    [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), ("Content-Disposition", "inline; x=y")],
    ids=["type", "encoding", "disposition"],
)
def test_upload_headers_do_not_change_the_bytes(door: MlflowHttp, location: str, header: tuple[str, str]) -> None:
    """What a client says of its bytes does not change them."""
    route = door.artifact_route(location, "a.bin")
    expect_status(door.send("PUT", route, body=b"not what it says", headers=[header]), 200)
    fetched = expect_status(door.get_artifact(location, "a.bin"), 200)

    expect_equal(fetched.content, b"not what it says", "bytes")


@verifies("ART-031")
@pytest.mark.parametrize("size", [0, 1, 70_000], ids=["0B", "1B", "70kB"])
def test_head_tells_type_and_length(
    door: MlflowHttp, origin: MlflowHttp, location: str, payload: Payload, size: int
) -> None:
    """HEAD reports type and length without bytes, as at the origin."""
    require(door.put_artifact(location, "a.txt", payload(size)), 200)
    route = door.artifact_route(location, "a.txt")
    here = expect_status(door.send("HEAD", route), 200)
    there = expect_status(origin.send("HEAD", route), 200)

    expect_equal(here.response_body.size, 0, "bytes of the body")
    expect_equal(here.header("content-length"), there.header("content-length"), "content length")
    expect_equal(here.content_type, "text/plain", "content type")


@verifies("ART-032")
@pytest.mark.parametrize("wanted", RANGES.values(), ids=RANGES)
def test_range_is_answered_as_at_the_origin(
    door: MlflowHttp, origin: MlflowHttp, location: str, payload: Payload, wanted: str
) -> None:
    """A range request brings the range or the whole, as at the origin."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    route = door.artifact_route(location, "a.bin")
    here = expect_status(door.send("GET", route, headers=[("Range", wanted)]), 200, 206)
    there = require(origin.send("GET", route, headers=[("Range", wanted)]), 200, 206)

    expect_equal((here.status, here.content), (there.status, there.content), "status and bytes")
    expect_equal(here.header("content-range"), there.header("content-range"), "content range")


@verifies("ART-032")
def test_range_of_a_run_file_is_exact(door: MlflowHttp, run: Run, payload: Payload) -> None:
    """A range of a run's file is exactly these bytes."""
    require(door.put_artifact(run.location, "a.bin", payload(100)), 200)
    asked = {"run_id": run.id, "path": "a.bin"}
    whole = expect_status(door.send("GET", "/get-artifact", query=asked), 200)
    part = expect_status(door.send("GET", "/get-artifact", query=asked, headers=[("Range", "bytes=10-19")]), 206)

    expect_equal(whole.content, payload(100), "bytes of the whole")
    expect_equal(part.content, payload(100)[10:20], "bytes of the range")
    expect_equal(part.header("content-range"), "bytes 10-19/100", "content range")


@verifies("ART-033")
@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
def test_condition_is_answered_as_at_the_origin(
    door: MlflowHttp, origin: MlflowHttp, location: str, payload: Payload, condition: tuple[str, str]
) -> None:
    """A conditional request is answered as at the origin."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    route = door.artifact_route(location, "a.bin")
    here = door.send("GET", route, headers=[condition])
    there = require(origin.send("GET", route, headers=[condition]), 200, 304, 412)

    expect_equal((here.status, here.content), (there.status, there.content), "status and bytes")


@verifies("ART-034")
def test_run_file_is_the_artifact(door: MlflowHttp, run: Run, payload: Payload) -> None:
    """The browser's route to a run's file brings the artifact's bytes."""
    sent = require(door.put_artifact(run.location, "deep/a.bin", payload(5000)), 200)
    fetched = expect_status(door.send("GET", "/get-artifact", query={"run_id": run.id, "path": "deep/a.bin"}), 200)

    expect_equal(fetched.response_body, sent.request_body, "bytes")


@verifies("ART-034")
def test_listing_by_run_names_the_artifacts(door: MlflowHttp, run: Run) -> None:
    """The listing by run id names what lies at its location."""
    require(door.put_artifact(run.location, "deep/a.bin", b"bytes"), 200)
    top = expect_status(door.get("artifacts/list", run_id=run.id), 200).document
    below = expect_status(door.get("artifacts/list", run_id=run.id, path="deep"), 200).document

    expect_equal(top["root_uri"], run.location, "root")
    expect_equal([(entry["path"], entry["is_dir"]) for entry in top["files"]], [("deep", True)], "top")
    expect_equal([(entry["path"], int(entry["file_size"])) for entry in below["files"]], [("deep/a.bin", 5)], "folder")
