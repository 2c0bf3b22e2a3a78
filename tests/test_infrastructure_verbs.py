"""What the server's role may do is proved through the door: a verb that its store denies is red there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.deployment import REFERENCE
from fixtures.faults.catalogue import CATALOGUE
from fixtures.rehearsal.foreign import environment
from fixtures.settings import minio_path, new_run_id
from fixtures.stack.handle import OwnedStack
from fixtures.stack.order import Order
from tests.infrastructure.runs import judge

pytestmark = pytest.mark.skipif(minio_path() is None, reason="there is no minio binary on PATH")


@pytest.fixture(scope="module")
def owned(cache: Path) -> Iterator[OwnedStack]:
    """A stack of our own on MinIO, which heeds what a key may do."""
    owned = OwnedStack(Order(new_run_id(), REFERENCE, "minio", cache=cache))
    yield owned
    owned.close()


@pytest.mark.parametrize(
    ("fault", "requirement"),
    [("delete-object-denied", "INF-043"), ("abort-multipart-denied", "INF-044")],
)
def test_verb_that_the_store_denies_is_red_through_the_door(
    owned: OwnedStack, tmp_path: Path, fault: str, requirement: str
) -> None:
    """Without any look at the account, a verb that the server may not do fails its requirement."""
    file = environment(owned.target(), tmp_path / "environment")
    owned.apply(CATALOGUE[fault].change(REFERENCE))
    try:
        done = judge(tmp_path, f"--env-file={file}", "-k", "test_server")
    finally:
        owned.apply(REFERENCE)

    assert done.code == 1, done.said
    assert requirement in done.with_verdict("failed"), done.verdicts
