"""What names and packed files should do, and MLflow is known not to."""

from __future__ import annotations

import gzip

import pytest

from fixtures.doors import one_door
from fixtures.essentials import Payload
from fixtures.runs import Run
from registry_conformance.judge.clients.artifact_modes import observe_artifact_modes
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.sdk import Sdk
from registry_conformance.judge.evidence.exchange import Body
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import upstream_defect, verifies

pytestmark = one_door


@verifies("ART-054")
@upstream_defect("mlflow#21085", versions="<=3.18.0", expires="2027-06-30")
def test_name_that_looks_quoted_is_kept(door: MlflowHttp, location: str, bucket: Bucket) -> None:
    """A name that looks quoted overwrites no other artifact."""
    require(door.put_artifact(location, "a b.txt", b"former"), 200)  # control: names with spaces are stored
    require(door.put_artifact(location, "a%20b.txt", b"bytes"), 200, 400)

    expect_equal(bucket.under(location).get("a b.txt"), 6, "size of the other artifact")


@pytest.mark.usefixtures("through_the_door")
@verifies("ART-055")
@upstream_defect("mlflow#24341", versions=">=3.15,<3.18", expires="2027-06-30")
def test_packed_file_comes_back_packed(sdk: Sdk, run: Run, payload: Payload, bucket: Bucket) -> None:
    """A compressed file comes back unchanged to clients with default settings."""
    packed = gzip.compress(payload(1000), mtime=0)
    _, back = observe_artifact_modes(sdk, run.id, "a.tar.gz", packed)
    stored = bucket.body(bucket.key_for(run.location, "a.tar.gz"))

    expect_equal(stored, Body.of([packed]), "object")
    expect_equal(back, Body.of([packed]), "file that came back")


@verifies("ART-056")
@upstream_defect("mlflow#24340", versions=">=3.15,<=3.18.0", expires="2027-06-30")
def test_folder_is_not_a_file(door: MlflowHttp, location: str) -> None:
    """The download of a folder is no empty file."""
    require(door.put_artifact(location, "folder/a.txt", b"bytes"), 200)
    require(door.get_artifact(location, "folder/a.txt"), 200)  # control: the file in it is downloaded

    assert not door.get_artifact(location, "folder").ok, "a folder is handed out as a file"


@verifies("ART-059")
@upstream_defect("not reported upstream", versions=">=2.12.2,<=3.18.0", expires="2027-06-30")
def test_tab_in_a_name_is_kept(door: MlflowHttp, run: Run, bucket: Bucket) -> None:
    """A name with a tab overwrites no other artifact."""
    require(door.put_artifact(run.location, "ab.txt", b"former"), 200)
    require(door.put_artifact(run.location, "a\tb.txt", b"bytes"), 200, 400)

    expect_equal(bucket.under(run.location).get("ab.txt"), 6, "size of the other artifact")
