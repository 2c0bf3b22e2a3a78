"""The commands that reports/README.md shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import publish, write
from tests.report_runs import SCHEMA, mixed

COMMANDS = re.findall(r"^ {4}(jq .+)$", (SCHEMA.parent.parent / "README.md").read_text(), re.MULTILINE)
SAID = (
    '"AUT-001": "the store does not enforce keys"',
    "Do not ship: 1 of 3",
    "ROU-001: 404 text/html 207 B\n  pytest ",
)


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_each_command_works(tmp_path: Path) -> None:
    """Every jq command of the page runs on a real report and says what the page promises."""
    folder = tmp_path / "reports" / "runs" / "verify-1"
    write(mixed(), folder, Redactor(()))
    publish(tmp_path / "reports", folder)

    said = [
        subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for command in COMMANDS
    ]

    assert len(said) == len(SAID)
    assert [promise for promise, text in zip(SAID, said, strict=True) if promise not in text] == []
