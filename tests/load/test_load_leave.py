"""A load is put on a target of others only as its file allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.reader import read
from registry_conformance.run.session.live_run import allowed_load
from registry_conformance.run.settings import Settings

CAPS = "[load]\nrequests = 100\nmegabytes = 10\nobjects = 10\nrate = 5\nusers = 4\n"
DOOR = '[doors.canonical]\nurl = "https://registry.example/api/mlflow"\npolicy = "open"\n'


def allowed(folder: Path, plan: str, tables: str = CAPS, access: str = "sandboxed") -> str:
    """Return the load that an environment's file allows of one that is asked for."""
    file = folder / "staging.toml"
    file.write_text(f'description = "staging"\naccess = "{access}"\n{DOOR}{tables}')
    options = {"stack": "auto", "store": "auto", "fault": [], "report_dir": str(folder), "proxy_port": 0}
    settings = Settings.read({**options, "env_file": str(file), "load": plan})
    return allowed_load(settings, read(file))


@pytest.mark.parametrize(
    ("plan", "tables", "access", "said"),
    [
        ("users=2", "", "sandboxed", r"add a table \[load\] with requests, megabytes, objects and rate"),
        ("users=5", CAPS, "sandboxed", "load.users allows 4 users, and 5 are asked for"),
        ("users=2", CAPS, "read-only", "access is read-only: a load writes"),
        ("users=2 kill=mlflow", CAPS, "sandboxed", "only a part of a stack of our own is killed"),
        (
            "users=2 sizes=4KiB=1 registrations=9",
            CAPS,
            "sandboxed",
            "load.requests allows 100, and 9 registrations take 108 at least",
        ),
        (
            "users=2 sizes=4KiB=1 registrations=6",
            CAPS,
            "sandboxed",
            "load.objects allows 10, and 6 registrations take 12 at least",
        ),
        (
            "users=2 sizes=3MiB=1,8MiB=1 registrations=4",
            CAPS,
            "sandboxed",
            "load.megabytes allows 10, and 4 registrations take 12 at least",
        ),
    ],
)
def test_a_load_without_leave_is_refused(plan: str, tables: str, access: str, said: str, tmp_path: Path) -> None:
    """What the file does not allow is refused before anything is sent, with what to add or change."""
    with pytest.raises(EnvironmentFileError, match=said):
        allowed(tmp_path, plan, tables, access)


def test_as_many_registrations_as_fit_are_allowed(tmp_path: Path) -> None:
    """A number of registrations that the caps have room for is put on the target."""
    assert "registrations=5" in allowed(tmp_path, "users=2 sizes=4KiB=1 registrations=5")


def test_what_the_file_declares_is_judged(tmp_path: Path) -> None:
    """Budgets of the file are those of the load, unless the command says others."""
    tables = f"{CAPS}[load.budgets]\np95 = 0.5\nerrors = 0.01\n"

    assert allowed(tmp_path, "users=2 errors=0.1", tables).endswith(
        "users=2 seconds=30 sizes=4KiB=90,8MiB=9,100MiB=1 p95=0.5 errors=0.1"
    )
