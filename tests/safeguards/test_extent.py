"""How far a deletion goes: never further than the ledger says, whatever the target answers.

Kind: an answer that is believed. The location `mlflow-artifacts:/` takes the whole prefix, every version.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from registry_conformance.judge.live.extent import (
    ExtentError,
    RemovalGuard,
    artifact_folder,
    experiment_id,
    need_recent,
    on_disk,
    own_key,
)
from registry_conformance.judge.target.requests import GuardError, Made
from registry_conformance.judge.target.target import BucketAccess
from registry_conformance.judge.target.workspace import placed

RUN = "verify-20300101-000000-abcdef"
NAME, RUN_ID = f"{RUN}-e", "1f" * 16
BUCKET = BucketAccess("http://s3", "x", "bucket", "artifacts", "a", "b")
BARE = BucketAccess("http://s3", "x", "bucket", "", "a", "b")


def about(own_id: str, name: str = NAME) -> dict[str, str]:
    """Return what MLflow says of an experiment."""
    return {"experiment_id": own_id, "name": name}


def test_experiment_is_the_one_that_the_run_made() -> None:
    """An experiment is the run's if MLflow finds it by its name and by its id, and the ledger has no other id."""
    for ids in ((), ("7",), ("3", "7")):
        assert experiment_id(Made("experiment", NAME, "d", ids), about("7"), about("7")) == "7"


@pytest.mark.parametrize(
    ("ids", "by_name", "by_id", "said"),
    [
        (("7",), about("7", "theirs"), about("7"), "another experiment answers to its name: 'theirs'"),
        ((), about("0"), about("0"), "no run is given"),
        ((), about("x"), about("x"), "no run is given"),
        *(
            ((), about(named), about(named), "no run is given")
            for named in ("²", "\uff17", " 7", "07", "-7", "9" * 5000)
        ),
        ((), {"name": NAME}, about("7"), "no run is given"),
        (("7",), about("8"), about("8"), "called it 7 when it was made, and calls it 8 now"),
        ((), about("7"), about("7", "theirs"), "that 7 is 'theirs'"),
        ((), about("7"), about("8"), "that 7 is"),
        ((), about("7"), {}, "that 7 is None"),
    ],
)
def test_experiment_that_is_not_shown_to_be_the_runs_is_refused(
    ids: tuple[str, ...], by_name: dict[str, str], by_id: dict[str, str], said: str
) -> None:
    """An experiment that is not shown to be the run's own is refused, and why is said."""
    with pytest.raises(ExtentError, match=re.escape(said)):
        experiment_id(Made("experiment", NAME, "d", ids), by_name, by_id)


@pytest.mark.parametrize(
    ("location", "bucket", "folder"),
    [
        ("mlflow-artifacts:/7", BUCKET, "7"),
        ("mlflow-artifacts:/7/", None, "7"),
        ("mlflow-artifacts://registry.example:8080/7", BUCKET, "7"),
        ("mlflow-artifacts:/team/models/7", BUCKET, "team/models/7"),
        ("mlflow-artifacts:/team/7/", None, "team/7"),
        ("s3://bucket/artifacts/7", BUCKET, "7"),
        ("s3://bucket/7", BARE, "7"),
        ("/var/mlflow/7", BUCKET, ""),
        ("file:///var/mlflow/7", BUCKET, ""),
        ("C:\\mlflow\\7", BUCKET, ""),
        ("./mlruns/7", None, ""),
    ],
)
def test_folder_of_an_experiment_is_its_id(location: str, bucket: BucketAccess | None, folder: str) -> None:
    """The folder of an experiment is its id, below the root of all artifacts; a path on a disk is none of ours."""
    assert artifact_folder(location, "7", bucket) == folder


@pytest.mark.parametrize(
    ("location", "bucket"),
    [
        ("mlflow-artifacts:/", BUCKET),
        ("mlflow-artifacts:", BUCKET),
        ("mlflow-artifacts:/8", BUCKET),
        ("mlflow-artifacts:/77", BUCKET),
        ("mlflow-artifacts:/7/8", BUCKET),
        ("mlflow-artifacts:/8/7", BUCKET),
        ("mlflow-artifacts:/7/../8", BUCKET),
        ("mlflow-artifacts:/8/../7", BUCKET),
        ("mlflow-artifacts:/team/models", BUCKET),
        ("mlflow-artifacts:/team/8/7", BUCKET),
        ("mlflow-artifacts:/team/workspaces/7", BUCKET),
        ("mlflow-artifacts:/7?x=1", BUCKET),
        ("mlflow-artifacts:/7#x", BUCKET),
        ("s3://bucket/artifacts", BUCKET),
        ("s3://bucket/", BUCKET),
        ("s3://bucket/7", BUCKET),
        ("s3://bucket/others/7", BUCKET),
        ("s3://bucket-2/artifacts/7", BUCKET),
        ("s3://bucket/artifacts/7", BARE),
        ("s3://bucket/artifacts/7", None),
        ("gs://bucket/artifacts/7", BUCKET),
        ("hdfs:/7", BUCKET),
        ("mlflow-artifacts://[::/7", BUCKET),
    ],
)
def test_location_that_is_another_place_is_refused(location: str, bucket: BucketAccess | None) -> None:
    """A location that is a root, another's folder, or elsewhere is refused."""
    with pytest.raises(ExtentError, match=r"its artifacts lie at"):
        artifact_folder(location, "7", bucket)


@pytest.mark.parametrize(
    ("workspace", "location", "bucket", "folder"),
    [
        ("team-a", "mlflow-artifacts:/workspaces/team-a/7", BUCKET, "workspaces/team-a/7"),
        ("team-a", "mlflow-artifacts:/7", None, "7"),
        ("team-a", "s3://bucket/artifacts/workspaces/team-a/7", BUCKET, "workspaces/team-a/7"),
        ("team-a", "s3://bucket/workspaces/team-a/7", BARE, "workspaces/team-a/7"),
        ("", "mlflow-artifacts:/workspaces/default/7", BUCKET, "workspaces/default/7"),
        ("default", "s3://bucket/artifacts/7", BUCKET, "7"),
    ],
)
def test_folder_of_an_experiment_may_be_in_that_of_its_workspace(
    workspace: str, location: str, bucket: BucketAccess | None, folder: str
) -> None:
    """The folder of an experiment may be in that of the run's workspace, or of the default one if it names none."""
    assert artifact_folder(location, "7", bucket, workspace) == folder


@pytest.mark.parametrize(
    ("workspace", "location"),
    [
        ("team-a", "mlflow-artifacts:/workspaces/team-b/7"),
        ("team-a", "mlflow-artifacts:/workspaces/team-a/8"),
        ("team-a", "mlflow-artifacts:/workspaces/team-a"),
        ("team-a", "mlflow-artifacts:/workspaces/default/7"),
        ("team-a", "mlflow-artifacts:/others/workspaces/team-a/7"),
        ("team-a", "s3://bucket/artifacts/7"),
        ("team-a", "s3://bucket/workspaces/team-a/7"),
        ("", "mlflow-artifacts:/workspaces/team-a/7"),
    ],
)
def test_folder_of_another_workspace_is_refused(workspace: str, location: str) -> None:
    """A location in another workspace than the run's, or beside it, is refused, whatever the experiment's id."""
    with pytest.raises(ExtentError, match=r"its artifacts lie at"):
        artifact_folder(location, "7", BUCKET, workspace)


@pytest.mark.parametrize(
    ("workspace", "path", "place"),
    [
        ("", "a/b", "a/b"),
        ("", "workspaces/default/a", "workspaces/default/a"),
        ("default", "a/b", "a/b"),
        ("team-a", "a/b", "workspaces/team-a/a/b"),
        ("team-a", "workspaces/team-a/a", "workspaces/team-a/a"),
        ("team-a", "workspaces/team-b/a", "workspaces/team-a/workspaces/team-b/a"),
    ],
)
def test_path_is_in_the_folder_of_its_workspace(workspace: str, path: str, place: str) -> None:
    """What a client names lies in the folder of its workspace, and at the root in the default one."""
    assert placed(path, workspace) == place


def test_removal_guard_knows_the_workspace() -> None:
    """What lies under an experiment of the run's may be removed in the run's workspace, and in no other."""
    guard = RemovalGuard(RUN, "team-a")
    guard.experiments["7"] = NAME
    path = f"/api/2.0/mlflow-artifacts/artifacts/workspaces/team-a/7/{RUN_ID}"
    guard.allow("DELETE", path, removes=Made("artifact", f"workspaces/team-a/7/{RUN_ID}", "d"))
    with pytest.raises(GuardError, match="does not bear this run's name"):
        guard.allow("DELETE", path, removes=Made("artifact", f"workspaces/team-b/7/{RUN_ID}", "d"))


@pytest.mark.parametrize(
    ("location", "local"),
    [("/a", True), ("a/b", True), ("", True), ("file:/a", True), ("s3://b/a", False), ("mlflow-artifacts:/a", False)],
)
def test_location_on_a_disk_is_known(location: str, local: bool) -> None:
    """A location on a disk is known: it has no scheme, or that of files."""
    assert on_disk(location) is local


def test_object_that_was_there_before_the_run_is_refused() -> None:
    """An object that lay there before the run began is refused, the difference of two clocks aside."""
    began = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
    need_recent("k", datetime(2030, 1, 1, 11, 46, tzinfo=UTC), began.timestamp())

    with pytest.raises(ExtentError, match="2030-01-01 11:44 UTC, before this run began"):
        need_recent("k", datetime(2030, 1, 1, 11, 44, tzinfo=UTC), began.timestamp())


@pytest.mark.parametrize(
    ("key", "path", "root", "own"),
    [
        ("artifacts/7", "7", "artifacts", True),
        ("artifacts/7/a", "7", "artifacts", True),
        ("artifacts/77", "7", "artifacts", False),
        ("artifacts/7-old/a", "7", "artifacts", False),
        ("7/a", "7", "artifacts", False),
        ("7/a", "7", "", True),
        ("artifacts/7/a", "7", "", False),
    ],
)
def test_key_is_that_of_a_path_or_below_it(key: str, path: str, root: str, own: bool) -> None:
    """Mutants that survived before: a key is the path's own, or below it; one that begins alike is somebody else's."""
    assert own_key(key, path, root) is own


def test_clean_up_removes_what_is_the_runs_and_sends_nothing_else() -> None:
    """A clean-up reads, and removes what is the run's own; it makes nothing, and removes nothing else."""
    guard = RemovalGuard(RUN)
    guard.allow("GET", "/x")
    guard.allow("DELETE", "/x", removes=Made("model", f"{RUN}-m", "d"))
    for made, removes in (
        (None, None),
        (None, Made("model", "theirs", "d")),
        (None, Made("experiment", "", "d", ("7",))),
        (None, Made("artifact", f"7/{RUN_ID}", "d")),
        (None, Made("artifact", "", "d")),
        (Made("artifact", f"{RUN}-x", "d"), Made("artifact", f"{RUN}-x", "d")),
    ):
        with pytest.raises(GuardError):
            guard.allow("POST", "/x", 0, made, "d", removes=removes)
    guard.experiments["7"] = NAME

    guard.allow("POST", "/x", removes=Made("experiment", "", "d", ("7",)))
    guard.allow("DELETE", "/x", removes=Made("artifact", f"7/{RUN_ID}", "d"))
    with pytest.raises(GuardError, match="paths of others may begin like that"):
        guard.allow("DELETE", "/x", removes=Made("artifact", "7/a", "d"))
