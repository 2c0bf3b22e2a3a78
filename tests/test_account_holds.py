"""Objects that something puts under a legal hold as they are written: the run sees it on what it wrote itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_conformance.judge.machine import new_run_id
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.disturbance import SetHeader, When
from registry_conformance.lab.faults.change import on
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.rehearsal.external_environment import environment
from tests.account.moto_account import ACCOUNT, Account
from tests.account.runs import judge

HELD = on("store", When(methods=("PUT",)), SetHeader("x-amz-object-lock-legal-hold", "ON"))(REFERENCE)
"""The reference, whose uploads reach the store with a header that puts them under a hold."""


@pytest.fixture
def owned(cache: Path) -> Iterator[OwnedStack]:
    """A stack of our own on moto, with Object Lock on its bucket."""
    owned = OwnedStack(StackRequest(new_run_id(), cache=cache))
    bucket = owned.target().bucket
    assert bucket is not None
    s3 = Account(bucket.endpoint).client("s3", ACCOUNT, bucket.region)
    s3.delete_bucket(Bucket=bucket.bucket)
    s3.create_bucket(Bucket=bucket.bucket, ObjectLockEnabledForBucket=True)
    yield owned
    owned.close()


def test_object_that_is_written_under_a_hold_is_red(owned: OwnedStack, tmp_path: Path) -> None:
    """The requirement is kept on a bucket with Object Lock, and fails once uploads come under a hold."""
    file = environment(owned.target(), tmp_path / "environment")
    file.write_text(file.read_text() + f'\n[infrastructure]\naccount = "{ACCOUNT}"\n')
    kept = judge(tmp_path, f"--env-file={file}", "-k", "legal_hold")
    owned.apply(HELD)
    held = judge(tmp_path, f"--env-file={file}", "-k", "legal_hold")

    assert kept.with_verdict("passed") == {"INF-062"}, kept.said
    assert held.with_verdict("failed") == {"INF-062"}, held.said
