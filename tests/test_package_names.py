"""What is to be installed is named so that it can be: this project is on no package index."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_conformance.cli.main import run
from registry_conformance.judge.locations import ROOT

_INSTALLED = re.compile(r"install[^\n]*hokusai-registry-conformance(?!\[\w+\] @ )")


def _texts() -> Iterator[Path]:
    yield from (ROOT / "registry_conformance").rglob("*.py")
    yield from (ROOT / "docs").rglob("*.*")
    yield from (ROOT / name for name in ("README.md", "action.yml"))


def test_no_advice_names_a_package_that_no_index_has() -> None:
    """Anybody could publish another program of that name."""
    texts = {each: each.read_bytes().decode(errors="replace") for each in _texts() if each.is_file()}

    assert [str(each) for each, text in texts.items() if _INSTALLED.search(text)] == []


def test_what_is_lacking_is_brought_from_the_checkout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The advice is whole: it can be typed as it stands."""
    monkeypatch.setitem(sys.modules, "ijson", None)
    for name in [name for name in sys.modules if name.startswith("registry_conformance.judge.report.read")]:
        monkeypatch.delitem(sys.modules, name)

    assert run(["compare", "a", "b"]) == 4
    said = capsys.readouterr().err
    assert "pip install '.[verify]'" in said
    assert "uvx --from '.[verify]' registry-conformance compare" in said
