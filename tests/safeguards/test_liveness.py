"""A run that lives is known by the lock that its process holds, and a run that is over by its absence.

Kind: something of others taken for dead. A janitor that is told to sweep everything leaves a run that lives alone.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

from registry_conformance.judge.target.ledger import Header, LedgerError
from registry_conformance.judge.target.liveness import hold, is_alive, release

HERE = Header("verify-20300101-000000-abcdef", "", 0.0, 60.0, platform.node())


def test_run_lives_while_its_lock_is_held(tmp_path: Path) -> None:
    """A run lives while its lock is held, and is over once it is let go; no file stays."""
    ledger = tmp_path / "ledger.sqlite"
    assert not is_alive(ledger, HERE)
    hold(ledger)
    assert is_alive(ledger, HERE)
    release(ledger)

    assert not is_alive(ledger, HERE)
    assert not list(tmp_path.iterdir())
    release(ledger)


def test_run_is_over_when_its_process_is_killed(tmp_path: Path) -> None:
    """A run is over when its process is killed, though the file of its lock stays."""
    ledger = tmp_path / "ledger.sqlite"
    lines = (
        "import sys, time; from pathlib import Path",
        "from registry_conformance.judge.target.liveness import hold",
        "hold(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)",
    )
    with subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines), str(ledger)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == "held\n"
        alive = is_alive(ledger, HERE)
        running.kill()

    assert alive
    assert not is_alive(ledger, HERE)
    assert list(tmp_path.iterdir())


@pytest.mark.parametrize(("host", "began", "alive"), [("elsewhere", 0.0, True), ("elsewhere", -61.0, False)])
def test_run_of_another_machine_lives_as_long_as_it_may_send(
    tmp_path: Path, host: str, began: float, alive: bool
) -> None:
    """A run of another machine counts as alive for as long as it was given time to send anything."""
    about = Header(HERE.run, "", time.time() + began, 60.0, host)

    assert is_alive(tmp_path / "ledger.sqlite", about) is alive


def test_run_of_this_machine_without_a_lock_is_over_at_once(tmp_path: Path) -> None:
    """A run of this machine without a lock is over, though it has time left."""
    assert not is_alive(tmp_path / "ledger.sqlite", Header(HERE.run, "", time.time(), 60.0, platform.node()))


def test_lock_that_is_held_already_is_told(tmp_path: Path) -> None:
    """A lock that somebody holds already is told."""
    ledger = tmp_path / "ledger.sqlite"
    hold(ledger)
    try:
        with pytest.raises(LedgerError, match="cannot be held"):
            hold(ledger)
    finally:
        release(ledger)
