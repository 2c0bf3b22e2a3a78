"""Which files `make test` leaves out, and when it does not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from registry_conformance.judge.locations import ROOT
from tests.conftest import SLOW, pytest_ignore_collect


def test_each_slow_file_is_there() -> None:
    """A file that is renamed keeps its place in the list, and none is in it twice."""
    known = {file.name for file in (ROOT / "tests").rglob("test_*.py")}

    assert [name for name in SLOW if name not in known] == []
    assert len({*SLOW}) == len(SLOW)


@pytest.mark.parametrize(
    ("file", "given", "left_out"),
    [
        (SLOW[0], (), True),
        (SLOW[0], ("whole",), False),
        (SLOW[0], ("nightly",), False),
        ("test_register.py", (), False),
    ],
)
def test_slow_files_are_left_to_a_whole_run(file: str, given: tuple[str, ...], left_out: bool) -> None:
    """Slow files are left out unless the whole is asked for; others never are."""
    config: Any = SimpleNamespace(getoption=lambda name: name in given)

    assert bool(pytest_ignore_collect(Path("tests") / file, config)) is left_out
