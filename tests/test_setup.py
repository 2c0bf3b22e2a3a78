"""The set-up makes the environment from the lock, or says why it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from registry_conformance.judge.locations import ROOT

NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_FIND_LINKS": "", "PIP_NO_INDEX": "0"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the set-up reads."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    return tmp_path


def set_up(checkout: Path) -> tuple[int, str]:
    """Run the set-up where no index can be reached; return exit code and output."""
    done = subprocess.run(
        [sys.executable, "scripts/setup"],
        cwd=checkout,
        env=os.environ | NOWHERE,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_no_network_is_named(checkout: Path) -> None:
    """An index that cannot be reached is exit code 6, with what to do."""
    code, output = set_up(checkout)
    assert code == 6, output
    assert "uv could not be fetched; is the package index reachable?" in output
    assert "Traceback" not in output


def test_a_lock_that_is_gone_is_named(checkout: Path) -> None:
    """A missing lock is exit code 4, with the command that brings it back."""
    (checkout / "requirements.lock").unlink()
    code, output = set_up(checkout)
    assert code == 4
    assert "get it back with: git checkout -- requirements.lock" in output


def test_a_damaged_lock_is_named(checkout: Path) -> None:
    """A lock that lost its pins is exit code 4, and no environment is begun."""
    lock = checkout / "requirements.lock"
    lock.write_text(lock.read_text()[:2000])
    code, output = set_up(checkout)
    assert code == 4
    assert "requirements.lock is damaged" in output
    assert not (checkout / ".venv").exists()


def test_a_lock_with_a_wrong_hash_is_named() -> None:
    """What the installer says of a wrong hash is told as a damaged lock; of a lost connection, as such."""
    source = (ROOT / "scripts" / "setup").read_text()
    setup: dict[str, object] = {"__name__": "setup", "__file__": str(ROOT / "scripts" / "setup")}
    exec(compile(source, "setup", "exec"), setup)  # noqa: S102 - a script without an ending cannot be imported
    explain = setup["explain"]
    assert callable(explain)
    assert explain("THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "uv")[0] == 4
    assert explain("Hash mismatch for `six==1.17.0`", "the dependencies")[0] == 4
    assert explain("error: Couldn't parse requirement in `requirements.lock` at position 7", "the dependencies")[0] == 4
    assert explain("failed to lookup address information: dns error", "the dependencies")[0] == 6
    assert explain("OSError: [Errno 28] No space left on device", "uv")[0] == 6


def test_a_second_time_costs_nothing() -> None:
    """With the environment in place the set-up does nothing and says nothing."""
    done = subprocess.run(
        [sys.executable, "scripts/setup"],
        cwd=ROOT,
        env=os.environ | NOWHERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
