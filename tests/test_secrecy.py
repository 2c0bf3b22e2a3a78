"""The search of what a run wrote for secrets."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from fixtures.report.redact import Redactor
from fixtures.report.secrecy import _CHUNK, giving_away

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


def test_nothing_is_found_where_there_is_no_secret(tmp_path: Path) -> None:
    """Nothing is found where there is no secret."""
    (tmp_path / "a").write_text("hk")

    assert giving_away(tmp_path, Redactor([])) == []
