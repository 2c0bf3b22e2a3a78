"""The janitor: what it leaves alone, whatever it is told to sweep. That it clears up, the rehearsal shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.clients import bucket as bucket_module
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.live import holder
from registry_conformance.judge.live.janitor import RUN, adopt, left_by_earlier_runs, runs_without_ledger, sweep
from registry_conformance.judge.target.guard import Budget, Guard
from registry_conformance.judge.target.ledger import identity_of
from registry_conformance.judge.target.liveness import hold, release
from registry_conformance.judge.target.requests import GuardError, Made
from registry_conformance.judge.target.target import BucketAccess, Door, Target
from tests.safeguards.doubles import PROXYS_404, Answer, Registry, Store, said, serving

RUN_ID = "verify-20300101-000000-abcdef"
LONG_AGO = "verify-20250101-120000-abcdef"
SOON = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def registry() -> Registry:
    """A registry that holds a model of each of two runs, and one of others."""
    return Registry(models={f"{RUN_ID}-m", f"{LONG_AGO}-m", "theirs"})


@pytest.fixture
def target(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """The registry as a target."""
    monkeypatch.setattr(holder, "PAUSES", (0.0, 0.0))
    with serving(registry) as url:
        yield Target("t", "live", (Door("d", url, 5.0),), {})


def left_by(folder: Path, target: Target, *, over: bool = True) -> Guard:
    """Return the guard of a run that made a model, and is over."""
    described = identity_of(target)
    guard = Guard(folder / f"{RUN_ID}.sqlite", RUN_ID, Budget(100, 100, 100, 100), False, target=described)
    guard.open()
    guard.allow("POST", "/x", made=Made("model", f"{RUN_ID}-m", "d"))
    if not over:
        hold(guard.file)
    return guard


def test_run_that_is_over_is_swept(tmp_path: Path, target: Target, registry: Registry) -> None:
    """A run that is over is swept once; nothing it does later is sent."""
    guard = left_by(tmp_path, target)
    swept = list(sweep(target, tmp_path, SOON))

    assert [(each.run_id, each.cleaned.gone, each.alive) for each in swept] == [(RUN_ID, 1, False)]
    assert registry.models == {f"{LONG_AGO}-m", "theirs"}
    assert list(sweep(target, tmp_path, SOON)) == []
    with pytest.raises(GuardError, match="swept"):
        guard.allow("GET", "/x")


def test_run_that_is_alive_is_let_be(tmp_path: Path, target: Target, registry: Registry) -> None:
    """Kind: something of others taken for dead. A run that is alive is let be, however young those are that go."""
    guard = left_by(tmp_path, target, over=False)
    swept = list(sweep(target, tmp_path, SOON))
    guard.allow("GET", "/x")
    release(guard.file)

    assert [(each.alive, each.cleaned.left) for each in swept] == [(True, ())]
    assert not registry.asked


def test_young_run_is_spared(tmp_path: Path, target: Target, registry: Registry) -> None:
    """A young run is spared."""
    left_by(tmp_path, target)

    assert list(sweep(target, tmp_path, datetime.now(UTC) - timedelta(hours=1))) == []
    assert not registry.asked


def test_dry_run_names_and_removes_nothing(tmp_path: Path, target: Target, registry: Registry) -> None:
    """A dry run names what is left, removes nothing, and ends no run."""
    guard = left_by(tmp_path, target)
    swept = list(sweep(target, tmp_path, SOON, dry=True))

    assert [each.cleaned.left for each in swept] == [(f"model {RUN_ID}-m",)]
    assert not registry.asked
    guard.allow("GET", "/x")


@pytest.mark.parametrize(("more", "told"), [(0, "left an object here"), (1, "left 2 objects here")])
def test_run_that_left_something_is_told_to_the_next(
    tmp_path: Path, target: Target, registry: Registry, more: int, told: str
) -> None:
    """Whoever comes next is told how much an earlier run left, and how it is removed; nothing is sent for that."""
    guard = left_by(tmp_path, target)
    for number in range(more):
        guard.allow("POST", "/x", made=Made("model", f"{RUN_ID}-{number}", "d"))
    (sentence,) = left_by_earlier_runs(target, tmp_path)

    assert f"the run {RUN_ID} {told}" in sentence
    assert not registry.asked


def test_run_that_lives_left_nothing_yet(tmp_path: Path, target: Target) -> None:
    """What a run has that is alive is not left."""
    guard = left_by(tmp_path, target, over=False)
    told = list(left_by_earlier_runs(target, tmp_path))
    release(guard.file)

    assert told == []


def test_file_that_is_no_ledger_is_told_and_others_are_swept(
    tmp_path: Path, target: Target, registry: Registry
) -> None:
    """A file that is no ledger of a run is told as left; the ledgers beside it are swept all the same."""
    (tmp_path / "a.sqlite").write_text("not a database, and long enough to be taken for one" * 100)
    left_by(tmp_path, target)
    swept = list(sweep(target, tmp_path, SOON))

    assert "is no ledger of a run" in swept[0].cleaned.left[0]
    assert swept[1].cleaned.gone == 1
    assert f"{RUN_ID}-m" not in registry.models


def test_ledger_of_another_target_is_told(tmp_path: Path, target: Target, registry: Registry) -> None:
    """A ledger of another target is told, and nothing in it is removed here."""
    left_by(tmp_path, Target("t", "live", (Door("d", "http://elsewhere.example"),), {}))
    swept = list(sweep(target, tmp_path, SOON))

    assert "another target" in swept[0].cleaned.left[0]
    assert not registry.asked


def test_empty_ledger_of_another_target_is_nothing(tmp_path: Path, target: Target, registry: Registry) -> None:
    """Kind: a misspelt address that haunts the right one. A run that created nothing left nothing, wherever it was."""
    elsewhere = identity_of(Target("t", "live", (Door("d", "http://elsewhere.example"),), {}))
    Guard(tmp_path / f"{RUN_ID}.sqlite", RUN_ID, Budget(100, 100, 100, 100), False, target=elsewhere).open()

    assert list(sweep(target, tmp_path, SOON)) == []
    assert not registry.asked


def listing(registry: Registry) -> None:
    """Let a registry list what it holds, a page at a time, experiments by their stage."""

    def answer(_: str, verb: str, asked: dict[str, Any]) -> Any:
        if verb == "/registered-models/search":
            names = sorted(registry.models)
            at = int(asked.get("page_token", 0))
            more = {"next_page_token": str(at + 1)} if at + 1 < len(names) else {}
            return said({"registered_models": [{"name": names[at]}], **more})
        if verb == "/experiments/search":
            name = f"{LONG_AGO}-{asked['view_type']}"
            return said({"experiments": [{"name": name}, {"name": "verify-the-model"}]})
        return None

    registry.instead = answer


@pytest.mark.parametrize("deleted", [True, False])
def test_run_without_a_ledger_is_known_by_its_names(
    tmp_path: Path, target: Target, registry: Registry, deleted: bool
) -> None:
    """A run whose ledger is not here is known by the names that it gave, and is as old as they say."""
    listing(registry)
    found = runs_without_ledger(target, tmp_path, SOON, deleted=deleted)
    expected = [f"{LONG_AGO}-ACTIVE_ONLY", f"{LONG_AGO}-DELETED_ONLY"][: 1 + deleted]

    assert found.keys() == {LONG_AGO}
    assert [each.name for each in found[LONG_AGO]] == [*expected, f"{LONG_AGO}-m"]
    assert runs_without_ledger(target, tmp_path, datetime(2025, 1, 1, 11, 59, tzinfo=UTC), deleted=deleted) == {}


def test_run_with_a_ledger_here_is_no_stranger(tmp_path: Path, target: Target, registry: Registry) -> None:
    """A run that has a ledger here is no stranger; a file that is none makes nobody known."""
    listing(registry)
    registry.models = {f"{RUN_ID}-m"}
    before = datetime(2031, 1, 1, tzinfo=UTC)
    (tmp_path / f"{RUN_ID}.sqlite").write_text("x" * 2000)
    assert RUN_ID in runs_without_ledger(target, tmp_path, before, deleted=False)
    (tmp_path / f"{RUN_ID}.sqlite").unlink()
    left_by(tmp_path, target)

    assert RUN_ID not in runs_without_ledger(target, tmp_path, before, deleted=False)


def test_stranger_that_is_adopted_is_swept(tmp_path: Path, target: Target, registry: Registry) -> None:
    """A run that is adopted is swept like others, as old as its name says."""
    adopt(target, tmp_path, {LONG_AGO: [Made("model", f"{LONG_AGO}-m", "d")]})
    assert list(sweep(target, tmp_path, datetime(2025, 1, 1, 11, 59, tzinfo=UTC))) == []
    swept = list(sweep(target, tmp_path, datetime(2025, 1, 1, 12, 1, tzinfo=UTC)))

    assert [(each.run_id, each.cleaned.gone) for each in swept] == [(LONG_AGO, 1)]
    assert f"{LONG_AGO}-m" not in registry.models


def test_bucket_tells_of_files_by_the_folder_that_a_run_named(
    tmp_path: Path, target: Target, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An open bucket tells of a run's files and unfinished uploads, below its prefix."""
    listing(registry)
    registry.models = {"theirs"}
    store = Store()
    monkeypatch.setattr(bucket_module, "s3", lambda _: store)
    for prefix in ("artifacts", ""):
        root = f"{prefix}/" if prefix else ""
        store.versions.clear()
        store.uploads.clear()
        for name in ("a", "b"):
            store.put(f"{root}{LONG_AGO}-x/{name}")
        store.put(f"{root}theirs/a")
        store.begin(f"{root}{LONG_AGO}-x/c", "u")
        seen = Target("t", "live", target.doors, {}, bucket=BucketAccess("http://s3", "x", "b", prefix, "a", "b"))
        found = runs_without_ledger(seen, tmp_path, SOON, deleted=False)[LONG_AGO]

        assert [(each.kind, each.name) for each in found[1:]] == [
            ("artifact", f"{LONG_AGO}-x"),
            ("upload", f"{LONG_AGO}-x/c"),
        ]


def test_target_that_lists_nothing_is_told(tmp_path: Path, target: Target, registry: Registry) -> None:
    """A target that does not list what it holds is told."""
    registry.instead = lambda _, verb, __: (403, "text/html", "no") if verb.endswith("/search") else None

    with pytest.raises(Mismatch, match="a list of experiments"):
        runs_without_ledger(target, tmp_path, SOON, deleted=False)


@pytest.mark.parametrize("answer", [said({}), PROXYS_404, (200, "text/html", "<html>"), (500, "text/plain", "")])
def test_empty_list_is_believed_of_mlflow_alone(
    tmp_path: Path, target: Target, registry: Registry, answer: Answer
) -> None:
    """Kind: an answer that is believed. A server that says ``{}`` to everything does not show that nothing is left."""
    registry.instead = lambda *_: answer

    with pytest.raises(Mismatch, match="MLflow's own word"):
        runs_without_ledger(target, tmp_path, SOON, deleted=False)


def test_list_without_an_end_is_told(tmp_path: Path, target: Target, registry: Registry) -> None:
    """Kind: a token that an answer names. A list that always has one page more is told, and not taken for whole."""

    def answer(_: str, verb: str, __: dict[str, Any]) -> Any:
        return said({"experiments": [], "next_page_token": "more"}) if verb == "/experiments/search" else None

    registry.instead = answer
    with pytest.raises(Mismatch, match="a list of experiments that ends"):
        runs_without_ledger(target, tmp_path, SOON, deleted=False)


@pytest.mark.parametrize("moment", ["20301399-000000", "20300101-250000", "00000000-000000"])
def test_name_with_a_moment_of_no_calendar_is_nobodys_run(
    tmp_path: Path, target: Target, registry: Registry, moment: str
) -> None:
    """Kind: a name that somebody gave. A model called like a run of no day is somebody else's."""
    listing(registry)
    registry.models = {f"verify-{moment}-abcdef-m"}

    assert set(runs_without_ledger(target, tmp_path, SOON, deleted=False)) == {LONG_AGO}


@pytest.mark.parametrize(("name", "run"), [(f"{RUN_ID}-ab-1-model", RUN_ID), (RUN_ID, RUN_ID)])
def test_name_of_a_run_is_known(name: str, run: str) -> None:
    """The name of a run is known."""
    found = RUN.match(name)

    assert found
    assert found[1] == run


@pytest.mark.parametrize(
    "name", ["verify-the-model", "churn", f"my-{RUN_ID}", f"{RUN_ID}g", RUN_ID.upper(), RUN_ID.replace("2", "\uff12")]
)
def test_name_of_somebody_else_is_not_taken_for_one(name: str) -> None:
    """The name of somebody else is not taken for one."""
    assert RUN.match(name) is None
