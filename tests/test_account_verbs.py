"""What the server's role may do is proved through the door: a verb that its store denies is red there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.programs import minio_path
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.rehearsal.external_environment import environment
from tests.account.runs import judge

pytestmark = pytest.mark.skipif(minio_path() is None, reason="there is no minio binary on PATH")


@pytest.fixture(scope="module")
def owned(cache: Path) -> Iterator[OwnedStack]:
    """A stack of our own on MinIO, which heeds what a key may do."""
    owned = OwnedStack(StackRequest(new_run_id(), REFERENCE, "minio", cache=cache))
    yield owned
    owned.close()


DENIED = {"delete-object-denied": "INF-043", "abort-multipart-denied": "INF-044"}


@pytest.mark.parametrize(
    "faults",
    [  # both at once by day; the night asks about each alone
        pytest.param(tuple(DENIED), id="both"),
        *(pytest.param((fault,), id=fault, marks=pytest.mark.nightly) for fault in DENIED),
    ],
)
def test_verb_that_the_store_denies_is_red_through_the_door(
    owned: OwnedStack, tmp_path: Path, faults: tuple[str, ...]
) -> None:
    """Without any look at the account, a verb that the server may not do fails its requirement."""
    file = environment(owned.target(), tmp_path / "environment")
    denied = frozenset().union(*(CATALOGUE[fault].change(REFERENCE).mlflow.denied for fault in faults))
    assert denied  # control: something is denied
    owned.apply(replace(REFERENCE, mlflow=replace(REFERENCE.mlflow, denied=denied)))
    try:
        done = judge(tmp_path, f"--env-file={file}", "-k", "test_server")
    finally:
        owned.apply(REFERENCE)

    assert done.code == 1, done.said
    assert {DENIED[fault] for fault in faults} <= done.with_verdict("failed"), done.verdicts
