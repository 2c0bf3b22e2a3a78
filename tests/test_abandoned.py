"""What a killed process left goes with the next start; what belongs to a living one, or to another machine, stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from registry_conformance.judge.owner import Owner
from registry_conformance.judge.temporary import OWNER_FILE, owned_folder, remove_abandoned, temporary_folder
from registry_conformance.lab.stack.docker import labels
from registry_conformance.run import leftovers
from tests.conftest import Project, eventually, processes_of, read_until


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary ones, with nothing in it yet."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ended() -> Owner:
    """Return a process that has ended."""
    said = subprocess.run(
        [sys.executable, "-c", "from registry_conformance.judge.owner import Owner; print(Owner.this().text())"],
        capture_output=True,
        text=True,
        check=True,
    )
    owner = Owner.read(said.stdout)
    assert owner is not None
    return owner


def test_a_process_is_told_from_others_of_its_number() -> None:
    """An owner that runs is not dead; one that ended is, and so is one whose number another process has now."""
    here = Owner.this()
    assert not here.is_dead
    assert ended().is_dead
    assert replace(here, started="1").is_dead
    assert not replace(ended(), machine="another").is_dead


def test_folders_of_the_dead_go(place: Path) -> None:
    """Kind: a folder that nobody removes. What a killed process had is removed, with all that is in it."""
    folder = owned_folder("verify-1-", ended(), "verify-1")
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_text("x")
    told = list(leftovers.sweep())
    assert not folder.exists()
    assert len(told) == 1
    assert "the run verify-1 that was killed" in told[0]
    assert list(place.iterdir()) == []


def test_folders_of_the_living_stay(place: Path) -> None:
    """A folder whose owner runs is not touched, whoever looks."""
    with temporary_folder("doctor-") as folder:
        assert remove_abandoned() == []
        assert (folder / OWNER_FILE).exists()
    assert list(place.iterdir()) == []


def test_folders_of_other_machines_stay(place: Path) -> None:
    """A folder that another machine made in a shared place stays while it may be in use there."""
    folder = owned_folder("verify-2-", replace(ended(), machine="another"), "verify-2")
    assert remove_abandoned() == []
    os.utime(folder, (1, 1))
    assert [each.folder for each in remove_abandoned()] == [folder]
    assert place.exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x"}', '{"pid": 1}', "\0", "[" * 5000])
def test_folders_without_an_owner_stay(place: Path, text: str) -> None:
    """A folder that does not say whose it is is none of ours, whatever its name."""
    (place / "verify-3-x").mkdir()
    (place / "verify-3-x" / OWNER_FILE).write_text(text)
    (place / "verify-4-x").mkdir()
    assert remove_abandoned() == []
    assert len(list(place.iterdir())) == 2


def test_a_link_is_not_followed(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link to a folder of the dead removes nothing elsewhere."""
    other = tmp_path_factory.mktemp("elsewhere")
    (other / OWNER_FILE).write_text(json.dumps({**asdict(ended()), "run": "r", "engine": False}))
    (place / "verify-5-x").symlink_to(other)
    assert remove_abandoned() == []
    assert (other / OWNER_FILE).exists()


def test_a_folder_whose_making_was_cut_goes(place: Path) -> None:
    """A process that is killed while it makes its folder leaves one that is found by its name."""
    owner = ended()
    (place / f".registry-conformance-{owner.pid}-{owner.started}-abcdefgh").mkdir()
    (place / f".registry-conformance-{os.getpid()}-{Owner.this().started}-abcdefgh").mkdir()
    assert len(remove_abandoned()) == 1


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """An engine with the networks of a living run, of a dead one and of somebody else; yields the runs swept."""
    swept: list[str] = []

    def network(**borne: str) -> Any:
        return SimpleNamespace(attrs={"Labels": borne})

    networks = [
        network(**{labels.RUN: "alive", labels.OWNER: Owner.this().text()}),
        network(**{labels.RUN: "dead", labels.OWNER: ended().text()}),
        network(**{labels.RUN: "elsewhere", labels.OWNER: replace(ended(), machine="another").text()}),
        network(**{labels.RUN: "unreadable", labels.OWNER: "{"}),
    ]
    client = SimpleNamespace(networks=SimpleNamespace(list=lambda **_: networks))

    def sweep(run_id: str) -> list[str]:
        swept.append(run_id)
        return [f"{run_id}-proxy"]

    monkeypatch.setattr(labels, "engine", lambda: client)
    monkeypatch.setattr(labels, "sweep", sweep)
    yield swept


def test_containers_of_the_dead_go(place: Path, engine: list[str]) -> None:
    """Kind: what an engine keeps. Of all runs with containers, those go whose owner ended here, and are mentioned."""
    told = list(leftovers.sweep(containers=True))
    assert engine == ["dead"]
    assert told == ["removed what a run that was killed had left here: dead-proxy"]
    assert place.exists()


def test_a_folder_tells_of_containers(place: Path, engine: list[str]) -> None:
    """A start without containers removes those of a run whose folder says that it had some."""
    owned_folder("verify-6-", ended(), "verify-6", engine=True)
    assert len(list(leftovers.sweep())) == 2
    assert engine == ["dead"]
    assert list(place.iterdir()) == []


def test_everything_killed_at_once_is_swept_by_the_next_start(own_project: Project) -> None:
    """Kind: a folder that nobody removes. kill -9 of all of a run leaves nothing once the next has started."""
    project = own_project
    project.checks("""
@verifies("ZZZ-001")
@pytest.mark.parametrize("n", range(1))
def test_quick(door, n):
    \"\"\"A request is answered.\"\"\"
    time.sleep(60 if not __import__("pathlib").Path(__file__ + ".second").exists() else 0)
    expect_status(door.health(), 200)
""")
    process = project.start("-n0")
    run_id = read_until(process, r"run (verify-\S+):")[1]
    for each in [process.pid, *(found.pid for found in _of(run_id))]:
        with suppress(psutil.NoSuchProcess):  # what ended by itself meanwhile
            psutil.Process(each).kill()
    process.communicate()
    eventually(lambda: processes_of(run_id) == [], "no process of the run is left")
    assert len(list(project.temporary.glob(f"{run_id}-*"))) >= 1
    (project.root / "suites" / "local" / "test_checks.py.second").touch()
    code, output = project.run("-n0")
    assert code == 0, output
    assert f"removed what the run {run_id} that was killed had left here" in output
    assert list(project.temporary.iterdir()) == []


def _of(run_id: str) -> list[psutil.Process]:
    """Return the processes that bear a run id, those that start others first."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("REGISTRY_CONFORMANCE_RUN") == run_id:
                found.append(process)
        except psutil.Error:
            continue
    return sorted(found, key=lambda process: process.pid)
