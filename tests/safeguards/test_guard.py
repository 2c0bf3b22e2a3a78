"""What a guard lets pass: the run's own things, within a budget, in the ledger before they are made."""

from __future__ import annotations

import sqlite3
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from registry_conformance.judge.target import guard as module
from registry_conformance.judge.target import ledger
from registry_conformance.judge.target.guard import MIB, Budget, Guard, need_own
from registry_conformance.judge.target.ledger import LedgerError
from registry_conformance.judge.target.requests import GuardError, Made

RUN = "verify-20300101-000000-abcdef"
RUN_ID = "1f" * 16
ENOUGH = Budget(10, 1000, 3, 60.0)
TARGET = '{"doors": ["x"], "bucket": ""}'


def guard(folder: Path, budget: Budget = ENOUGH, *, read_only: bool = False, patience: int = 5) -> Guard:
    """Return an open guard with room for little."""
    made = Guard(folder / f"{RUN}.sqlite", RUN, budget, read_only, patience, TARGET)
    made.open()
    return made


def names(own: Guard) -> list[str]:
    """Return what may still be there."""
    return [each.name for each in own.left(TARGET)]


def test_read_only_lets_nothing_change(tmp_path: Path) -> None:
    """Read only lets nothing change; what slipped past is counted."""
    own = guard(tmp_path, read_only=True)
    own.allow("POST", "/api/2.0/mlflow/experiments/search")

    with pytest.raises(GuardError, match="read-only") as refusal:
        own.allow("PUT", "/x")
    assert not refusal.value.prevented
    assert own.mutating == 0
    own.met("PUT", "/x", "canonical", dead=False)
    own.met("GET", "/x", "canonical", dead=False)
    assert own.mutating == 1


@pytest.mark.parametrize(
    ("thing", "own"),
    [
        (Made("model", f"{RUN}-m", "d"), True),
        (Made("model", "churn", "d"), False),
        (Made("experiment", "", "d", ("7",)), True),
        (Made("experiment", "", "d", ("8",)), False),
        (Made("experiment", f"{RUN}-e", "d", ("8",)), False),
        (Made("experiment", f"{RUN}-e", "d"), True),
        (Made("upload", f"{RUN}-x/a", "d", ("8",)), True),
    ],
)
def test_what_is_made_or_removed_is_the_runs_own(tmp_path: Path, thing: Made, own: bool) -> None:
    """What a request makes or removes is the run's own: by name, an experiment that is there by its id."""
    asked = guard(tmp_path)
    asked.learn(Made("experiment", f"{RUN}-e", "d"), "7")
    if own:
        need_own(thing, RUN, {"7": f"{RUN}-e"})
        asked.allow("POST", "/x", removes=thing)
        return
    named = thing.ids[0] if thing.ids else repr(thing.name)
    with pytest.raises(GuardError, match=f"the {thing.kind} {named} does not bear this run's name"):
        need_own(thing, RUN, {"7": f"{RUN}-e"})
    for request in ({"made": thing}, {"removes": thing}):
        with pytest.raises(GuardError, match="does not bear") as refusal:
            asked.allow("POST", "/x", **request)  # type: ignore[arg-type]  # one of the two
        assert not refusal.value.prevented


def test_files_of_an_own_experiment_go_with_it(tmp_path: Path) -> None:
    """Files of an own experiment go with it; an upload in parts does not, and neither does a file elsewhere."""
    own = guard(tmp_path)
    experiment = Made("experiment", f"{RUN}-e", "d")
    own.allow("POST", "/x", made=experiment)
    own.learn(experiment, "7")
    own.allow("PUT", "/x", 1, Made("artifact", "7/run/artifacts/a.bin", "d"))
    own.allow("POST", "/x", 1, Made("upload", "7/run/artifacts/b.bin", "d"))
    own.allow("PUT", "/x", 1, Made("artifact", f"{RUN}-x/a.bin", "d"))

    assert names(own) == [f"{RUN}-x/a.bin", "7/run/artifacts/b.bin", f"{RUN}-e"]
    with pytest.raises(GuardError, match="does not bear"):
        own.allow("PUT", "/x", 1, Made("artifact", "7/../8/a.bin", "d"))


@pytest.mark.parametrize("own_id", ["0", "", "x7", "7/8", "-7"])
def test_what_is_no_id_of_a_new_experiment_is_not_learned(tmp_path: Path, own_id: str) -> None:
    """What is no id of a new experiment is not learned, the first experiment's included: it is everybody's."""
    own = guard(tmp_path)
    own.learn(Made("experiment", f"{RUN}-e", "d"), own_id)

    assert own.experiments() == {}


def test_id_is_learned_once_and_an_uploads_each_time(tmp_path: Path) -> None:
    """An experiment's id is learned for its first name; uploads have ids of any form, and several."""
    own = guard(tmp_path)
    upload = Made("upload", f"{RUN}-x/a", "d")
    own.learn(Made("experiment", f"{RUN}-e", "d"), "7")
    own.learn(Made("experiment", f"{RUN}-f", "d"), "7")
    for own_id in ("7", "zz"):
        own.allow("POST", "/x", made=upload)
        own.learn(upload, own_id)

    assert own.experiments() == {"7": f"{RUN}-e"}
    assert [each.ids for each in own.left(TARGET) if each.kind == "upload"] == [("7", "zz")]
    own.allow("POST", "/x", made=upload)
    own.refused(upload)
    own.ended(upload, "7")
    assert [each.ids for each in own.left(TARGET) if each.kind == "upload"] == [("zz",)]
    own.gone(upload)
    assert names(own) == [f"{RUN}-e"]


@pytest.mark.parametrize(
    ("budget", "size", "said"),
    [
        (Budget(2, 1000, 9, 60), 1, "budget of 2 requests is spent"),
        (Budget(9, MIB // 4, 9, 60), MIB // 9, "budget of 0.25 megabytes is spent"),
        (Budget(9, 1000, 2, 60), 1, "budget of 2 objects is spent"),
        (Budget(9, 1000, 9, -1), 1, "budget of -1 seconds is spent"),
    ],
)
def test_budget_is_kept_before_a_request_is_sent(tmp_path: Path, budget: Budget, size: int, said: str) -> None:
    """A budget is kept before a request is sent, and what is refused is not in the ledger."""
    own = guard(tmp_path, budget)
    sent = 0
    with pytest.raises(GuardError, match=said) as refusal:
        for _ in range(3):
            own.allow("PUT", "/x", size, Made("model", f"{RUN}-{sent}", "d"))
            sent += 1

    assert refusal.value.prevented
    assert said in own.over
    assert len(names(own)) == sent
    assert own.spent()["requests"][0] == sent
    with pytest.raises(GuardError, match=said):
        own.allow("GET", "/x")


def test_only_uploads_are_counted_as_objects(tmp_path: Path) -> None:
    """The budget of objects is spent by uploads alone: what reads goes on when it is spent to the last."""
    own = guard(tmp_path, Budget(9, 1000, 1, 60))
    for method in ("GET", "PUT", "GET", "POST"):
        own.allow(method, "/x")

    assert own.spent()["objects"] == (1, 1)


@pytest.mark.parametrize(("rate", "waits"), [(0.0, [0.0, 0.0, 0.0]), (4.0, [0.0, 0.25, 0.5])])
def test_rate_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: float, waits: list[float]) -> None:
    """Of a rate, each request waits for its turn; without one, none does."""
    own, slept = guard(tmp_path, Budget(9, 1000, 9, 60, rate)), list[float]()
    moment = time.time()
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: moment, sleep=slept.append))
    for _ in waits:
        own.allow("GET", "/x")

    assert slept == pytest.approx(waits, abs=1e-6)


def test_run_that_was_ended_sends_nothing_more(tmp_path: Path) -> None:
    """A run that was ended, as by a janitor, sends nothing more."""
    own = guard(tmp_path)
    own.allow("GET", "/x")
    own.end("swept")

    assert own.over == "swept"
    with pytest.raises(GuardError, match="swept"):
        own.allow("GET", "/x")


def test_nothing_is_sent_after_dead_answers_in_a_row(tmp_path: Path) -> None:
    """Nothing is sent after dead answers in a row, at that door; others go on."""
    own = guard(tmp_path, patience=3)
    for dead in (True, True, False, True, True):
        own.met("GET", "/x", "canonical", dead=dead)
        own.allow("GET", "/x", door="canonical")
    assert own.silence("canonical") == 0
    own.met("GET", "/x", "canonical", dead=True)
    own.met("GET", "/x", "literal", dead=False)
    own.allow("GET", "/x", door="literal")

    assert (own.silence("canonical"), own.silence("literal")) == (3, 0)
    with pytest.raises(GuardError, match="nobody answered 3 requests in a row at the door canonical") as refusal:
        own.allow("GET", "/x", door="canonical")
    assert refusal.value.prevented


def test_door_that_never_answered_is_given_up_after_two(tmp_path: Path) -> None:
    """A door that never answered is given up after two; after one if that is the patience."""
    own = guard(tmp_path)
    own.met("GET", "/x", "canonical", dead=True)
    assert (own.silence("canonical"), own.silence("unknown")) == (0, 0)
    own.met("GET", "/x", "canonical", dead=True)

    assert own.silence("canonical") == 2


def test_moment_at_which_a_run_began_is_known(tmp_path: Path) -> None:
    """The moment at which a run began is known, also of one that is written down long afterwards, with its things."""
    own, other = guard(tmp_path), "verify-20300101-000000-000000"
    lost = Guard(tmp_path / f"{other}.sqlite", other, ENOUGH, read_only=False, target=TARGET)
    lost.open(12.5, [Made("upload", f"{other}-x/a", "d", ("u",))])

    assert lost.began == 12.5
    assert abs(own.began - time.time()) < 60
    assert [each.ids for each in lost.left(TARGET)] == [("u",)]


def test_ledger_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that cannot be made is told in one sentence."""

    def refuse(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(ledger, "create", refuse)
    with pytest.raises(LedgerError, match="cannot be made: database or disk is full; nothing is sent"):
        guard(tmp_path)


def test_ledger_on_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    """Kind: a part of the suite's own machine fails in mid-run. A ledger that takes no more lines ends the run."""
    own = guard(tmp_path)
    own.allow("POST", "/x", made=Made("model", f"{RUN}-m", "d"))
    own.file.with_name(own.file.name + "-journal").mkdir()  # no journal, no line: as on a disk without room

    with pytest.raises(GuardError, match=r"ledger .* cannot be written .* nothing more is sent") as refusal:
        own.allow("POST", "/x", made=Made("model", f"{RUN}-n", "d"))
    assert refusal.value.prevented
    assert "cannot be written" in own.over


@pytest.mark.parametrize(
    ("made", "removes", "sent"),
    [
        (Made("experiment", f"{RUN}-f", "d"), None, True),
        (Made("model", f"{RUN}-m", "d"), None, True),
        (None, Made("model", f"{RUN}-m", "d"), True),
        (Made("upload", f"{RUN}-x/a", "d", ("8",)), None, True),
        (None, Made("experiment", "", "d", ("7",)), False),
        (Made("artifact", f"7/{RUN_ID}/artifacts/x", "d"), None, False),
        (None, Made("artifact", f"7/{RUN_ID}/artifacts/x", "d"), False),
        (Made("upload", f"7/{RUN_ID}/artifacts/x", "d"), None, False),
    ],
)
def test_nothing_is_changed_by_an_id_once_databases_are_separate(
    made: Made | None, removes: Made | None, sent: bool, tmp_path: Path
) -> None:
    """Kind: an id believed. Where servers have a database each, only what bears the run's name is made and changed."""
    own = guard(tmp_path)
    experiment = Made("experiment", f"{RUN}-e", "d")
    own.allow("POST", "/x", made=experiment)
    own.learn(experiment, "7")
    own.allow("POST", "/x", made=made, removes=removes)

    own.distrust_ids("two servers answer")
    with (
        nullcontext() if sent else pytest.raises(GuardError, match="two servers answer; that id may be another's") as no
    ):
        own.allow("POST", "/x", made=made, removes=removes)
    assert no is None or no.value.prevented


@pytest.mark.parametrize("found", [(), (Made("model", f"{RUN}-m", "d"),)])
def test_guard_of_a_lost_ledger_says_so(tmp_path: Path, found: tuple[Made, ...]) -> None:
    """A guard that was opened with what was found, as the run's own ledger is lost, knows that it knows not all."""
    own = Guard(tmp_path / f"{RUN}.sqlite", RUN, ENOUGH, read_only=False, target=TARGET)
    own.open(1.0, found)

    assert own.adopted is bool(found)


@pytest.mark.parametrize(
    ("path", "told_apart"),
    [
        (f"7/{RUN_ID}", True),
        (f"7/{RUN_ID}/artifacts/a", True),
        (f"7/models/m-{RUN_ID}", True),
        (f"7/traces/tr-{RUN_ID}", True),
        (f"7/{RUN}-a.bin", True),
        (f"7/{RUN_ID[:-1]}", False),
        (f"7/{RUN_ID}0", False),
        (f"7/x-{RUN_ID}", False),
        ("7/models", False),
        ("7/a", False),
    ],
)
def test_removal_names_no_beginning_of_a_path_of_others(tmp_path: Path, path: str, told_apart: bool) -> None:
    """MLflow up to 3.15.2 removes all that begins like the path: only what nobody else's begins with is removed."""
    own = guard(tmp_path)
    own.allow("POST", "/x", made=Made("experiment", f"{RUN}-e", "d"))
    own.learn(Made("experiment", f"{RUN}-e", "d"), "7")
    own.allow("PUT", "/x", made=Made("artifact", path, "d"))

    with nullcontext() if told_apart else pytest.raises(GuardError, match="paths of others may begin like that"):
        own.allow("DELETE", "/x", removes=Made("artifact", path, "d"))
