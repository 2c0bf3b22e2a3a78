"""The search of what a run wrote for secrets."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.secret_scan import _CHUNK, giving_away

SECRET = "hk/live+4711:geheim"


@pytest.mark.parametrize(
    "form",
    [SECRET, base64.b64encode(f"user:{SECRET}".encode()).decode(), quote(SECRET, safe=""), quote(quote(SECRET))],
    ids=["plain", "base64", "quoted", "quoted-twice"],
)
@pytest.mark.parametrize("before", [0, _CHUNK - 7], ids=["small", "across-chunks"])
def test_file_with_a_secret_is_found(tmp_path: Path, form: str, before: int) -> None:
    """File with a secret is found."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "proxy.log").write_text("." * before + form)
    (tmp_path / "clean.txt").write_text("Authorization: Bearer something-else")

    assert giving_away(tmp_path, Redactor([SECRET])) == [tmp_path / "logs" / "proxy.log"]


def test_file_of_an_earlier_run_is_left_alone(tmp_path: Path) -> None:
    """File of an earlier run is left alone."""
    old, new = tmp_path / "old", tmp_path / "new"
    for file in (old, new):
        file.write_text(SECRET)
    os.utime(old, (1_000_000, 1_000_000))

    assert giving_away(tmp_path, Redactor([SECRET]), since=2_000_000) == [new]


def test_nothing_is_found_where_there_is_no_secret(tmp_path: Path) -> None:
    """Nothing is found where there is no secret."""
    (tmp_path / "a").write_text("hk")

    assert giving_away(tmp_path, Redactor([])) == []
