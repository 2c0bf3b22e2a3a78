"""A clean-up of files: where they lie, who may say that they are gone, and how a folder is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry_conformance.judge.live import stored_files as module
from registry_conformance.judge.live.cleanup import CleanupResult
from tests.safeguards.doubles import PROXYS_404, Answer, said
from tests.safeguards.visit import NAME, RUN, RUN_ID, Visit

LONG_AGO = datetime.now(UTC) - timedelta(days=1)


def test_empty_listing_is_believed_of_mlflow_alone(visit: Visit) -> None:
    """Kind: an answer that is believed. A server that says ``{}`` to everything lists nothing, and proves nothing."""
    visit.made("artifact", f"{RUN}-x/a")
    assert visit.clean().left == ()

    visit.made("artifact", f"{RUN}-x/b")
    visit.registry.instead = lambda *_: said({})
    (left,) = visit.clean().left
    assert "does not answer as MLflow does" in left


@pytest.mark.parametrize(
    "location", ["mlflow-artifacts:/", "mlflow-artifacts:/8", "s3://bucket/artifacts", "s3://bucket/artifacts/8"]
)
def test_location_never_widens_what_is_removed(visit: Visit, location: str) -> None:
    """A location that the target names never widens what is removed; the experiment itself goes, and that is told."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME, location)
    visit.registry.files |= {f"8/{RUN_ID}/a"}
    visit.store.put(f"artifacts/8/{RUN_ID}/a")
    visit.made("experiment", NAME, "7")
    cleaned = visit.clean()

    assert "its artifacts lie at" in cleaned.left[0]
    assert visit.registry.files == {f"8/{RUN_ID}/a"}
    assert list(visit.store.versions) == [(f"artifacts/8/{RUN_ID}/a", "v1")]
    assert visit.registry.experiments["7"]["lifecycle_stage"] == "deleted"
    assert visit.names == [NAME]


@pytest.mark.parametrize("location", ["mlflow-artifacts:/workspaces/team-a/7", "mlflow-artifacts:/7"])
def test_what_lies_in_the_folder_of_the_workspace_goes(visit: Visit, location: str) -> None:
    """Kind: left behind. MLflow keeps a workspace's files in a folder of its own: those of the run go, no others."""
    visit.work_in("team-a")
    visit.open_bucket()
    visit.registry.experiment("7", NAME, location)
    for path in (f"team-a/{RUN}-x/a", f"team-a/7/{RUN_ID}/a", f"team-a/8/{RUN_ID}/a", f"team-b/7/{RUN_ID}/a"):
        visit.store.put(f"artifacts/workspaces/{path}")
    visit.made("artifact", f"{RUN}-x/a")
    visit.made("experiment", NAME, "7")
    visit.made("artifact", f"workspaces/team-a/7/{RUN_ID}/a")

    assert visit.clean() == CleanupResult(2, (), ("7",))
    assert [key for key, _ in visit.store.versions] == [
        f"artifacts/workspaces/team-a/8/{RUN_ID}/a",
        f"artifacts/workspaces/team-b/7/{RUN_ID}/a",
    ]


def test_object_older_than_the_run_keeps_a_folder(visit: Visit) -> None:
    """A folder that holds an object older than the run is not the run's, whatever MLflow says: nothing in it goes."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME)
    visit.store.put(f"artifacts/7/{RUN_ID}/a")
    visit.store.put(f"artifacts/7/{RUN_ID}/b", changed=LONG_AGO)
    visit.made("experiment", NAME, "7")
    visit.made("artifact", f"7/{RUN_ID}/a")

    assert "before this run began" in visit.clean().left[0]
    assert len(visit.store.versions) == 2


def test_bucket_has_the_word_on_files(visit: Visit) -> None:
    """The bucket has the word on files if it is open: MLflow lists nothing, and its routes are away, but it does."""
    visit.open_bucket()
    visit.store.put(f"artifacts/{RUN}-x/a")
    visit.made("artifact", f"{RUN}-x/a")
    visit.registry.instead = lambda *_: PROXYS_404
    assert visit.clean() == CleanupResult(1, ())
    visit.store.put(f"artifacts/{RUN}-x/a")
    visit.store.keeps = True
    visit.made("artifact", f"{RUN}-x/a")

    assert f"the bucket still lists artifacts/{RUN}-x/a and 0 more" in visit.clean().left[0]


def test_file_that_mlflow_lists_is_there_though_the_bucket_has_none(visit: Visit) -> None:
    """A file that MLflow lists is there, though the bucket that was named has none: it lies elsewhere."""
    visit.open_bucket()
    visit.registry.files.add(f"{RUN}-x/a")
    visit.made("artifact", f"{RUN}-x/a")
    visit.registry.instead = lambda method, *_: said({}) if method == "DELETE" else None

    assert "still there" in visit.clean().left[0]


@pytest.mark.parametrize("location", ["s3://bucket/artifacts/7", "/var/mlflow/7"])
def test_files_that_pass_no_door_are_not_asked_for_at_one(visit: Visit, location: str) -> None:
    """Files that pass no door are not asked for at one: those in a bucket go there, those on a disk are not ours."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME, location)
    visit.store.put(f"artifacts/7/{RUN_ID}/a")
    visit.registry.belongs[RUN_ID] = "7"
    visit.made("experiment", NAME, "7")

    assert visit.clean() == CleanupResult(1, (), ("7",))
    assert [verb for _, verb, _ in visit.registry.removals] == ["/experiments/delete"]
    assert not [verb for _, verb, _ in visit.registry.asked if verb.startswith("-artifacts/")]
    assert bool(visit.store.versions) is location.startswith("/")


def folders(visit: Visit, held: dict[str, list[dict[str, Any]]], *, mlflow: bool = True) -> None:
    """Let a registry list these files by their folder, and nothing elsewhere."""

    def answer(method: str, verb: str, asked: dict[str, Any]) -> Answer | None:
        if verb == "-artifacts/artifacts" and method == "GET":
            return said({"files": held.get(asked.get("path", ""), [])})
        return said({}) if verb.startswith("-artifacts/") or not mlflow else None

    visit.registry.instead = answer


FOLDER, FILE = {"path": "b", "is_dir": True}, {"path": "c", "is_dir": False}


@pytest.mark.parametrize(("inside", "left"), [([], ""), ([FILE], "it is still there"), ([FOLDER], "it is still there")])
def test_folder_is_gone_if_no_file_is_in_it(visit: Visit, inside: list[dict[str, Any]], left: str) -> None:
    """A folder that is listed is looked into: it is gone if it holds folders alone, and there if a file is below."""
    visit.made("artifact", f"{RUN}-x/a")
    deep = {f"{RUN}-x/a/b": inside, f"{RUN}-x/a/b/b": [FILE]}
    folders(visit, {f"{RUN}-x": [{"path": "a", "is_dir": True}], f"{RUN}-x/a": [FOLDER], **deep})
    cleaned = visit.clean()

    assert cleaned.gone == (not left)
    assert [left in each for each in cleaned.left] == [True] * bool(left)


def test_folders_without_an_end_are_not_known(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders within one another without an end, or too many beside one another, are not called gone."""
    visit.made("artifact", f"{RUN}-x/a")

    def one_more_folder(method: str, verb: str, _: object) -> Answer | None:
        if "-artifacts/" not in verb:
            return None
        return said({"files": [{"path": "a", "is_dir": True}]} if method == "GET" else {})

    visit.registry.instead = one_more_folder
    assert "still there" in visit.clean().left[0]

    monkeypatch.setattr(module, "_MOST_FOLDERS", 3)
    many = [{"path": f"f{number}", "is_dir": True} for number in range(5)]
    folders(visit, {f"{RUN}-x": [{"path": "a", "is_dir": True}], f"{RUN}-x/a": many})
    assert "more than 3 folders" in visit.clean().left[0]


def test_file_that_anybody_lists_is_there(visit: Visit) -> None:
    """A file that is listed is still there, whoever lists it: only that it is gone must be MLflow's word."""
    visit.made("artifact", f"{RUN}-x/c")
    folders(visit, {f"{RUN}-x": [FILE]}, mlflow=False)

    assert "it is still there" in visit.clean().left[0]


def test_file_at_the_top_is_listed_there(visit: Visit) -> None:
    """What lies in no folder is looked for in a listing of all, which has no path."""
    visit.made("artifact", f"{RUN}-x")

    assert visit.clean() == CleanupResult(1, ())
    assert ("GET", "-artifacts/artifacts", {}) in visit.registry.asked


@pytest.mark.parametrize("key", [f"{RUN}-x/ab", f"{RUN}-x/a.bin"])
def test_object_beside_a_path_stays(visit: Visit, key: str) -> None:
    """A key that begins like the path and is not below it is another file: it stays in the bucket."""
    visit.open_bucket()
    visit.made("artifact", f"{RUN}-x/a")
    visit.store.put(f"artifacts/{RUN}-x/a")
    visit.store.put(f"artifacts/{key}")

    assert visit.clean() == CleanupResult(1, ())
    assert [kept for kept, _ in visit.store.versions] == [f"artifacts/{key}"]
