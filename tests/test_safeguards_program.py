"""The mutation of safeguards runs every test of the module that it changes."""

from __future__ import annotations

from pathlib import Path

from registry_conformance.judge.locations import ROOT
from registry_conformance.proof.safeguards.program import MODULES, TESTS, _files


def test_each_module_has_tests() -> None:
    """A module without tests would have mutants that nothing can find."""
    assert [module for module in MODULES if not _files(module, ROOT)] == []


def test_tests_of_one_module_in_several_files_all_run(tmp_path: Path) -> None:
    """Tests of a large module lie in a file for each topic."""
    folder = tmp_path / TESTS
    folder.mkdir(parents=True)
    for name in ("test_cleanup.py", "test_cleanup_models.py", "test_guard.py", "visit.py"):
        (folder / name).touch()

    assert [Path(file).name for file in _files("live.cleanup", tmp_path)] == [
        "test_cleanup.py",
        "test_cleanup_models.py",
    ]
