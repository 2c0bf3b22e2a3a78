"""A clean-up: what the ledger holds goes, what does not bear the run's name stays, and gone is what is proved to be.

Kinds: an answer, or a name, that is believed; gone though it is there; left behind though it was never made.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.clients import bucket as bucket_module
from registry_conformance.judge.live import cleanup as module
from registry_conformance.judge.live import holder
from registry_conformance.judge.live.cleanup import CleanupResult, clean
from registry_conformance.judge.live.presence import Observation, State
from registry_conformance.judge.target import ledger
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.ledger import identity_of
from registry_conformance.judge.target.requests import Made
from registry_conformance.judge.target.target import BucketAccess, Door, Target
from tests.safeguards.doubles import PROXYS_404, Answer, Registry, Store, absent, said, serving

RUN = "verify-20300101-000000-abcdef"
NAME, MODEL = f"{RUN}-e", f"{RUN}-m"
ACCESS = BucketAccess("http://s3", "x", "bucket", "artifacts", "a", "b")
LONG_AGO = datetime.now(UTC) - timedelta(days=1)


class Visit:
    """A run at a registry with a bucket, and what it may have made."""

    def __init__(self, registry: Registry, store: Store, url: str, folder: Path) -> None:
        self.registry, self.store = registry, store
        self.target = Target("t", "live", (Door("d", url, 5.0),), {})
        described = ledger.describe_target({"d": url}, "")
        self.guard = Guard(folder / f"{RUN}.sqlite", RUN, Budget(100, 10**9, 100, 3600.0), False, target=described)
        self.guard.open()

    def work_in(self, workspace: str) -> None:
        """Work in a workspace, by a ledger of its own."""
        (door,) = self.target.doors
        self.target = Target("t", "live", (replace(door, workspace=workspace),), {})
        self.guard = replace(
            self.guard, file=self.guard.file.parent / workspace / self.guard.file.name, target=identity_of(self.target)
        )
        self.guard.open()

    def open_bucket(self) -> None:
        """Let the clean-up look into the bucket."""
        self.target = Target("t", "live", self.target.doors, {}, bucket=ACCESS)

    def made(self, kind: str, name: str, own_id: str = "") -> None:
        """Note that something may have been made, and what it was called."""
        thing = Made(kind, name, "d")
        self.guard.allow("POST", "/x", made=thing)
        if own_id:
            self.guard.learn(thing, own_id)

    def clean(self, *purge: str, dry: bool = False) -> CleanupResult:
        """Clean up."""
        return clean(self.target, self.guard, purge, dry)

    @property
    def names(self) -> list[str]:
        """What stands in the ledger still."""
        return [each.name for each in self.guard.left(self.guard.target)]


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A run that made nothing yet."""
    registry, store = Registry(), Store()
    monkeypatch.setattr(bucket_module, "s3", lambda _: store)
    monkeypatch.setattr(holder, "PAUSES", (0.0, 0.0))
    with serving(registry) as url:
        yield Visit(registry, store, url, tmp_path)


def test_what_a_run_made_goes_and_what_is_others_stays(visit: Visit) -> None:
    """What a run made goes, in a bucket with every version; what is others' stays."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME)
    visit.registry.experiment("8", "theirs")
    visit.registry.models |= {MODEL, "theirs"}
    visit.registry.files |= {"7/run/a", "8/run/a", f"{RUN}-x/a"}
    for key in ("artifacts/7/run/a", "artifacts/77/run/a", "artifacts/8/run/a", f"artifacts/{RUN}-x/a"):
        visit.store.put(key, "1")
        visit.store.put(key, "2")
    visit.made("experiment", NAME, "7")
    visit.made("model", MODEL)
    visit.made("artifact", f"{RUN}-x/a")
    cleaned = visit.clean()

    assert cleaned == CleanupResult(3, (), ("7",))
    assert {own_id: each["lifecycle_stage"] for own_id, each in visit.registry.experiments.items()} == {
        "7": "deleted",
        "8": "active",
    }
    assert visit.registry.models == {"theirs"}
    assert visit.registry.files == {"8/run/a"}
    assert ("GET", "-artifacts/artifacts", {"path": "7"}) in visit.registry.asked
    assert {key for key, _ in visit.store.versions} == {"artifacts/77/run/a", "artifacts/8/run/a"}
    assert visit.names == []


def test_dry_run_and_empty_ledger_send_nothing(visit: Visit) -> None:
    """A dry run names what is left and sends nothing; of an empty ledger there is nothing to send."""
    assert visit.clean() == CleanupResult(0, ())
    visit.made("model", MODEL)

    assert visit.clean(dry=True) == CleanupResult(0, (f"model {MODEL}",))
    assert not visit.registry.asked


def test_ledger_that_is_not_ours_removes_nothing(visit: Visit) -> None:
    """A ledger that is not ours removes nothing, and says so."""
    visit.registry.models.add(MODEL)
    visit.made("model", MODEL)
    visit.target = Target("t", "live", (Door("d", "http://elsewhere.example"),), {})
    cleaned = visit.clean()

    assert cleaned.gone == 0
    assert "another target" in cleaned.left[0]
    assert visit.names == [MODEL]
    assert not visit.registry.asked


def test_unfinished_uploads_go_first(visit: Visit) -> None:
    """Unfinished uploads go first, then files, models, experiments, the last made of each first."""
    visit.made("experiment", NAME, "7")
    visit.made("model", f"{MODEL}-1")
    visit.made("model", f"{MODEL}-2")
    visit.made("upload", f"{RUN}-x/a", "u")
    visit.made("artifact", f"{RUN}-x/b")
    visit.registry.experiment("7", NAME)
    visit.clean()
    order = [(verb.rpartition("/")[2], asked.get("name", "")) for _, verb, asked in visit.registry.removals]

    assert order[0][0] == f"{RUN}-x"
    assert [name for verb, name in order if verb == "delete" and name] == [f"{MODEL}-2", f"{MODEL}-1"]
    assert order[-1][0] == "delete"


Refuse = Callable[[str, str, dict[str, Any]], Answer | None]


@pytest.mark.parametrize("verb", ["/registered-models/", "-artifacts/", "/experiments/get-by-name", "/experiments/get"])
def test_404_of_a_proxy_is_not_known(visit: Visit, verb: str) -> None:
    """A 404 of a proxy on any of the routes leaves things not known to be gone, and in the ledger."""
    visit.registry.experiment("7", NAME)
    visit.registry.models.add(MODEL)
    visit.made("experiment", NAME, "7")
    visit.made("model", MODEL)
    visit.made("artifact", f"{RUN}-x/parts.bin")
    visit.registry.instead = lambda _, asked, __: PROXYS_404 if asked.startswith(verb) else None
    cleaned = visit.clean()

    assert cleaned.left
    assert all("not known" in each or "its id is" in each for each in cleaned.left)
    assert len(visit.names) == len(cleaned.left)
    assert cleaned.gone == 3 - len(cleaned.left)


def denied(registry: Registry) -> Callable[[str, str, dict[str, Any]], Answer | None]:
    """Return what MLflow answers to a user who may see no model but the own ones: of what nobody made, a denial."""

    def instead(_: str, verb: str, asked: dict[str, Any]) -> Answer | None:
        unknown = verb.startswith("/registered-models/") and asked["name"] not in registry.models
        return (403, "text/html", "Permission denied") if unknown else None

    return instead


def test_model_is_gone_if_mlflow_deleted_it_and_denies_the_user_another_look(visit: Visit) -> None:
    """MLflow's user management denies what does not exist: with its answer to the deletion that is proof."""
    visit.registry.instead = denied(visit.registry)
    visit.registry.models.add(MODEL)
    visit.registry.files.add(f"{RUN}-x/a")
    visit.made("model", MODEL)
    visit.made("artifact", f"{RUN}-x/a")

    assert visit.clean() == CleanupResult(2, ())
    assert not visit.registry.models | visit.registry.files


def test_model_that_was_deleted_before_the_clean_up_is_gone(visit: Visit) -> None:
    """The run deleted it itself: the deletion of the clean-up is denied, as of anything that nobody made."""
    visit.registry.instead = denied(visit.registry)
    visit.made("model", MODEL)
    visit.guard.ended(Made("model", MODEL, "d"), "")

    assert visit.clean() == CleanupResult(1, ())


def test_model_that_was_made_anew_after_its_deletion_is_not_known(visit: Visit) -> None:
    """What was deleted may be there again: only the last thing that was asked counts."""
    visit.registry.instead = denied(visit.registry)
    visit.made("model", MODEL)
    visit.guard.ended(Made("model", MODEL, "d"), "")
    visit.made("model", MODEL)

    assert visit.clean().gone == 0


def test_model_that_is_denied_from_the_first_is_not_known(visit: Visit) -> None:
    """Who is denied the deletion too learns nothing: the model may be there."""
    visit.registry.instead = denied(visit.registry)
    visit.made("model", MODEL)
    (left,) = visit.clean().left

    assert "whether it is gone is not known" in left
    assert "403" in left


def test_empty_listing_is_believed_of_mlflow_alone(visit: Visit) -> None:
    """Kind: an answer that is believed. A server that says ``{}`` to everything lists nothing, and proves nothing."""
    visit.made("artifact", f"{RUN}-x/a")
    assert visit.clean().left == ()

    visit.made("artifact", f"{RUN}-x/b")
    visit.registry.instead = lambda *_: said({})
    (left,) = visit.clean().left
    assert "does not answer as MLflow does" in left


def test_what_is_still_there_is_told(visit: Visit) -> None:
    """What is still there after a removal that was answered with 200 is told, with both answers."""
    visit.registry.experiment("7", NAME)
    visit.registry.models.add(MODEL)
    visit.registry.files |= {f"{RUN}-x/a", "7/run/a"}
    visit.made("experiment", NAME, "7")
    visit.made("model", MODEL)
    visit.made("artifact", f"{RUN}-x/a")
    visit.registry.instead = lambda method, *_: said({}) if method != "GET" else None
    cleaned = visit.clean()

    assert len(cleaned.left) == 3
    assert all("still there" in each for each in cleaned.left)
    assert "DELETE" in cleaned.left[0]
    assert len(visit.names) == 3


def test_put_that_failed_is_looked_up(visit: Visit) -> None:
    """Kind: left behind though it was never made. What was never made is found absent, and is not called left."""
    visit.made("model", MODEL)
    visit.made("artifact", f"{RUN}-x/a")
    visit.made("artifact", f"{RUN}-top.bin")
    visit.made("experiment", NAME)

    assert visit.clean() == CleanupResult(4, ())
    assert visit.names == []


@pytest.mark.parametrize(
    "location", ["mlflow-artifacts:/", "mlflow-artifacts:/8", "s3://bucket/artifacts", "s3://bucket/artifacts/8"]
)
def test_location_never_widens_what_is_removed(visit: Visit, location: str) -> None:
    """A location that the target names never widens what is removed; the experiment itself goes, and that is told."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME, location)
    visit.registry.files |= {"8/run/a"}
    visit.store.put("artifacts/8/run/a")
    visit.made("experiment", NAME, "7")
    cleaned = visit.clean()

    assert "its artifacts lie at" in cleaned.left[0]
    assert visit.registry.files == {"8/run/a"}
    assert list(visit.store.versions) == [("artifacts/8/run/a", "v1")]
    assert visit.registry.experiments["7"]["lifecycle_stage"] == "deleted"
    assert visit.names == [NAME]


@pytest.mark.parametrize("location", ["mlflow-artifacts:/workspaces/team-a/7", "mlflow-artifacts:/7"])
def test_what_lies_in_the_folder_of_the_workspace_goes(visit: Visit, location: str) -> None:
    """Kind: left behind. MLflow keeps a workspace's files in a folder of its own: those of the run go, no others."""
    visit.work_in("team-a")
    visit.open_bucket()
    visit.registry.experiment("7", NAME, location)
    for path in (f"team-a/{RUN}-x/a", "team-a/7/run/a", "team-a/8/run/a", "team-b/7/run/a"):
        visit.store.put(f"artifacts/workspaces/{path}")
    visit.made("artifact", f"{RUN}-x/a")
    visit.made("experiment", NAME, "7")
    visit.made("artifact", "workspaces/team-a/7/run/a")

    assert visit.clean() == CleanupResult(2, (), ("7",))
    assert [key for key, _ in visit.store.versions] == [
        "artifacts/workspaces/team-a/8/run/a",
        "artifacts/workspaces/team-b/7/run/a",
    ]


def test_upload_in_parts_is_given_up_in_the_folder_of_the_workspace(visit: Visit) -> None:
    """An upload in parts that was never joined is given up where the workspace keeps its files."""
    visit.work_in("team-a")
    visit.open_bucket()
    visit.store.begin(f"artifacts/workspaces/team-a/{RUN}-x/a", "u1")
    visit.made("upload", f"{RUN}-x/a", "u1")

    assert visit.clean() == CleanupResult(1, ())
    assert not visit.store.uploads


def test_experiment_of_others_is_not_removed_by_a_name(visit: Visit) -> None:
    """Mutants that survived before. An experiment of others that answers to the run's name stays, with its files."""
    visit.registry.experiment("8", "theirs")
    visit.registry.files |= {"8/run/a"}
    theirs = visit.registry.experiments["8"]
    visit.registry.instead = lambda _, verb, __: said({"experiment": theirs}) if "get-by-name" in verb else None
    visit.made("experiment", NAME)
    cleaned = visit.clean()

    assert "another experiment answers to its name" in cleaned.left[0]
    assert theirs["lifecycle_stage"] == "active"
    assert visit.registry.files == {"8/run/a"}
    assert not visit.registry.removals


def test_id_of_others_is_not_removed(visit: Visit) -> None:
    """An id that another experiment has is not removed, though the run's name is said to have it."""
    visit.registry.experiment("8", "theirs")
    mine = {"experiment_id": "8", "name": NAME, "artifact_location": "mlflow-artifacts:/8", "lifecycle_stage": "active"}
    visit.registry.instead = lambda _, verb, __: said({"experiment": mine}) if "get-by-name" in verb else None
    visit.made("experiment", NAME)

    assert "and that 8 is 'theirs'" in visit.clean().left[0]
    assert not visit.registry.removals


def test_object_older_than_the_run_keeps_a_folder(visit: Visit) -> None:
    """A folder that holds an object older than the run is not the run's, whatever MLflow says: nothing in it goes."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME)
    visit.store.put("artifacts/7/run/a")
    visit.store.put("artifacts/7/run/b", changed=LONG_AGO)
    visit.made("experiment", NAME, "7")

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
    visit.store.put("artifacts/7/run/a")
    visit.made("experiment", NAME, "7")

    assert visit.clean() == CleanupResult(1, (), ("7",))
    assert [verb for _, verb, _ in visit.registry.removals] == ["/experiments/delete"]
    assert not [verb for _, verb, _ in visit.registry.asked if verb.startswith("-artifacts/")]
    assert bool(visit.store.versions) is location.startswith("/")


def test_experiment_that_is_deleted_already_is_kept(visit: Visit) -> None:
    """An experiment that is deleted already is not deleted again, and is among what MLflow keeps."""
    visit.registry.experiment("7", NAME, stage="deleted")
    visit.made("experiment", NAME, "7")

    assert visit.clean() == CleanupResult(1, (), ("7",))
    assert [method for method, *_ in visit.registry.removals] == ["DELETE"]


def test_experiment_under_a_new_name_of_the_runs_is_no_longer_there_by_the_old(visit: Visit) -> None:
    """An experiment that the run renamed is gone by its old name; one that bears another's name is not known."""
    visit.registry.experiment("7", f"{RUN}-new")
    visit.made("experiment", NAME, "7")
    assert visit.clean() == CleanupResult(1, ())
    visit.registry.experiments["7"]["name"] = "theirs"
    visit.made("experiment", NAME)

    assert "does not find it by its name" in visit.clean().left[0]
    visit.registry.experiments.clear()
    assert visit.clean() == CleanupResult(1, ())


def test_experiment_of_which_nothing_is_told_is_not_known(visit: Visit) -> None:
    """An experiment of which MLflow tells nothing is not known, and nothing is removed."""
    visit.made("experiment", NAME)
    visit.registry.instead = lambda *_: PROXYS_404

    assert "not known" in visit.clean().left[0]
    assert not visit.registry.removals


def test_servers_that_share_no_database_leave_everything_not_known(visit: Visit) -> None:
    """Servers that share no database leave everything in the ledger, and are told of."""
    visit.registry.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    visit.made("model", MODEL)
    visit.made("upload", f"{RUN}-x/a", "u")
    turns = iter(range(1000))
    gone = absent(f"Could not find experiment with name '{NAME}'")
    visit.registry.instead = lambda _, verb, __: gone if "by-name" in verb and next(turns) % 2 else None
    cleaned = visit.clean()

    assert "several servers answer at the door d" in cleaned.left[0]
    assert len(visit.names) == 3


def test_experiment_of_servers_that_share_no_database_is_not_deleted(visit: Visit) -> None:
    """Kind: an id believed. Where each server counts its own ids, the one asked may delete another's experiment."""
    visit.registry.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    turns = iter([0] * 7 + [1] + [0] * 1000)  # seen to differ once, and never again
    gone = absent(f"Could not find experiment with name '{NAME}'")
    visit.registry.instead = lambda _, verb, __: gone if "by-name" in verb and next(turns) else None
    cleaned = visit.clean()

    assert any("a different experiment of that id" in each for each in cleaned.left)
    assert not visit.registry.removals


def test_upload_is_given_up_by_its_id(visit: Visit) -> None:
    """An upload is given up by its id through a door; that is MLflow's word that it is gone."""
    visit.made("upload", f"{RUN}-x/a", "u")

    assert visit.clean() == CleanupResult(1, ())
    assert visit.registry.removals[0] == ("POST", f"-artifacts/mpu/abort/{RUN}-x", {"path": "a", "upload_id": "u"})


@pytest.mark.parametrize(
    ("own_id", "answer", "why"),
    [
        ("", None, "no answer told by which id"),
        ("u", (500, "text/html", ""), "500"),
        ("u", said({}, 500), "500"),
        ("u", (200, "text/html", "<h1>welcome</h1>"), "200"),
        ("u", said([]), "200"),
    ],
)
def test_upload_of_which_nobody_tells_is_not_known(visit: Visit, own_id: str, answer: Answer | None, why: str) -> None:
    """An upload that has no id, or that MLflow does not give up, is not known if nobody looks into the bucket."""
    visit.made("upload", f"{RUN}-x/a", own_id)
    visit.registry.instead = lambda _, verb, __: answer if "mpu" in verb else None
    (left,) = visit.clean().left

    assert "nobody may look into the bucket" in left
    assert why in left
    visit.open_bucket()
    assert visit.clean() == CleanupResult(1, ())


def test_upload_in_a_bucket_is_given_up_there(visit: Visit) -> None:
    """An upload is given up in the bucket if that is open, that of others is not, and one that stays is told."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME)
    visit.store.begin("artifacts/7/run/a", "u")
    visit.store.begin("artifacts/7/run/ab", "u")
    visit.store.put("artifacts/7/run/a")
    visit.made("experiment", NAME, "7")
    visit.made("upload", "7/run/a", "u")
    assert visit.clean() == CleanupResult(2, (), ("7",))
    assert list(visit.store.uploads) == [("artifacts/7/run/ab", "u")]
    visit.store.begin(f"artifacts/{RUN}-x/a", "u")
    visit.store.keeps = True
    visit.made("upload", f"{RUN}-x/a", "u")

    assert "still lists an unfinished upload" in visit.clean().left[0]


def test_upload_under_an_experiment_that_is_not_confirmed_stays(visit: Visit) -> None:
    """An upload under an id that is another's experiment is not given up."""
    visit.registry.experiment("7", "theirs")
    visit.made("experiment", NAME, "7")
    visit.made("upload", "7/run/a", "u")
    cleaned = visit.clean()

    assert len(cleaned.left) == 2
    assert not visit.registry.removals


@pytest.mark.parametrize(
    ("program", "kept", "said"),
    [
        ([sys.executable, "-c", "import sys; sys.exit(sys.argv[1] != '7')"], (), ""),
        ([sys.executable, "-c", "import sys; sys.exit('no database')"], ("7",), "failed: no database"),
        ([sys.executable, "-c", "import sys; sys.exit(3)"], ("7",), "failed: exit code 3"),
        (["/nowhere/purge"], ("7",), "cannot be run"),
    ],
)
def test_what_mlflow_keeps_is_purged_if_somebody_can(
    visit: Visit, program: list[str], kept: tuple[str, ...], said: str
) -> None:
    """What MLflow keeps is removed for good by the program that was given; if that fails, it stays in the ledger."""
    visit.registry.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    visit.made("model", MODEL)
    cleaned = visit.clean(*program)

    assert cleaned.kept == kept
    assert [said in each for each in cleaned.left] == [True] * bool(said)
    assert visit.names == ([NAME] if said else [])
    assert cleaned.gone == (1 if said else 2)


def test_nothing_to_purge_runs_no_program(visit: Visit) -> None:
    """Without anything that MLflow keeps no program is run."""
    visit.made("model", MODEL)

    assert visit.clean("/nowhere/purge") == CleanupResult(1, ())


def test_ledger_that_takes_no_line_is_a_note(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: the suite's own machine fails. On a full disk all is removed; the next janitor looks again."""
    visit.registry.models.add(MODEL)
    visit.made("model", MODEL)

    def full(_: Path) -> Any:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ledger, "transaction", full)
    cleaned = visit.clean()

    assert not visit.registry.models
    assert not cleaned.left
    assert "the next janitor looks for all of it again" in cleaned.notes[0]


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


def test_experiment_that_others_renamed_leaves_the_rest_alone(visit: Visit) -> None:
    """An experiment under a name of others is not known; another, which is gone, is gone all the same."""
    visit.registry.experiment("8", "theirs")
    visit.made("experiment", NAME, "7")
    visit.made("experiment", f"{NAME}-2", "8")
    visit.clean()

    assert visit.names == [f"{NAME}-2"]


def test_an_experiment_is_confirmed_once_for_all_its_files(visit: Visit) -> None:
    """Ten files of one experiment cost no more questions for it than one."""
    asked = []
    for own_id, files in (("7", 1), ("8", 10)):
        name = f"{NAME}-{own_id}"
        visit.registry.experiment(own_id, name)
        visit.made("experiment", name, own_id)
        for number in range(files):
            visit.made("artifact", f"{own_id}/run/{number}")
        visit.registry.asked.clear()
        visit.clean()
        asked.append(sum(verb == "/experiments/get-by-name" for _, verb, _ in visit.registry.asked))

    assert asked[0] == asked[1]


def test_what_is_there_unasked_is_told_without_a_request() -> None:
    """What is still there although nothing was sent to remove it is told by what was seen alone."""
    with pytest.raises(module.StillThereError, match=r"^it is still there: seen$"):
        module._need(Observation(State.THERE, "seen"), State.GONE, None)
