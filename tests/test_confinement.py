"""Kind: a place that a target names. What clients of the SDK do for a target stays in a folder of their own."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.clients.sdk import log_artifact
from registry_conformance.judge.clients.sdk_registration import load_back
from registry_conformance.judge.target.credential import Credential, KeyHeader, Password
from registry_conformance.judge.target.target import Door
from tests import isolated_work
from tests.doubles.hostile import hostile
from tests.doubles.hostile_content import OTHER_DISK
from tests.doubles.hostile_request import Asked

KEY = "hk_the_one_real_key"
CREDENTIALS: tuple[Credential, ...] = (KEY, KeyHeader("X-API-Key", KEY), Password("user", KEY))


@pytest.fixture(scope="module")
def isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedProcess]:
    """Fresh processes that have the SDK."""
    processes = IsolatedProcess(tmp_path_factory.mktemp("isolated") / "home", "run-1", modules=("mlflow.pyfunc",))
    yield processes
    processes.close()


@pytest.mark.parametrize("way", isolated_work.WAYS_OUT)
def test_nothing_is_written_outside(isolated: IsolatedProcess, tmp_path: Path, way: str) -> None:
    """A write outside the client's own folder fails and says where; the same inside works."""
    said = isolated.call(isolated_work.write, way, tmp_path / "outside")
    assert f"{tmp_path / 'outside'}: a place on this machine's own disk" in said
    assert list(tmp_path.iterdir()) == []
    assert isolated.call(isolated_work.write, way, isolated.home / f"inside-{way}") == ""


@pytest.mark.parametrize("command", [("env",), ("git", "version"), ("/bin/sh", "-c", "env")])
def test_no_program_inherits_the_credential(isolated: IsolatedProcess, command: tuple[str, ...]) -> None:
    """Kind: an environment that is handed on. A program that the SDK would start, as git, gets no credential."""
    said = isolated.call(isolated_work.told_by_a_program, *command)

    assert "a client starts no program" in said
    assert KEY not in said


@pytest.mark.parametrize(
    ("way", "told"),
    [
        *((way, "a client starts no program") for way in ("system", "exec", "posix_spawn")),
        ("spawn", "ended with 127"),  # refused in the fork that would become it
    ],
)
def test_no_program_is_started_in_another_way(isolated: IsolatedProcess, way: str, told: str) -> None:
    """Kind: an environment that is handed on. Whichever call would start a program, it starts none."""
    assert told in isolated.call(isolated_work.told_by_a_start, way)


def test_a_crash_leaves_no_memory_on_the_disk(isolated: IsolatedProcess) -> None:
    """Kind: a file that the system writes. A client that crashes leaves no core in which its credential stands."""
    assert isolated.call(isolated_work.core_limit) == 0


def test_memory_has_an_end(isolated: IsolatedProcess) -> None:
    """A client that is made to hold more than its share fails, and its machine does not."""
    assert isolated.call(isolated_work.hold, 64 << 30) == "MemoryError"


@pytest.mark.parametrize("name", ["MLflow that stores on our disk", "MLflow that stores on our disk, by path"])
def test_a_location_on_our_disk_is_refused(isolated: IsolatedProcess, name: str) -> None:
    """An upload to a location that is a path on this machine fails with a sentence; nothing lies there afterwards."""
    shutil.rmtree(OTHER_DISK, ignore_errors=True)
    with hostile(name) as server:
        developer = Developer(Door("d", server.url), KEY, isolated.home / "developer", "run-1")
        file = isolated.home / "model.txt"
        file.write_text("x")
        problem, _ = isolated.call(log_artifact, developer, "r1", file)
    assert "a path on the disk of whoever uploads them" in problem, problem
    assert not Path(OTHER_DISK).exists()


def test_files_that_lie_above_are_not_written(isolated: IsolatedProcess) -> None:
    """A download of files whose names climb out of their folder writes none of them."""
    shutil.rmtree(OTHER_DISK, ignore_errors=True)
    with hostile("MLflow whose files lie above") as server:
        developer = Developer(Door("d", server.url), KEY, isolated.home / "loader", "run-1")
        back = isolated.call(load_back, developer, "mlflow-artifacts:/1/run/artifacts", [])
    assert back.problem
    assert not Path(OTHER_DISK).exists()
    assert not list(isolated.home.glob("up*"))


@pytest.mark.parametrize("status", ["302", "307", "308"])
@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda each: type(each).__name__)
def test_the_sdk_takes_the_key_to_no_other_host(
    isolated: IsolatedProcess, tmp_path: Path, status: str, credential: Credential
) -> None:
    """Kind: an address that an answer names. The SDK follows a redirect, and takes no key along, in whatever header."""
    with hostile(f"{status} to another host") as server:
        isolated.call(isolated_work.search, server.url, credential, isolated.home / tmp_path.name)
        sent = [request for request in server.asked if holds_key(request)]
        strayed = [request.head for request in server.strayed if holds_key(request)]
        followed = len(server.strayed)

    assert sent  # control: the key is sent where it belongs
    assert followed  # control: the SDK went where it was sent
    assert strayed == []


def holds_key(request: Asked) -> bool:
    """Return whether a request holds the key, as it is or as a password is sent."""
    return any(each in request.head for each in (KEY, base64.b64encode(f"user:{KEY}".encode()).decode()))
