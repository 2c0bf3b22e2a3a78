"""A clean-up of experiments: those of others stay, whatever they are called, and what MLflow keeps is purged."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from registry_conformance.judge.live import holder
from registry_conformance.judge.live.cleanup import CleanupResult
from registry_conformance.judge.target.target import Door
from tests.safeguards.doubles import PROXYS_404, Registry, absent, said, serving
from tests.safeguards.visit import MODEL, NAME, RUN, RUN_ID, Visit


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


def test_experiment_that_is_deleted_already_is_kept(visit: Visit) -> None:
    """An experiment that is deleted already is not deleted again, and is among what MLflow keeps."""
    visit.registry.experiment("7", NAME, stage="deleted")
    visit.made("experiment", NAME, "7")

    assert visit.clean() == CleanupResult(1, (), ("7",))
    assert not visit.registry.removals


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


def test_experiment_is_deleted_only_where_its_id_is_its_own(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: an id believed. What a misdeclared origin calls 7 is another experiment behind the door."""
    monkeypatch.setattr(holder, "PAUSES", (0.0, 0.0))
    visit.registry.experiment("7", "theirs")
    elsewhere = Registry()
    elsewhere.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    with serving(elsewhere) as url:
        visit.target = replace(visit.target, origin=Door("origin", url, 5.0))
        monkeypatch.setattr(holder.Holder, "parted", lambda *_: "")  # nobody noticed
        visit.clean()

    assert not visit.registry.removals
    assert elsewhere.experiments["7"]["lifecycle_stage"] == "deleted"


def test_experiments_at_an_origin_of_another_database_are_not_told_gone(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies behind the door is not told gone because an origin with another database has never seen it."""
    monkeypatch.setattr(holder, "PAUSES", (0.0, 0.0))
    visit.registry.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    with serving(Registry()) as url:
        visit.target = replace(visit.target, origin=Door("origin", url, 5.0))
        cleaned = visit.clean()

    assert "there at d, gone at origin" in cleaned.left[0]
    assert visit.names == [NAME]


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


def test_experiment_that_others_renamed_leaves_the_rest_alone(visit: Visit) -> None:
    """An experiment under a name of others is not known; another, which never was, is gone all the same."""
    visit.registry.experiment("8", "theirs")
    visit.made("experiment", NAME)
    visit.made("experiment", f"{NAME}-2", "8")
    visit.clean()

    assert visit.names == [f"{NAME}-2"]


def test_experiment_that_was_made_and_is_not_found_is_not_gone(visit: Visit) -> None:
    """Kind: a replica that does not follow. MLflow keeps what is deleted: who finds nothing looks elsewhere."""
    visit.made("experiment", NAME, "7")
    cleaned = visit.clean()

    assert cleaned.gone == 0
    assert "made it and does not find it, though it was not deleted" in cleaned.left[0]
    assert visit.names == [NAME]


def test_experiment_that_was_deleted_may_be_removed_for_good(visit: Visit) -> None:
    """What this suite deleted is gone if somebody removes it for good before the next clean-up."""
    visit.registry.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    assert visit.clean("/nowhere/purge").kept == ("7",)
    visit.registry.experiments.clear()

    assert visit.clean() == CleanupResult(1, ())
    assert visit.names == []


def test_experiment_that_was_deleted_is_known_by_its_id_still(visit: Visit) -> None:
    """Another experiment by the name of a deleted one is not taken for it."""
    visit.registry.experiment("7", NAME)
    visit.made("experiment", NAME, "7")
    visit.clean("/nowhere/purge")
    visit.registry.experiments.clear()
    visit.registry.experiment("8", NAME)

    assert "MLflow called it 7 when it was made, and calls it 8 now" in visit.clean().left[0]
    assert visit.registry.experiments["8"]["lifecycle_stage"] == "active"


def test_an_experiment_is_confirmed_once_for_all_its_files(visit: Visit) -> None:
    """Ten files of one experiment cost no more questions for it than one."""
    asked = []
    for own_id, files in (("7", 1), ("8", 10)):
        name = f"{NAME}-{own_id}"
        visit.registry.experiment(own_id, name)
        visit.made("experiment", name, own_id)
        for number in range(files):
            visit.made("upload", f"{own_id}/{RUN_ID}/{number}", "u")
        visit.registry.asked.clear()
        visit.clean()
        asked.append(sum(verb == "/experiments/get-by-name" for _, verb, _ in visit.registry.asked))

    assert asked[0] == asked[1]
