"""MinIO is judged by what it has: its settings are read, and what it lacks is inapplicable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.reference import tls_only
from registry_conformance.judge.account.remedy import aimed, lifecycle
from registry_conformance.judge.account.statement import write_policy
from registry_conformance.judge.machine import new_run_id
from registry_conformance.judge.target.account import Declared, ObservedAccount
from registry_conformance.judge.target.target import BucketAccess
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.deployment import REFERENCE
from registry_conformance.lab.programs import minio_path
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.lab.stack.request import StackRequest

pytestmark = pytest.mark.skipif(minio_path() is None, reason="there is no minio binary on PATH")


@pytest.fixture(scope="module")
def access(cache: Path) -> Iterator[BucketAccess]:
    """The bucket of a stack of our own on MinIO."""
    owned = OwnedStack(StackRequest(new_run_id(), REFERENCE, "minio", cache=cache))
    try:
        found = owned.target().bucket
        assert found is not None
        yield found
    finally:
        owned.close()


@pytest.fixture
def s3(access: BucketAccess) -> Any:
    """A client of the store, as its owner."""
    session = boto3.Session(access.access_key, access.secret_key, region_name=access.region)
    config = Config(s3={"addressing_style": "path"}, proxies={})
    return session.client("s3", endpoint_url=access.endpoint, config=config)


def judged(access: BucketAccess, **declared: Any) -> dict[str, Finding]:
    """Return what the requirements come to on the store."""
    found = Declared(access.bucket, access.prefix, access.region, encryption="none", abort_days=0)
    found = replace(found, **declared)
    account = ObservedAccount(found, access.access_key, access.secret_key, "", access.endpoint, access.endpoint)
    return judge_all(observe(account), found)


def test_minio_is_judged_by_what_it_has(access: BucketAccess, s3: Any) -> None:
    """With policy and lifecycle set no requirement fails, and what MinIO lacks is inapplicable with its answer."""
    declared = Declared(access.bucket, access.prefix, access.region)
    s3.put_bucket_policy(Bucket=access.bucket, Policy=write_policy([tls_only(declared)]))
    rules: Any = lifecycle(replace(declared, abort_days=0))
    s3.put_bucket_lifecycle_configuration(Bucket=access.bucket, LifecycleConfiguration=rules)
    found = judged(access)

    passed = {name for name, each in found.items() if each.verdict is Verdict.PASSED}
    assert passed == {f"INF-{number:03}" for number in (1, 2, 4, 9, 10, 13, 16, 17, 18, 20, 21, 23, 24, 27, 55)}
    assert {each.verdict for name, each in found.items() if name not in passed} == {Verdict.INAPPLICABLE}
    assert "NotImplemented" in found["INF-008"].actual
    assert "NotImplemented" in found["INF-012"].actual


def test_faults_of_minio_are_named(access: BucketAccess, s3: Any) -> None:
    """Suspended versions, an expiry of models and a bucket open to the world fail on MinIO as on AWS."""
    open_to_all = tls_only(Declared(access.bucket))
    open_to_all = replace(open_to_all, effect="Allow", actions=("s3:GetObject",), conditions=())
    open_to_all = replace(open_to_all, resources=(f"arn:aws:s3:::{access.bucket}/*",))
    s3.put_bucket_policy(Bucket=access.bucket, Policy=write_policy([open_to_all]))
    s3.put_bucket_versioning(Bucket=access.bucket, VersioningConfiguration={"Status": "Suspended"})
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "artifacts/"}, "Expiration": {"Days": 30}}
    s3.put_bucket_lifecycle_configuration(Bucket=access.bucket, LifecycleConfiguration={"Rules": [rule]})
    found = judged(access)

    failed = {name for name, each in found.items() if each.verdict is Verdict.FAILED}
    assert failed == {"INF-004", "INF-009", "INF-010", "INF-020", "INF-021"}


def test_encryption_that_is_declared_is_asked_of_minio(access: BucketAccess) -> None:
    """Where encryption is declared, a MinIO without it fails."""
    assert judged(access, encryption="AES256")["INF-005"].verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("endpoint", "line", "aimed_at"),
    [
        (
            "http://127.0.0.1:9000",
            "aws s3api head-bucket",
            "aws --endpoint-url http://127.0.0.1:9000 s3api head-bucket",
        ),
        ("http://127.0.0.1:9000", "# replaces all", "# replaces all"),
        ("https://s3.eu-west-1.amazonaws.com", "aws s3 ls", "aws s3 ls"),
        ("", "aws s3 ls", "aws s3 ls"),
        ("http://127.0.0.1:9000", "aws iam get-role", "aws iam get-role"),
    ],
)
def test_lines_that_mend_are_for_the_store_that_was_asked(endpoint: str, line: str, aimed_at: str) -> None:
    """A line names the endpoint that it is for if that is not AWS's own, so that it mends nothing else."""
    assert aimed(line, ObservedAccount(Declared("b", region="eu-west-1"), "", "", s3_endpoint=endpoint)) == aimed_at
