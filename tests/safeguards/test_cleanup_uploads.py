"""A clean-up of uploads in parts that were never joined: by their id, or in the bucket."""

from __future__ import annotations

import pytest

from registry_conformance.judge.live.cleanup import CleanupResult
from tests.safeguards.doubles import Answer, said
from tests.safeguards.visit import NAME, RUN, RUN_ID, Visit


def test_upload_in_parts_is_given_up_in_the_folder_of_the_workspace(visit: Visit) -> None:
    """An upload in parts that was never joined is given up where the workspace keeps its files."""
    visit.work_in("team-a")
    visit.open_bucket()
    visit.store.begin(f"artifacts/workspaces/team-a/{RUN}-x/a", "u1")
    visit.made("upload", f"{RUN}-x/a", "u1")

    assert visit.clean() == CleanupResult(1, ())
    assert not visit.store.uploads


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
    visit.store.begin(f"artifacts/7/{RUN_ID}/a", "u")
    visit.store.begin(f"artifacts/7/{RUN_ID}/ab", "u")
    visit.store.put(f"artifacts/7/{RUN_ID}/a")
    visit.made("experiment", NAME, "7")
    visit.made("upload", f"7/{RUN_ID}/a", "u")
    assert visit.clean() == CleanupResult(2, (), ("7",))
    assert list(visit.store.uploads) == [(f"artifacts/7/{RUN_ID}/ab", "u")]
    visit.store.begin(f"artifacts/{RUN}-x/a", "u")
    visit.store.keeps = True
    visit.made("upload", f"{RUN}-x/a", "u")

    assert "still lists an unfinished upload" in visit.clean().left[0]


def test_upload_under_an_experiment_that_is_not_confirmed_stays(visit: Visit) -> None:
    """An upload under an id that is another's experiment is not given up."""
    visit.registry.experiment("7", "theirs")
    visit.made("experiment", NAME, "7")
    visit.made("upload", f"7/{RUN_ID}/a", "u")
    cleaned = visit.clean()

    assert len(cleaned.left) == 2
    assert not visit.registry.removals
