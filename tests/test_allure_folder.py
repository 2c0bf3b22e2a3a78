"""``--alluredir``: Allure's results where Allure's users expect them."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import write
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.session.reporting import share_allure
from registry_conformance.run.settings import Settings
from tests.report_runs import green

ASKED = {"stack": "embedded", "store": "moto", "fault": [], "report_dir": "", "proxy_port": 0}


def share(folder: Path, reports: Path, *, cleaned: bool = False) -> tuple[Exit, list[str]]:
    """Write a run's report beside ``folder``, and copy its results there; return exit code and what is said."""
    run, said = green(), list[str]()
    settings = Settings.read(
        {**ASKED, "alluredir": str(folder), "clean_alluredir": cleaned, "report_dir": str(reports)}
    )
    write(run, settings.report_dir / "runs" / run.run_id, Redactor(()))
    return share_allure(run, settings, said.append, Exit.OK), said


@pytest.mark.parametrize("cleaned", [False, True])
def test_results_are_copied(tmp_path: Path, *, cleaned: bool) -> None:
    """The folder gets the results; what was there goes if that was asked for, sub-folders excepted."""
    folder = tmp_path / "allure"
    (folder / "mine").mkdir(parents=True)
    (folder / "old-result.json").write_text("{}")

    assert share(folder, tmp_path / "reports", cleaned=cleaned) == (Exit.OK, [])
    names = {file.name for file in folder.iterdir()}
    assert ("old-result.json" in names) is not cleaned
    assert {"mine", "categories.json"} <= names
    assert any(name.endswith("-result.json") for name in names - {"old-result.json"})


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file in the way is exit code 4, and named: before the run, or after it."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(SettingsError, match="is no folder"):
        share(tmp_path / "taken", tmp_path / "reports")

    code, said = share(tmp_path / "taken" / "below", tmp_path / "reports")
    assert code == Exit.USAGE
    assert "is in the way" in said[0]
