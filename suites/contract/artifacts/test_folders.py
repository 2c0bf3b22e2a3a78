"""Folders are listed level by level, in full, and deleted without their neighbours."""

from __future__ import annotations

from functools import partial

from fixtures.doors import one_door
from fixtures.runs import Run
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.concurrency import at_once
from registry_conformance.judge.clients.listing import paths_and_kinds
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import upstream_defect, verifies

SMALL = {f"many/{number:03}.txt": b"file %d" % number for number in range(100)}

pytestmark = one_door


@verifies("ART-039")
def test_each_level_is_listed_on_its_own(door: MlflowHttp, location: str) -> None:
    """A listing shows one level of nested folders, not deeper ones."""
    require(door.put_artifact(location, "a/b/c/deep.txt", b"1"), 200)
    require(door.put_artifact(location, "a/b/near.txt", b"22"), 200)
    listings = [expect_status(door.list_artifacts(location, folder), 200) for folder in ("", "a", "a/b", "a/b/c")]
    levels = [paths_and_kinds(listing) for listing in listings]

    expect_equal(
        levels, [{"a": True}, {"b": True}, {"c": True, "near.txt": False}, {"deep.txt": False}], "listings by level"
    )


@verifies("ART-039")
def test_folder_is_not_its_namesakes(door: MlflowHttp, location: str) -> None:
    """A folder's listing leaves out what only begins like it."""
    require(door.put_artifact(location, "model/a.txt", b"1"), 200)
    require(door.put_artifact(location, "model-2/b.txt", b"22"), 200)
    listed = expect_status(door.list_artifacts(location, "model"), 200).document["files"]

    expect_equal([entry["path"] for entry in listed], ["a.txt"], "files of the folder")


@verifies("ART-040")
def test_many_small_files_are_stored_and_listed(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """A hundred small files, eight at a time, are stored and listed."""
    sent = at_once([partial(door.put_artifact, location, name, content) for name, content in SMALL.items()])
    listed = expect_status(door.list_artifacts(location, "many"), 200).document["files"]
    sizes = {name: len(content) for name, content in SMALL.items()}

    expect_equal({upload.status for upload in sent}, {200}, "statuses")
    expect_equal({f"many/{entry['path']}": int(entry["file_size"]) for entry in listed}, sizes, "listed files")
    expect_equal(bucket.under(location), sizes, "objects at the location")


@verifies("ART-041")
@upstream_defect("not reported upstream", versions="<=3.15.2")
def test_deleted_folder_takes_no_neighbour(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """A deleted folder is gone with all in it, and nothing else."""
    require(door.put_artifact(location, "model/a.txt", b"1"), 200)
    require(door.put_artifact(location, "model/deep/b.txt", b"22"), 200)
    require(door.put_artifact(location, "model-2/c.txt", b"333"), 200)
    before = bucket.under(location)
    expect_status(door.delete_artifact(location, "model"), 200)

    expect_equal(len(before), 3, "objects before")
    expect_equal(bucket.under(location), {"model-2/c.txt": 3}, "objects after")


@verifies("ART-042")
def test_deleting_nothing_changes_nothing(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """Deleting what does not exist changes nothing."""
    require(door.put_artifact(location, "a.txt", b"1"), 200)
    missed = door.delete_artifact(location, "b.txt")

    assert not missed.broke, missed
    expect_equal(bucket.under(location), {"a.txt": 1}, "objects at the location")


@verifies("ART-042")
def test_runs_do_not_see_each_other(door: MlflowHttp, run: Run, other_run: Run, bucket: Bucket) -> None:
    """One run's artifacts are neither listed nor deleted with another's."""
    require(door.put_artifact(run.location, "a.txt", b"1"), 200)
    require(door.put_artifact(other_run.location, "a.txt", b"22"), 200)
    require(door.delete_artifact(other_run.location, "a.txt"), 200)
    listed = expect_status(door.list_artifacts(run.location), 200).document["files"]

    expect_equal([entry["path"] for entry in listed], ["a.txt"], "files of the one run")
    expect_equal(bucket.under(run.location), {"a.txt": 1}, "objects of the one run")
    expect_equal(bucket.under(other_run.location), {}, "objects of the other run")
