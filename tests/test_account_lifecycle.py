"""Lifecycle rules of every shape that S3 takes and Terraform plans: which objects they concern, and what they do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.state import LifecycleRule
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.moto_account import DECLARED, REGION, Account, moto_account
from tests.account.plan_changes import plan, resources
from tests.account.realise import make_bucket

DAYS = {"Expiration": {"Days": 30}}
TAG = {"Key": "kind", "Value": "scratch"}
IN_30 = "after 30 days"


@pytest.fixture(scope="module")
def moto() -> Iterator[Account]:
    """An account with the bucket in it, and nothing set of it."""
    with moto_account() as account:
        make_bucket(account.client("s3"), DECLARED.bucket, REGION)
        yield account


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ({"Prefix": "artifacts/", **DAYS}, LifecycleRule("", True, "artifacts/", False, IN_30)),
        ({"Prefix": "", **DAYS}, LifecycleRule("", expires=IN_30)),
        ({"Filter": {}, **DAYS}, LifecycleRule("", expires=IN_30)),
        ({"Filter": {"Prefix": "logs/"}, **DAYS}, LifecycleRule("", prefix="logs/", expires=IN_30)),
        ({"Filter": {"Tag": TAG}, **DAYS}, LifecycleRule("", narrowed=True, expires=IN_30)),
        (
            {"Filter": {"And": {"Prefix": "artifacts/", "Tags": [TAG]}}, **DAYS},
            LifecycleRule("", True, "artifacts/", True, IN_30),
        ),
        (
            {"Filter": {"Prefix": ""}, "Expiration": {"Date": datetime(2030, 1, 1, tzinfo=UTC)}},
            LifecycleRule("", expires="on 2030-01-01"),
        ),
        ({"Filter": {"Prefix": ""}, "Expiration": {"ExpiredObjectDeleteMarker": True}}, LifecycleRule("")),
        ({"Filter": {"Prefix": ""}, "Status": "Disabled", **DAYS}, LifecycleRule("", enabled=False, expires=IN_30)),
    ],
)
def test_rules_of_s3(moto: Account, raw: dict[str, Any], rule: LifecycleRule) -> None:
    """A rule is read with the prefix of the old form and the new, and told to be narrowed by tags.

    moto 5.2.5 forgets sizes in a filter; those of plans are read below.
    """
    rules = {"Rules": [{"Status": "Enabled"} | raw]}
    moto.client("s3").put_bucket_lifecycle_configuration(Bucket=DECLARED.bucket, LifecycleConfiguration=rules)
    state = observe(moto.access(DECLARED))
    assert isinstance(state.bucket, Known)
    found = state.bucket.value.lifecycle

    assert isinstance(found, Known)
    assert [LifecycleRule("", *_but_name(each)) for each in found.value] == [rule]


def _but_name(rule: LifecycleRule) -> list[Any]:
    """Return the fields of a rule but for its name, which S3 makes up if it is given none."""
    return [getattr(rule, name) for name in LifecycleRule.__slots__ if name != "name"]


AND = {"prefix": "artifacts/", "tags": {"kind": "tmp"}, "object_size_greater_than": 0, "object_size_less_than": 0}
EXPIRES = {"expiration": [{"days": 30, "date": None, "expired_object_delete_marker": False}]}


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ({"prefix": "artifacts/", "filter": [], **EXPIRES}, LifecycleRule("r", True, "artifacts/", False, IN_30)),
        ({"prefix": "", "filter": [{}], **EXPIRES}, LifecycleRule("r", expires=IN_30)),
        (
            {"filter": [{"prefix": "logs/", "and": [], "tag": []}], **EXPIRES},
            LifecycleRule("r", True, "logs/", False, IN_30),
        ),
        (
            {"filter": [{"prefix": "", "and": [AND], "tag": [], "object_size_greater_than": ""}], **EXPIRES},
            LifecycleRule("r", True, "artifacts/", True, IN_30),
        ),
        (
            {"filter": [{"tag": [{"key": "a", "value": "b"}]}], **EXPIRES},
            LifecycleRule("r", narrowed=True, expires=IN_30),
        ),
        ({"filter": [{"object_size_less_than": "9"}], **EXPIRES}, LifecycleRule("r", narrowed=True, expires=IN_30)),
        (
            {"expiration": [{"days": 0, "date": None, "expired_object_delete_marker": True}]},
            LifecycleRule("r"),
        ),
        ({"expiration": [{"days": None, "date": "2030-01-01T00:00:00Z"}]}, LifecycleRule("r", expires="on 2030-01-01")),
        (
            {"noncurrent_version_expiration": [{"noncurrent_days": 90, "newer_noncurrent_versions": "5"}]},
            LifecycleRule("r", noncurrent_days=90, keeps=5),
        ),
        (
            {"noncurrent_version_expiration": [{"noncurrent_days": 90, "newer_noncurrent_versions": ""}]},
            LifecycleRule("r", noncurrent_days=90),
        ),
        (
            {"transition": [{"days": 60, "date": None, "storage_class": "GLACIER"}]},
            LifecycleRule("r", moves=(("GLACIER", "after 60 days"),)),
        ),
        ({"status": "Disabled", **EXPIRES}, LifecycleRule("r", enabled=False, expires=IN_30)),
    ],
)
def test_rules_of_plans(tmp_path: Path, raw: dict[str, Any], rule: LifecycleRule) -> None:
    """A rule is read from a plan of every version of the provider: with empty texts, zeros and nulls for nothing."""
    found = plan()
    values = resources(found, "aws_s3_bucket_lifecycle_configuration")[0]["values"]
    values["rule"] = [{"id": "r", "status": "Enabled", "filter": [{}]} | raw]
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(found))
    state, _ = planned(PlannedAccount(file, DECLARED))
    assert isinstance(state.bucket, Known)

    assert state.bucket.value.lifecycle == Known((rule,))


@pytest.mark.parametrize(
    ("prefix", "verdict"),
    [
        ("", Verdict.FAILED),
        ("a", Verdict.FAILED),
        ("artifacts", Verdict.FAILED),
        ("artifacts/", Verdict.FAILED),
        ("artifacts/12/", Verdict.FAILED),
        ("artifacts-old/", Verdict.PASSED),
        ("artifact/", Verdict.PASSED),
        ("/artifacts/", Verdict.PASSED),
        ("Artifacts/", Verdict.PASSED),
        ("logs/", Verdict.PASSED),
    ],
)
def test_which_prefixes_touch_artifacts(tmp_path: Path, prefix: str, verdict: Verdict) -> None:
    """A rule touches artifacts where its prefix begins theirs, or theirs begins it, letter for letter."""
    found = plan()
    values = resources(found, "aws_s3_bucket_lifecycle_configuration")[0]["values"]
    values["rule"] = [{"id": "r", "status": "Enabled", "filter": [{"prefix": prefix}], **EXPIRES}]
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(found))

    assert judge("INF-020", *planned(PlannedAccount(file, DECLARED))).verdict is verdict
