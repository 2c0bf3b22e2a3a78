"""A clean-up: what the ledger holds goes, what does not bear the run's name stays, and gone is what is proved to be.

Kinds: an answer, or a name, that is believed; gone though it is there; left behind though it was never made.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.live.cleanup import CleanupResult
from registry_conformance.judge.target import ledger
from registry_conformance.judge.target.target import Door, Target
from tests.safeguards.doubles import PROXYS_404, absent, said
from tests.safeguards.visit import MODEL, NAME, RUN, RUN_ID, Visit


def test_what_a_run_made_goes_and_what_is_others_stays(visit: Visit) -> None:
    """What a run made goes, in a bucket with every version; what is others' stays."""
    visit.open_bucket()
    visit.registry.experiment("7", NAME)
    visit.registry.experiment("8", "theirs")
    visit.registry.models |= {MODEL, "theirs"}
    visit.registry.files |= {f"7/{RUN_ID}/a", f"8/{RUN_ID}/a", f"{RUN}-x/a"}
    for key in (
        f"artifacts/7/{RUN_ID}/a",
        f"artifacts/77/{RUN_ID}/a",
        f"artifacts/8/{RUN_ID}/a",
        f"artifacts/{RUN}-x/a",
    ):
        visit.store.put(key, "1")
        visit.store.put(key, "2")
    visit.made("experiment", NAME, "7")
    visit.made("artifact", f"7/{RUN_ID}/a")
    visit.made("model", MODEL)
    visit.made("artifact", f"{RUN}-x/a")
    cleaned = visit.clean()

    assert cleaned == CleanupResult(3, (), ("7",))
    assert {own_id: each["lifecycle_stage"] for own_id, each in visit.registry.experiments.items()} == {
        "7": "deleted",
        "8": "active",
    }
    assert visit.registry.models == {"theirs"}
    assert visit.registry.files == {f"8/{RUN_ID}/a"}
    assert ("GET", "-artifacts/artifacts", {"path": "7"}) in visit.registry.asked
    assert {key for key, _ in visit.store.versions} == {f"artifacts/77/{RUN_ID}/a", f"artifacts/8/{RUN_ID}/a"}
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


def test_what_is_still_there_is_told(visit: Visit) -> None:
    """What is still there after a removal that was answered with 200 is told, with both answers."""
    visit.registry.experiment("7", NAME)
    visit.registry.models.add(MODEL)
    visit.registry.files |= {f"{RUN}-x/a", f"7/{RUN_ID}/a"}
    visit.made("experiment", NAME, "7")
    visit.made("artifact", f"7/{RUN_ID}/a")
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


def test_ledger_that_takes_no_line_is_a_note(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: the suite's own machine fails. On a full disk all is removed; the next janitor looks again."""
    visit.registry.models.add(MODEL)
    visit.registry.experiment("7", NAME)
    visit.made("model", MODEL)
    visit.made("experiment", NAME, "7")

    def full(_: Path) -> Any:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ledger, "transaction", full)
    cleaned = visit.clean()

    assert not visit.registry.models
    assert visit.registry.experiments["7"]["lifecycle_stage"] == "deleted"
    assert not cleaned.left
    assert "the next janitor looks for all of it again" in cleaned.notes[0]
