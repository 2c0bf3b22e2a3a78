"""Which experiments are removed from MLflow's database for good."""

from __future__ import annotations

import re

import pytest

from registry_conformance.judge.clients.backend_store import PurgeError, need_removable

RUN = "verify-20300101-000000-abcdef"
NAME = f"{RUN}-e"


@pytest.mark.parametrize(
    ("name", "stage", "said"),
    [
        (NAME, "deleted", ""),
        (NAME, "active", "is not deleted"),
        ("theirs", "deleted", "does not bear a run's name"),
        (f"x-{NAME}", "deleted", "does not bear a run's name"),
    ],
)
def test_experiment_is_removed_for_good_if_it_is_deleted_and_a_runs(name: str, stage: str, said: str) -> None:
    """An experiment is removed for good only if it is deleted and bears the name of a run."""
    if not said:
        need_removable("7", name, stage, re.compile(re.escape(RUN)))
        return
    with pytest.raises(PurgeError, match=said):
        need_removable("7", name, stage, re.compile(re.escape(RUN)))
