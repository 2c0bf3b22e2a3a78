"""What a long fixture says is shown while it works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.tree import ROOT

SAYS = """
import pytest
from registry_conformance.run.session.uncaptured import uncaptured

@pytest.fixture
def long(pytestconfig):
    uncaptured(pytestconfig)("registered: 5 of 10")
    print("captured")

def test_it(long):
    pass
"""


def test_line_of_a_fixture_is_shown_although_its_test_passes(tmp_path: Path) -> None:
    """A line of a fixture is shown; what it prints is captured, and shown of a failed test alone."""
    (tmp_path / "test_long.py").write_text(SAYS)
    alone = ["--disable-plugin-autoload", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", "-c/dev/null"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *alone, str(tmp_path)], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert "registered: 5 of 10" in ended.stdout.splitlines()
    assert "captured" not in ended.stdout
