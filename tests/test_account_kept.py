"""Holds on objects and keys of other accounts, each by its own sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Known, Unreadable
from registry_conformance.judge.account.reference import of_account, promised, rights
from registry_conformance.judge.account.state import Encryption, KeyState
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.mismatch import PreconditionFailed
from registry_conformance.judge.target.target import BucketAccess
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket, in_role
from tests.account.moto_account import KEY_ID, REGION, SECRET, STRANGER, Account, moto_account, with_kms
from tests.account.realise import make_bucket

THEIRS = with_kms().kms_key.replace(with_kms().owner, STRANGER)
CENTRAL = replace(with_kms(), kms_key=THEIRS)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """One server for all buckets of this file."""
    with moto_account() as account:
        yield account


def bucket_of(account: Account, name: str) -> Bucket:
    """Return a bucket as a run looks into it."""
    return Bucket(BucketAccess(account.endpoint, REGION, name, "artifacts", KEY_ID, SECRET, ""), Evidence())


def test_hold_is_seen(account: Account) -> None:
    """An object under a legal hold is told from one that is not, and from one in a bucket without Object Lock."""
    s3 = account.client("s3")
    make_bucket(s3, "locked", REGION, lock=True)
    make_bucket(s3, "plain", REGION)
    for name in ("locked", "plain"):
        s3.put_object(Bucket=name, Key="artifacts/a", Body=b"a")
        s3.put_object(Bucket=name, Key="artifacts/b", Body=b"b")
    s3.put_object_legal_hold(Bucket="locked", Key="artifacts/b", LegalHold={"Status": "ON"})
    locked = bucket_of(account, "locked")

    assert [locked.is_held(f"artifacts/{each}") for each in "ab"] == [False, True]
    assert not bucket_of(account, "plain").is_held("artifacts/a")
    with pytest.raises(PreconditionFailed):
        locked.is_held("artifacts/none")


def test_default_encryption_with_a_strangers_key() -> None:
    """A key of another account is told as that."""
    declared = with_kms()
    strange = in_bucket(encryption=Known(Encryption("aws:kms", Known(THEIRS), bucket_key=True)))
    found = judge("INF-006", strange(promised(declared), declared), declared)

    assert found.verdict is Verdict.FAILED
    assert f"of the account {STRANGER}, which decides who reads the models" in found.actual


def test_declared_key_of_another_account() -> None:
    """Where the key of another account is declared, that one's principals are no strangers; others are."""
    root = Statement(actions=("kms:*",), resources=("*",), principals=(f"AWS:arn:aws:iam::{STRANGER}:root",))
    third = Statement(actions=("kms:Decrypt",), resources=("*",), principals=("AWS:arn:aws:iam::111111111111:root",))
    state = promised(CENTRAL)
    central = KeyState(THEIRS, Known("Enabled"), Known((root, of_account(CENTRAL))), Known(()))
    whole = judge("INF-015", replace(state, key=Known(central)), CENTRAL)
    opened = judge("INF-015", replace(state, key=Known(replace(central, policy=Known((root, third))))), CENTRAL)

    assert whole.verdict is Verdict.PASSED, whole
    assert opened.verdict is Verdict.FAILED


def test_key_that_is_open_through_s3() -> None:
    """Through which service a stranger asks KMS is the stranger's to choose; of which account is not."""
    declared = with_kms()
    by_s3 = ("StringEquals", "kms:ViaService", (f"s3.{declared.region}.amazonaws.com",))
    own = ("StringEquals", "kms:CallerAccount", (declared.owner,))
    uses = Statement(actions=("kms:Decrypt",), resources=("*",), principals=("*",), conditions=(by_s3,))

    def judged(said: Statement) -> Verdict:
        key = KeyState(declared.kms_key, Known("Enabled"), Known((of_account(declared), said)), Known(()))
        return judge("INF-015", replace(promised(declared), key=Known(key)), declared).verdict

    assert judged(uses) is Verdict.FAILED
    assert judged(replace(uses, conditions=(own, by_s3))) is Verdict.PASSED


def test_rights_for_what_s3_says_of_the_bucket() -> None:
    """Rights to the key for the bucket alone are enough; for another bucket they are none."""
    declared = with_kms()

    def judged(name: str) -> Verdict:
        about = ("StringLike", "kms:EncryptionContext:aws:s3:arn", (f"arn:aws:s3:::{name}*",))
        *others, of_key = rights(declared)
        said = Known((*others, replace(of_key, conditions=(about,))))
        return judge("INF-052", in_role(statements=said)(promised(declared), declared), declared).verdict

    assert judged(declared.bucket) is Verdict.PASSED
    assert judged("other-bucket") is Verdict.FAILED


@pytest.mark.parametrize("requirement", ["INF-014", "INF-015"])
def test_key_of_another_account_that_may_not_be_read(requirement: str) -> None:
    """What KMS does not tell of another account's key is inconclusive, and says whose it is."""
    hidden = Unreadable("DescribeKey: AccessDeniedException")
    state = replace(promised(CENTRAL), key=Known(KeyState(THEIRS, hidden, hidden, hidden)))
    found = judge(requirement, state, CENTRAL)

    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"which is of the account {STRANGER}, may not be read: DescribeKey: AccessDeniedException" in found.actual
