"""The folder of an experiment: what the run wrote there goes, entry by entry, and what others wrote stays."""

from __future__ import annotations

from typing import Any

import pytest

from registry_conformance.judge.live import experiment_files as module
from registry_conformance.judge.live.cleanup import CleanupResult
from registry_conformance.judge.target.requests import GuardError, Made
from tests.safeguards.doubles import PROXYS_404, Answer, said
from tests.safeguards.visit import NAME, RUN, RUN_ID, Visit

THEIRS = "2e" * 16
MODEL_ID, TRACE_ID = f"m-{RUN_ID}", f"tr-{RUN_ID}"


@pytest.fixture
def experiment(visit: Visit) -> Visit:
    """A run that made the experiment 7."""
    visit.registry.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    return visit


def stored(visit: Visit, *paths: str) -> None:
    """Put files there, in MLflow's listing and in the bucket."""
    visit.registry.files |= set(paths)
    for path in paths:
        visit.store.put(f"artifacts/{path}")


@pytest.mark.parametrize("bucket", [False, True])
def test_files_of_others_in_the_same_folder_stay(experiment: Visit, bucket: bool) -> None:
    """Kind: an extent that is believed. Servers that share a root count alike: both store their 7 in one folder."""
    if bucket:
        experiment.open_bucket()
    theirs = {f"7/{THEIRS}/artifacts/a", f"7/models/m-{THEIRS}/artifacts/a", f"7/traces/tr-{THEIRS}/artifacts/a"}
    mine = {f"7/{RUN_ID}/artifacts/a", f"7/models/{MODEL_ID}/artifacts/a", f"7/traces/{TRACE_ID}/artifacts/a"}
    for path in mine:
        experiment.made("artifact", path)
    stored(experiment, *theirs, *mine)
    cleaned = experiment.clean()

    assert (cleaned.gone, cleaned.left, cleaned.kept) == (1, (), ("7",))
    (note,) = cleaned.notes
    assert f"7/{THEIRS} and 2 more: not written by this run, and stays" in note
    assert experiment.registry.files == theirs
    if bucket:
        assert {key.removeprefix("artifacts/") for key, _ in experiment.store.versions} == theirs


def test_other_experiments_that_begin_with_the_same_digit_stay(experiment: Visit) -> None:
    """MLflow up to 3.15.2 deletes, in S3, all that begins like the path: the folder of an experiment is never named."""
    experiment.made("artifact", f"7/{RUN_ID}/artifacts/a")
    stored(experiment, f"7/{RUN_ID}/artifacts/a", f"70/{THEIRS}/artifacts/a", f"712/{THEIRS}/artifacts/a")

    assert experiment.clean() == CleanupResult(1, (), ("7",))
    assert experiment.registry.files == {f"70/{THEIRS}/artifacts/a", f"712/{THEIRS}/artifacts/a"}


@pytest.mark.parametrize("removal", [True, False])
@pytest.mark.parametrize("path", ["7", "7/", "7//", "workspaces/default/7"])
def test_folder_of_an_experiment_is_no_thing_of_the_runs(experiment: Visit, path: str, removal: bool) -> None:
    """Neither a run nor its clean-up may name the folder of an experiment as what it makes or removes."""
    thing = Made("artifact", path, "d")
    made, removes = (None, thing) if removal else (thing, None)
    with pytest.raises(GuardError, match="does not bear this run's name"):
        experiment.guard.allow("DELETE" if removal else "PUT", "/x", made=made, removes=removes)


@pytest.mark.parametrize("entry", [RUN_ID, f"models/{MODEL_ID}", f"traces/{TRACE_ID}"])
@pytest.mark.parametrize("bucket", [False, True])
def test_what_mlflow_counts_to_the_experiment_goes(experiment: Visit, entry: str, bucket: bool) -> None:
    """What a server wrote by itself, or a run whose ledger is lost, is in no line: MLflow says whose it is."""
    if bucket:
        experiment.open_bucket()
    stored(experiment, f"7/{entry}/artifacts/a")
    experiment.registry.belongs[entry.rpartition("/")[2]] = "7"

    assert experiment.clean() == CleanupResult(1, (), ("7",))
    assert not experiment.registry.files
    assert bool(experiment.store.versions) is not bucket


@pytest.mark.parametrize("entry", [RUN_ID, f"models/{MODEL_ID}", f"traces/{TRACE_ID}"])
def test_what_mlflow_counts_to_another_experiment_stays(experiment: Visit, entry: str) -> None:
    """A run, a logged model or a trace of another experiment stays, though it lies in the folder."""
    stored(experiment, f"7/{entry}/artifacts/a")
    experiment.registry.belongs[entry.rpartition("/")[2]] = "8"

    assert "stays" in experiment.clean().notes[0]
    assert experiment.registry.files == {f"7/{entry}/artifacts/a"}


@pytest.mark.parametrize("name", ["a", RUN_ID.upper(), f"{RUN_ID}0", f"models/{RUN_ID}", f"traces/{MODEL_ID}"])
def test_name_that_is_no_id_is_not_asked_for(experiment: Visit, name: str) -> None:
    """What has no id's form is nobody's that MLflow knows: an answer about it is not sought."""
    stored(experiment, f"7/{name}/x")
    experiment.registry.belongs |= {name: "7", name.rpartition("/")[2]: "7"}

    assert "stays" in experiment.clean().notes[0]
    assert experiment.registry.files == {f"7/{name}/x"}


def test_run_that_is_deleted_is_the_experiments_still(experiment: Visit) -> None:
    """A run that MLflow keeps as deleted belongs to its experiment as before."""
    stored(experiment, f"7/{RUN_ID}/artifacts/a")
    about = {"run_id": RUN_ID, "experiment_id": "7", "lifecycle_stage": "deleted"}
    experiment.registry.instead = lambda _, verb, __: said({"run": {"info": about}}) if verb == "/runs/get" else None

    assert experiment.clean() == CleanupResult(1, (), ("7",))
    assert not experiment.registry.files


@pytest.mark.parametrize(
    "answer",
    [
        PROXYS_404,
        said({"run": {"info": {"run_id": THEIRS, "experiment_id": "7"}}}),
        said({"run": {"info": {"run_id": RUN_ID}}}),
        said({"run": {"info": {"run_id": RUN_ID, "experiment_id": "7"}}}, 500),
        said({"run": [RUN_ID]}),
        (403, "text/plain", "Permission denied"),
    ],
)
def test_answer_that_tells_no_owner_makes_nothing_the_runs(experiment: Visit, answer: Answer) -> None:
    """Only MLflow's own answer about this very run, with the experiment's id, makes its files the run's."""
    stored(experiment, f"7/{RUN_ID}/artifacts/a")
    experiment.registry.instead = lambda _, verb, __: answer if verb == "/runs/get" else None
    experiment.clean()

    assert experiment.registry.files == {f"7/{RUN_ID}/artifacts/a"}


def test_what_a_lost_ledger_cannot_tell_is_not_known(visit: Visit) -> None:
    """Kind: unseen is not gone. Without the run's own ledger nobody knows whose files those are that MLflow disowns."""
    visit.guard.file.unlink()
    visit.guard.open(1.0, [Made("experiment", NAME, "d", ("7",))])
    visit.registry.experiment("7", NAME)
    stored(visit, f"7/models/{MODEL_ID}/artifacts/a")
    (left,) = visit.clean().left

    assert f"nothing shows whether this run wrote 7/models/{MODEL_ID}, so that it stays" in left
    assert visit.registry.files
    assert visit.names == [NAME]


def test_what_passes_no_server_is_not_known_either(experiment: Visit) -> None:
    """Clients that write to the bucket themselves leave no line: what MLflow disowns there may be the run's."""
    experiment.registry.experiment("7", NAME, "s3://bucket/artifacts/7")
    experiment.open_bucket()
    experiment.store.put(f"artifacts/7/{THEIRS}/artifacts/a")

    experiment.store.put(f"artifacts/7/{RUN_ID}/artifacts/a")
    experiment.registry.belongs[RUN_ID] = "7"

    assert "nothing shows whether" in experiment.clean().left[0]
    assert [key for key, _ in experiment.store.versions] == [f"artifacts/7/{THEIRS}/artifacts/a"]
    assert not [verb for _, verb, _ in experiment.registry.asked if verb.startswith("-artifacts/")]


@pytest.mark.parametrize("folder", ["7", "7/models"])
def test_folder_that_is_not_listed_is_not_known(experiment: Visit, folder: str) -> None:
    """Where the folder cannot be listed, what the ledger has is removed, and nothing is called gone."""
    experiment.made("artifact", f"7/{RUN_ID}/artifacts/a")
    stored(experiment, f"7/{RUN_ID}/artifacts/a", f"7/models/m-{THEIRS}/artifacts/a")

    def unlisted(_: str, verb: str, asked: dict[str, Any]) -> Answer | None:
        return PROXYS_404 if verb == "-artifacts/artifacts" and asked.get("path") == folder else None

    experiment.registry.instead = unlisted

    assert "not known" in experiment.clean().left[0]
    assert experiment.registry.files == {f"7/models/m-{THEIRS}/artifacts/a"}


def test_empty_folder_counts_as_none(experiment: Visit) -> None:
    """A disk keeps the empty folder of what was removed: an entry without a file is gone."""
    experiment.made("artifact", f"7/{RUN_ID}/artifacts/a")
    folders = {"7": [RUN_ID], f"7/{RUN_ID}": []}

    def answer(method: str, verb: str, asked: dict[str, Any]) -> Answer | None:
        if method == "GET" and verb == "-artifacts/artifacts":
            return said({"files": [{"path": name, "is_dir": True} for name in folders[asked["path"]]]})
        return None

    experiment.registry.instead = answer
    assert experiment.clean() == CleanupResult(1, (), ("7",))


def test_file_that_stays_in_an_entry_is_told(experiment: Visit) -> None:
    """A file directly in the folder that the run wrote, and that the server keeps, is still there."""
    experiment.made("artifact", f"7/{RUN}-a.bin")
    stored(experiment, f"7/{RUN}-a.bin")
    experiment.registry.instead = lambda method, *_: said({}) if method == "DELETE" else None

    assert "it is still there" in experiment.clean().left[0]


def test_entries_without_an_end_are_not_known(experiment: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow is asked about so many entries at most; what is beyond is not known."""
    monkeypatch.setattr(module, "_MOST_ASKED", 2)
    entries = [f"{number:032x}" for number in range(3)]
    stored(experiment, *(f"7/{entry}/artifacts/a" for entry in entries))
    experiment.registry.belongs |= dict.fromkeys(entries[:2], "7")

    assert "more than 2 entries" in experiment.clean().left[0]
    assert len(experiment.registry.files) == 3
    assert sum(verb == "/runs/get" for _, verb, _ in experiment.registry.asked) == 4  # twice each, at one door


def test_entries_below_another_root_go_and_those_at_the_top_too(visit: Visit) -> None:
    """Kind: the reference's shape. An experiment lies below a root of the server's own; what the run wrote goes."""
    visit.registry.experiment("7", NAME, "mlflow-artifacts:/team/models/7")
    visit.made("experiment", NAME, "7")
    paths = {f"team/models/7/{RUN_ID}/artifacts/a", f"7/{RUN}-x/a"}
    theirs = {f"team/models/7/{THEIRS}/artifacts/a", f"7/{THEIRS}/artifacts/a", f"team/models/8/{RUN_ID}/artifacts/a"}
    for path in sorted(paths):
        visit.made("artifact", path)
    stored(visit, *paths, *theirs)
    cleaned = visit.clean()

    assert (cleaned.gone, cleaned.left) == (1, ())
    assert visit.registry.files == theirs
    assert [note.partition(":")[0] for note in cleaned.notes] == [f"team/models/7/{THEIRS}", f"7/{THEIRS}"]
    removed = [path for _, path, _ in visit.registry.removals if "artifacts/artifacts" in path]
    assert len(removed) == len(set(removed)) == 2


def test_entries_of_each_experiment_go_with_their_own(visit: Visit) -> None:
    """What the run wrote in the folder of one experiment is not touched before that one is confirmed to be its own."""
    for own_id in ("7", "8"):
        visit.registry.experiment(own_id, f"{NAME}-{own_id}")
        visit.made("experiment", f"{NAME}-{own_id}", own_id)
        visit.made("artifact", f"{own_id}/{RUN_ID}/artifacts/a")
        stored(visit, f"{own_id}/{RUN_ID}/artifacts/a")
    cleaned = visit.clean()

    assert (cleaned.gone, cleaned.left) == (2, ())
    assert not visit.registry.files


def test_entry_is_in_the_ledger_once(experiment: Visit) -> None:
    """Many files of a run are one line: the ledger does not grow by the file."""
    for number in range(5):
        experiment.made("artifact", f"7/{RUN_ID}/artifacts/{number}")
    experiment.made("artifact", f"7/models/{MODEL_ID}/artifacts/a")

    assert experiment.guard.written() == {"7": {RUN_ID, f"models/{MODEL_ID}"}}
    assert experiment.names == [NAME]


def test_bucket_has_the_word_on_an_experiments_files(experiment: Visit) -> None:
    """What the bucket has no more is gone, though no server lists the folder; what a server still lists is there."""
    experiment.open_bucket()
    experiment.made("artifact", f"7/{RUN_ID}/artifacts/a")
    stored(experiment, f"7/{RUN_ID}/artifacts/a")
    experiment.registry.instead = lambda _, verb, __: PROXYS_404 if verb.startswith("-artifacts/") else None
    assert experiment.clean() == CleanupResult(1, (), ("7",))

    experiment.made("experiment", NAME, "7")
    experiment.registry.instead = lambda method, *_: said({}) if method == "DELETE" else None
    assert "it is still there" in experiment.clean().left[0]


def test_every_entry_is_looked_into(experiment: Visit) -> None:
    """An empty folder of one run does not speak for the next, which holds a file still."""
    for run_id in (RUN_ID, THEIRS):
        experiment.made("artifact", f"7/{run_id}/artifacts/a")
    held = {"7": [RUN_ID, THEIRS], f"7/{RUN_ID}": [], f"7/{THEIRS}": ["a"]}

    def answer(method: str, verb: str, asked: dict[str, Any]) -> Answer | None:
        if not verb.startswith("-artifacts/"):
            return None
        path = str(asked.get("path", ""))
        listed = [{"path": name, "is_dir": name != "a"} for name in held.get(path, ())]
        return said({"files": listed} if method == "GET" else {})

    experiment.registry.instead = answer
    assert "it is still there" in experiment.clean().left[0]


def test_file_called_like_a_folder_of_models_is_an_entry(experiment: Visit) -> None:
    """A file called ``models`` in the folder is an entry as any other."""
    stored(experiment, "7/models")

    assert "7/models: not written by this run" in experiment.clean().notes[0]
