"""What a part wrote to its log is found in that log, and a secret in whichever log has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry_conformance.judge.clients.logs import Logs
from registry_conformance.judge.expect import NotAllowed


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    """The logs of a proxy and of MLflow; a key stands in the second."""
    files = {"proxy": tmp_path / "proxy.log", "mlflow": tmp_path / "mlflow.log"}
    files["proxy"].write_text("GET /health 200\n")
    files["mlflow"].write_text("Authorization: Bearer hk_real\n")
    return Logs(files, frozenset({"hk_real"}))


def test_line_is_found_in_the_log_of_its_part_alone(logs: Logs) -> None:
    """A part's log holds its own lines, not those of another part."""
    assert logs.holds("proxy", "/health")
    assert not logs.holds("mlflow", "/health")
    assert not logs.holds("auth", "/health")


def test_parts_that_give_a_secret_away_are_named(logs: Logs) -> None:
    """A secret of the target, or one that is asked for, is found wherever it stands."""
    assert logs.giving_away() == ["mlflow"]
    assert logs.giving_away("/health") == ["mlflow", "proxy"]


def test_log_that_a_target_does_not_have_is_told(logs: Logs) -> None:
    """Who waits for a line of a part without a log hears so at once."""
    with pytest.raises(NotAllowed, match="auth"):
        logs.show("auth", "x")
