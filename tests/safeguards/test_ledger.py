"""The ledger: what it takes for a run's own, and how it knows that it is as the run wrote it.

Kind: a name that is believed. Lines of kind artifact and upload were deleted without a look at the name, and a ledger
under another name deleted that name's model and experiment.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.judge.target import ledger
from registry_conformance.judge.target.ledger import Header, LedgerError, bears, climbs, is_own
from registry_conformance.judge.target.requests import Made
from registry_conformance.judge.target.target import BucketAccess, Door, Target

RUN = "verify-20300101-000000-abcdef"
OTHER = "verify-20300101-000000-000000"
TARGET = ledger.describe_target({"canonical": "http://x.example/api/mlflow"}, "http://s3.example/bucket/artifacts")


def written(folder: Path, *made: Made, run: str = RUN, target: str = TARGET) -> Path:
    """Return the ledger of a run that noted these things."""
    file = folder / f"{run}.sqlite"
    ledger.create(file, Header(run, target, 1.5, 60.0, "here"))
    with ledger.transaction(file) as opened:
        for each in made:
            ledger.note_made(opened, each)
    return file


def edit(file: Path, statement: str) -> None:
    """Change a ledger as somebody who has a database tool does."""
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute(statement)


@pytest.mark.parametrize(
    ("name", "own"),
    [(RUN, True), (f"{RUN}-model", True), (f"{RUN}model", False), ("churn", False), (f"x-{RUN}-a", False)],
)
def test_name_bears_a_run(name: str, own: bool) -> None:
    """A name bears a run if it is the run's, or begins with it and a hyphen."""
    assert bears(name, RUN) is own


@pytest.mark.parametrize(
    ("path", "climbing"),
    [
        ("a/b", False),
        ("a/../b", True),
        ("..", True),
        ("./a", True),
        ("a/%2e%2E/b", True),
        ("a%252f..%252fb", True),
        ("a\\..\\b", True),
        ("a..b/...", False),
    ],
)
def test_path_that_climbs_is_seen(path: str, climbing: bool) -> None:
    """A path that leaves its folder is seen, however often it is encoded."""
    assert climbs(path) is climbing


@pytest.mark.parametrize(
    ("kind", "name", "own"),
    [
        ("model", f"{RUN}-m", True),
        ("model", "churn", False),
        ("model", f"x/{RUN}-m", False),
        ("experiment", "7", False),
        ("experiment", f"{OTHER}-e", False),
        ("experiment", f"x/{RUN}-e", False),
        ("artifact", f"{RUN}-x/a.bin", True),
        ("artifact", f"folder/{RUN}-x/a.bin", True),
        ("artifact", "7/run/artifacts/a.bin", True),
        ("artifact", "8/run/artifacts/a.bin", False),
        ("artifact", "8/7/a.bin", False),
        ("artifact", f"root/7/{'0' * 32}/artifacts/a.bin", True),
        ("artifact", f"root/7/{'0' * 32}/../../8/a.bin", False),
        ("artifact", f"root/7/{'0' * 31}/a.bin", False),
        ("artifact", f"8/7/{'0' * 32}/a.bin", False),
        ("artifact", "7", False),
        ("artifact", "7/", False),
        ("artifact", "", False),
        ("artifact", f"{RUN}-x/../../8/a.bin", False),
        ("upload", "7/../8/a.bin", False),
        ("upload", "theirs/a.bin", False),
    ],
)
def test_every_kind_shows_that_it_is_the_runs_own(kind: str, name: str, own: bool) -> None:
    """Every kind shows that it is the run's own: by its name, or as what lies under an experiment of the run's."""
    assert is_own(kind, name, RUN, {"7": f"{RUN}-e"}) is own


@pytest.mark.parametrize(
    ("workspace", "name", "own"),
    [
        ("team-a", "workspaces/team-a/7/a.bin", True),
        ("team-a", "7/a.bin", True),
        ("team-a", "workspaces/team-b/7/a.bin", False),
        ("team-a", "workspaces/default/7/a.bin", False),
        ("team-a", "workspaces/team-a/8/a.bin", False),
        ("team-a", "workspaces/team-a/7/../8/a.bin", False),
        ("", "workspaces/default/7/a.bin", True),
        ("", "workspaces/team-a/7/a.bin", False),
    ],
)
def test_experiment_s_files_are_the_runs_in_its_workspace_alone(workspace: str, name: str, own: bool) -> None:
    """What lies under an experiment of the run's is its own in the folder of its workspace, and of no other."""
    assert is_own("artifact", name, RUN, {"7": f"{RUN}-e"}, workspace) is own


def test_ledger_of_another_workspace_is_refused() -> None:
    """A ledger of a run in another workspace is that of another target: what it names would not be found there."""
    mine = ledger.describe_target({"a": "http://x.example"}, "", "team-a")
    theirs = ledger.describe_target({"a": "http://x.example"}, "", "team-b")

    assert ledger.same_target(mine, mine)
    assert not ledger.same_target(mine, theirs)
    assert not ledger.same_target(mine, ledger.describe_target({"a": "http://x.example"}, ""))


@pytest.mark.parametrize("described", ['{"doors": ["http://x.example"], "bucket": ""}', "nonsense", "[]"])
def test_description_without_a_workspace_names_none(described: str) -> None:
    """What a suite before this one wrote of a target, and what describes none, names no workspace."""
    assert ledger.workspace_of(described) == ""


def test_what_was_made_is_there_until_it_is_gone(tmp_path: Path) -> None:
    """What was made is there until it is gone, the last made first, and what it is called is known."""
    experiment, model = Made("experiment", f"{RUN}-e", "d"), Made("model", f"{RUN}-m", "d")
    file = written(tmp_path, experiment, model, Made("model", f"{RUN}-other", "d"))
    with ledger.transaction(file) as opened:
        ledger.note_id(opened, experiment, "7")
        ledger.note_gone(opened, Made("model", f"{RUN}-other", "d"))
        ledger.note_gone(opened, Made("model", f"{RUN}-never", "d"))
        ledger.note_refused(opened, model)

    assert set(ledger.left(file, TARGET)) == {experiment, model}
    assert [each.ids for each in ledger.left(file, TARGET) if each.kind == "experiment"] == [("7",)]


def test_thing_that_is_made_again_is_there_again(tmp_path: Path) -> None:
    """A thing that is made again after it was gone is there again."""
    model = Made("model", f"{RUN}-m", "d")
    file = written(tmp_path, model)
    with ledger.transaction(file) as opened:
        ledger.note_gone(opened, model)
        ledger.note_made(opened, model)

    assert ledger.left(file, TARGET) == [model]


def test_refused_request_says_nothing_of_what_was_made_before(tmp_path: Path) -> None:
    """A creation that is refused since the name is taken leaves what took the name in the ledger."""
    model = Made("model", f"{RUN}-m", "d")
    file = written(tmp_path, model, model)
    with ledger.transaction(file) as opened:
        ledger.note_refused(opened, model)

    assert ledger.left(file, TARGET) == [model]


@pytest.mark.parametrize("kind", ["model", "experiment"])
@pytest.mark.parametrize(
    ("events", "there"),
    [
        ("made unsent", False),
        ("made unsent made unsent", False),
        ("unsent", False),
        ("made made unsent", True),
        ("made unsent made", True),
        ("made id unsent", True),
        ("made id made unsent unsent", True),
    ],
)
def test_what_never_left_this_machine_made_nothing(tmp_path: Path, kind: str, events: str, there: bool) -> None:
    """One request may have made it if another of the same name was not sent; what has an id was made."""
    made = Made(kind, f"{RUN}-x", "d")
    file = written(tmp_path)
    with ledger.transaction(file) as opened:
        for event in events.split():
            if event == "id":
                ledger.note_id(opened, made, "7")
            else:
                {"made": ledger.note_made, "unsent": ledger.note_unsent}[event](opened, made)

    assert [each.name for each in ledger.left(file, TARGET)] == ([made.name] if there else [])


@pytest.mark.parametrize(
    ("events", "ids", "unanswered"),
    [
        (["made"], (), 1),
        (["made", "refused"], None, 0),
        (["made", "id a"], ("a",), 0),
        (["made", "id a", "ended a"], None, 0),
        (["made", "id a", "made", "id b", "ended a"], ("b",), 0),
        (["made", "id a", "made", "refused"], ("a",), 0),
        (["made", "made", "id a", "ended a"], (), 1),
        (["made", "id a", "gone"], None, 0),
    ],
)
def test_upload_is_there_until_each_of_its_ids_has_ended(
    tmp_path: Path, events: list[str], ids: tuple[str, ...] | None, unanswered: int
) -> None:
    """An upload is there until each attempt at it was refused, joined or given up."""
    upload = Made("upload", f"{RUN}-x/a.bin", "d")
    notes: dict[str, Callable[..., None]] = {
        "made": ledger.note_made,
        "id": ledger.note_id,
        "refused": ledger.note_refused,
        "ended": ledger.note_ended,
        "gone": ledger.note_gone,
    }
    file = written(tmp_path)
    with ledger.transaction(file) as opened:
        for event in events:
            what, *own_id = event.split()
            notes[what](opened, upload, *own_id)

    assert [(each.ids, each.unanswered) for each in ledger.left(file, TARGET)] == (
        [] if ids is None else [(ids, unanswered)]
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lines SET name = name || '-theirs' WHERE number = 2",
        "UPDATE lines SET kind = 'experiment' WHERE number = 2",
        "DELETE FROM lines WHERE number = 1",
        "DELETE FROM lines WHERE number = 3",
        "UPDATE lines SET number = 9 WHERE number = 3",
        "UPDATE header SET began = 0",
        "UPDATE header SET lines = 2",
        "UPDATE header SET digest = 'x'",
        "INSERT INTO lines SELECT 4, event, kind, name || '-new', id, door, at, digest FROM lines WHERE number = 3",
    ],
)
def test_edited_ledger_is_refused(tmp_path: Path, statement: str) -> None:
    """A ledger that was edited is refused: a line changed, taken out, or put in."""
    file = written(tmp_path, *(Made("model", f"{RUN}-{name}", "d") for name in "abc"))
    assert len(ledger.left(file, TARGET)) == 3
    edit(file, statement)

    with pytest.raises(LedgerError, match="the run wrote"):
        ledger.left(file, TARGET)


def test_line_that_was_edited_is_named(tmp_path: Path) -> None:
    """The first line that is not as the run wrote it is named."""
    file = written(tmp_path, *(Made("model", f"{RUN}-{name}", "d") for name in "abc"))
    edit(file, "UPDATE lines SET name = name || '-theirs' WHERE number = 2")

    with pytest.raises(LedgerError, match="line 2 is not as the run wrote it"):
        ledger.left(file, TARGET)


def test_folder_is_the_runs_by_the_id_of_its_experiment_alone(tmp_path: Path) -> None:
    """What lies under the id of the run's experiment is the run's; before an id is known, no folder is."""
    experiment, inside = Made("experiment", f"{RUN}-e", "d"), Made("artifact", "7/a.bin", "d")
    file = written(tmp_path, experiment)
    with ledger.transaction(file) as opened:
        ledger.note_id(opened, experiment, "7")
        ledger.note_made(opened, inside)
    assert set(ledger.left(file, TARGET)) == {experiment, inside}

    (tmp_path / "early").mkdir()
    early = written(tmp_path / "early", experiment, Made("artifact", "/theirs.bin", "d"))
    with pytest.raises(LedgerError, match="line 2, the artifact"):
        ledger.left(early, TARGET)


@pytest.mark.parametrize("kind", ["model", "experiment", "artifact", "upload", "secret"])
def test_line_that_does_not_bear_the_run_is_refused(tmp_path: Path, kind: str) -> None:
    """A line about what is not the run's own is refused, whatever its kind and whoever wrote it."""
    file = written(tmp_path, Made(kind, "theirs/model", "d"))

    with pytest.raises(LedgerError, match=r"line 1, the .* does not bear"):
        ledger.left(file, TARGET)


def test_line_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    """A line of no known kind is refused, though it bears the run's name."""
    file = written(tmp_path, Made("webhook", f"{RUN}-w", "d"))

    with pytest.raises(LedgerError, match="line 1, the webhook"):
        ledger.left(file, TARGET)


def test_id_makes_a_folder_the_runs_only_for_an_experiment(tmp_path: Path) -> None:
    """The id of an upload makes no folder the run's; that of an experiment does, from its line on."""
    upload = Made("upload", f"{RUN}-x/a.bin", "d")
    file = written(tmp_path, upload)
    with ledger.transaction(file) as opened:
        ledger.note_id(opened, upload, "7")
        ledger.note_made(opened, Made("artifact", "7/a.bin", "d"))

    with pytest.raises(LedgerError, match="line 3"):
        ledger.left(file, TARGET)


@pytest.mark.parametrize("name", ["/a.bin", "a.bin"])
def test_an_experiment_without_an_id_has_no_folder(tmp_path: Path, name: str) -> None:
    """That it was asked for makes nothing the run's own that has no id either."""
    file = written(tmp_path, Made("experiment", f"{RUN}-e", "d"), Made("artifact", name, "d"))

    with pytest.raises(LedgerError, match="line 2"):
        ledger.left(file, TARGET)


def test_renamed_ledger_is_refused(tmp_path: Path) -> None:
    """A ledger under another name is refused: it does not name another run's things."""
    file = written(tmp_path, Made("model", f"{RUN}-m", "d"))
    renamed = file.rename(tmp_path / f"{OTHER}.sqlite")

    with pytest.raises(LedgerError, match="which its name must be"):
        ledger.left(renamed, TARGET)
    with pytest.raises(LedgerError, match="which its name must be"):
        ledger.header(renamed)


def test_ledger_of_what_is_no_run_is_refused(tmp_path: Path) -> None:
    """A ledger whose run has no run's id is refused, though its file is called so."""
    file = written(tmp_path, run="churn")

    with pytest.raises(LedgerError, match="of the run 'churn'"):
        ledger.header(file)


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_linked_ledger_is_refused(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    """A ledger that is a link, or that has a second name, is refused."""
    (tmp_path / "there").mkdir()
    file = written(tmp_path / "there", Made("model", f"{RUN}-m", "d"))
    (tmp_path / "here").mkdir()
    linked = tmp_path / "here" / file.name
    link(file, linked)

    with pytest.raises(LedgerError, match="is a link"):
        ledger.left(linked, TARGET)
    with pytest.raises(LedgerError, match="is a link"):
        ledger.header(linked)


def test_ledger_of_another_target_is_refused(tmp_path: Path) -> None:
    """A ledger of another target is refused, and that target is named."""
    file = written(tmp_path, Made("model", f"{RUN}-m", "d"))
    elsewhere = ledger.describe_target({"canonical": "http://y.example/api/mlflow"}, "")

    with pytest.raises(LedgerError, match=r"of another target, http://x\.example/api/mlflow"):
        ledger.left(file, elsewhere)


def test_model_that_the_target_deleted_is_looked_up_still(tmp_path: Path) -> None:
    """A model whose deletion was answered stays in the ledger until it is known to be gone, with that answer."""
    model = Made("model", f"{RUN}-m", "d")
    file = written(tmp_path, model)
    with ledger.transaction(file) as opened:
        ledger.note_ended(opened, model, "")

    (left,) = ledger.left(file, TARGET)
    assert left.deleted


def test_entry_that_was_written_goes_with_its_experiment(tmp_path: Path) -> None:
    """An entry in the folder of an experiment is removed with the experiment, and is not left on its own."""
    experiment = Made("experiment", f"{RUN}-e", "d")
    file = written(tmp_path, experiment)
    with ledger.transaction(file) as opened:
        ledger.note_id(opened, experiment, "7")
        ledger.note_written(opened, "d", "7/run")
        ledger.note_written(opened, "d", "7/run")
        ledger.note_written(opened, "d", "7/other")
        lines = opened.execute("SELECT COUNT(*) FROM lines").fetchone()

        assert ledger.written(opened) == {"7": {"run", "other"}}
    assert lines == (4,)  # each entry once
    assert [each.name for each in ledger.left(file, TARGET)] == [f"{RUN}-e"]


def test_ledger_of_another_target_without_anything_left_holds_nothing(tmp_path: Path) -> None:
    """A ledger in which nothing is left is no reason to stop, whichever target it is of."""
    file = written(tmp_path)

    assert ledger.left(file, ledger.describe_target({"canonical": "http://y.example/api/mlflow"}, "")) == []


@pytest.mark.parametrize("adopted", [False, True])
def test_ledger_knows_whether_it_was_written_after_the_run(tmp_path: Path, adopted: bool) -> None:
    """A ledger that was made of what was found, as the run's own is lost, says so: it has not all that was written."""
    file = written(tmp_path, Made("model", f"{RUN}-m", "d"))
    with ledger.transaction(file) as opened:
        if adopted:
            ledger.note_found(opened, Made("model", f"{RUN}-n", "d"))
        assert ledger.is_adopted(opened) is adopted


@pytest.mark.parametrize(
    ("doors", "bucket", "same"),
    [
        ({"a": "http://x.example/"}, "s3/b/p", True),
        ({"b": "http://x.example", "c": "http://z.example"}, "", True),
        ({"a": "http://x.example"}, "s3/b/other", False),
        ({"a": "http://y.example"}, "s3/b/p", False),
        ({}, "s3/b/p", False),
    ],
)
def test_target_is_known_by_a_door_and_its_bucket(doors: dict[str, str], bucket: str, same: bool) -> None:
    """A target is known by a door that both have, and by a bucket that does not differ."""
    mine = ledger.describe_target({"a": "http://x.example"}, "s3/b/p")

    assert ledger.same_target(mine, ledger.describe_target(doors, bucket)) is same
    assert ledger.same_target(ledger.describe_target(doors, bucket), mine) is same


def test_text_that_describes_no_target_is_like_no_other() -> None:
    """Text that describes no target is like no other, itself included."""
    assert not ledger.same_target("{}", "{}")
    assert not ledger.same_target("nonsense", json.dumps({"doors": ["x"], "bucket": ""}))


def test_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    """A ledger of another version is refused."""
    file = written(tmp_path)
    edit(file, "UPDATE header SET version = 99")

    with pytest.raises(LedgerError, match="version 99"):
        ledger.header(file)


@pytest.mark.parametrize("bucket", [BucketAccess("http://s3.example/", "r", "b", "/p/", "a", "s"), None])
def test_target_is_known_by_its_doors_and_its_bucket(bucket: BucketAccess | None) -> None:
    """A target is what its doors and its bucket are: another prefix, bucket or store is another target."""
    door = Door("canonical", "http://x.example/api/mlflow/")
    known = ledger.identity_of(Target("t", "environment", (door,), {}, bucket=bucket))
    place = "http://s3.example/b/p" if bucket else ""

    assert known == ledger.describe_target({"canonical": "http://x.example/api/mlflow"}, place)
    there = Target("t", "environment", (replace(door, workspace="team-a"),), {}, bucket=bucket)
    assert ledger.workspace_of(ledger.identity_of(there)) == "team-a"


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_ledger_is_its_owners_alone_and_made_once(tmp_path: Path, mask: int) -> None:
    """A ledger is readable by its owner alone, whatever the mask, and no run gets a second one."""
    usual = os.umask(mask)
    try:
        file = written(tmp_path)
        with ledger.transaction(file) as opened:
            ledger.note_made(opened, Made("model", f"{RUN}-m", "d"))
            beside = [each.stat().st_mode & 0o777 for each in tmp_path.iterdir()]  # SQLite keeps a journal meanwhile
    finally:
        os.umask(usual)

    assert {*beside} == {0o600}
    assert len(beside) == 2
    with pytest.raises(LedgerError, match="has a ledger already"):
        written(tmp_path)


def test_what_failed_half_way_is_undone(tmp_path: Path) -> None:
    """What failed half-way is not in the ledger, and what came before still is."""
    model = Made("model", f"{RUN}-m", "d")
    file = written(tmp_path, model)
    with pytest.raises(RuntimeError), ledger.transaction(file) as opened:
        ledger.note_made(opened, Made("model", f"{RUN}-other", "d"))
        raise RuntimeError

    assert ledger.left(file, TARGET) == [model]


def test_line_that_a_killed_process_began_is_taken_back(tmp_path: Path) -> None:
    """Kind: an end in mid-write. A ledger whose writer was killed amid a line is read as it was before that line."""
    model = Made("model", f"{RUN}-m", "d")
    file = written(tmp_path, model)
    if not (writer := os.fork()):
        try:
            opened = sqlite3.connect(file, isolation_level=None)
            opened.execute("PRAGMA cache_size = 1")  # so that the file itself is changed before the end
            opened.execute("BEGIN IMMEDIATE")
            for number in range(200):
                ledger.note_made(opened, Made("model", f"{RUN}-{number}-{'x' * 500}", "d"))
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(writer, 0)
    assert file.with_name(f"{file.name}-journal").stat().st_size  # control: something is to be taken back

    assert ledger.header(file).run == RUN
    assert ledger.left(file, TARGET) == [model]


def test_who_reads_a_ledger_changes_nothing(tmp_path: Path) -> None:
    """A ledger that is only read cannot be changed by that."""
    file = written(tmp_path)

    with pytest.raises(LedgerError, match="readonly"), ledger.reading(file) as opened:
        opened.execute("UPDATE header SET run = 'other'")


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there is told."""
    with pytest.raises(LedgerError, match="cannot be read"):
        ledger.left(tmp_path / f"{RUN}.sqlite", TARGET)
