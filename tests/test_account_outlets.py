"""What takes artifacts, or their names, out of the account: inventories, DataSync, backups, grants, distributions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Known, Unreadable
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.account.state import Outlet
from registry_conformance.judge.target.account import Declared, PlannedAccount
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket
from tests.account.moto_account import ACCOUNT, DECLARED, REGION, STRANGER, Account, moto_account
from tests.account.plan_writer import LAYOUTS, plan_of
from tests.account.realise import make_bucket, realise
from tests.account.template_writer import template_of

PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
BUCKET = DECLARED.bucket
Resources = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def moto() -> Iterator[Account]:
    """One server for all accounts of this file."""
    with moto_account() as account:
        yield account


def planned_with(folder: Path, resources: Resources, declared: Declared = DECLARED) -> Finding:
    """Return what a plan comes to that has more resources, by their addresses, than the promised account."""
    plan = plan_of(promised(declared), declared)
    for address, values in resources.items():
        kind, _, name = address.partition(".")
        whole = {"address": address, "type": kind, "name": name, "mode": "managed"}
        plan["planned_values"]["root_module"]["resources"].append({**whole, "values": values})
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
        plan["resource_changes"].append({**whole, "change": change})
    file = folder / "plan.json"
    file.write_text(json.dumps(plan))
    return judge("INF-029", *planned(PlannedAccount(file, declared)))


def task(into: Mapping[str, Any], kind: str = "s3", bucket: str = BUCKET) -> Resources:
    """Return a task of DataSync from a bucket to a place."""
    return {
        "aws_datasync_location_s3.from": {"arn": "from", "s3_bucket_arn": f"arn:aws:s3:::{bucket}"},
        f"aws_datasync_location_{kind}.into": {"arn": "into", **into},
        "aws_datasync_task.t": {"name": "t", "source_location_arn": "from", "destination_location_arn": "into"},
    }


def backup(account: str, resources: list[str], **more: Any) -> Resources:
    """Return a backup plan that copies to a vault of an account, and selects resources."""
    vault = f"arn:aws:backup:{REGION}:{account}:backup-vault:models"
    copies = [{"rule_name": "daily", "copy_action": [{"destination_vault_arn": vault}]}]
    return {
        "aws_backup_plan.p": {"id": "p", "name": "daily", "rule": copies},
        "aws_backup_selection.s": {"plan_id": "p", "resources": resources, **more},
    }


def grant(who: str, scope: str = f"s3://{BUCKET}/*") -> Resources:
    """Return an access grant of S3 for a principal on a location."""
    grantee = [{"grantee_type": "IAM", "grantee_identifier": who}]
    return {
        "aws_s3control_access_grants_location.l": {"access_grants_location_id": "l", "location_scope": scope},
        "aws_s3control_access_grant.g": {"access_grants_location_id": "l", "permission": "READ", "grantee": grantee},
    }


def distribution(bucket: str = BUCKET, **behaviour: Any) -> Resources:
    """Return a distribution of CloudFront before a bucket."""
    origin = [{"origin_id": "s3", "domain_name": f"{bucket}.s3.{REGION}.amazonaws.com"}]
    by = [{"target_origin_id": "s3", **behaviour}]
    return {"aws_cloudfront_distribution.d": {"enabled": True, "origin": origin, "default_cache_behavior": by}}


ARN = f"arn:aws:s3:::{BUCKET}"
THEIRS = f"arn:aws:iam::{STRANGER}:role/reader"


@pytest.mark.parametrize(
    ("resources", "verdict", "told"),
    [
        (task({"s3_bucket_arn": "arn:aws:s3:::theirs"}), INCONCLUSIVE, "the DataSync task t takes them to theirs"),
        (task({"s3_bucket_arn": ARN}), PASSED, ""),
        (task({"s3_bucket_arn": "arn:aws:s3:::theirs"}, bucket="other"), PASSED, ""),
        (task({"server_hostname": "files.example"}, "nfs"), INCONCLUSIVE, "aws_datasync_location_nfs.into"),
        (backup(STRANGER, [ARN]), FAILED, f"of the account {STRANGER}"),
        (backup(STRANGER, ["arn:aws:s3:::*"]), FAILED, "the backup plan daily takes them to"),
        (backup(STRANGER, [], selection_tag=[{"key": "backup", "value": "daily"}]), FAILED, "daily"),
        (backup(STRANGER, ["arn:aws:s3:::other"]), PASSED, ""),
        (backup(ACCOUNT, [ARN]), PASSED, ""),
        (grant(THEIRS), FAILED, f"lets in {THEIRS}"),
        (grant(THEIRS, "s3://"), FAILED, "lets in"),
        (grant(THEIRS, f"s3://{BUCKET}-other/*"), PASSED, ""),
        (grant(DECLARED.role), PASSED, ""),
        (distribution(), FAILED, "gives them to whoever asks"),
        (distribution(trusted_key_groups=["k"]), PASSED, ""),
        (distribution(function_association=[{"event_type": "viewer-request"}]), INCONCLUSIVE, "may refuse some"),
        (distribution("other"), PASSED, ""),
    ],
)
def test_what_a_plan_shows(tmp_path: Path, resources: Resources, verdict: Verdict, told: str) -> None:
    """What leads to another account or to everybody is red; to the account itself it is not, nor where nobody knows."""
    found = planned_with(tmp_path, resources)

    assert found.verdict is verdict, found
    assert told in found.actual


def test_what_is_declared_is_ours(tmp_path: Path) -> None:
    """Buckets, vaults and accounts that are declared are no strangers'; where some are, what is not is."""
    vault = f"arn:aws:backup:{REGION}:{STRANGER}:backup-vault:models"
    theirs = task({"s3_bucket_arn": "arn:aws:s3:::theirs"})

    assert planned_with(tmp_path, backup(STRANGER, [ARN]), replace(DECLARED, replicas=(vault,))).verdict is PASSED
    assert planned_with(tmp_path, grant(THEIRS), replace(DECLARED, administrators=(STRANGER,))).verdict is PASSED
    assert planned_with(tmp_path, theirs, replace(DECLARED, replicas=("theirs",))).verdict is PASSED
    assert planned_with(tmp_path, theirs, replace(DECLARED, replicas=("ours",))).verdict is FAILED


@pytest.mark.parametrize(
    ("account", "verdict"), [(STRANGER, FAILED), (ACCOUNT, PASSED), ("", INCONCLUSIVE)], ids=["theirs", "ours", "?"]
)
def test_inventory_by_every_way(moto: Account, tmp_path: Path, account: str, verdict: Verdict) -> None:
    """An inventory is the same asked, planned in any layout, and in a template."""
    outlet = Outlet("the inventory all", "list-of-models", account, "is written to")
    state = in_bucket(outlets=Known((outlet,)))(promised(DECLARED), DECLARED)
    moto.reset()
    realise(moto, state, DECLARED)
    found = {"asked": judge("INF-029", observe(moto.access(DECLARED)), DECLARED).verdict}
    for layout in LAYOUTS:
        file = tmp_path / f"{layout}.json"
        file.write_text(json.dumps(plan_of(state, DECLARED, layout)))
        found[layout] = judge("INF-029", *planned(PlannedAccount(file, DECLARED))).verdict
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template_of(state)))
    found["template"] = judge("INF-029", *planned(PlannedAccount(file, DECLARED))).verdict

    assert set(found.values()) == {verdict}, found


def test_task_of_datasync_is_asked_for(moto: Account) -> None:
    """A task that takes objects of the bucket elsewhere is seen, and whose the other bucket is where S3 says it."""
    moto.reset()
    realise(moto, promised(DECLARED), DECLARED)
    make_bucket(moto.client("s3"), "ours", REGION)
    datasync = moto.client("datasync")

    def place(name: str) -> str:
        reads = {"BucketAccessRoleArn": f"arn:aws:iam::{ACCOUNT}:role/datasync"}
        made = datasync.create_location_s3(S3BucketArn=f"arn:aws:s3:::{name}", S3Config=reads, Subdirectory="/")
        return str(made["LocationArn"])

    def judged() -> Finding:
        return judge("INF-029", observe(moto.access(DECLARED)), DECLARED)

    artifacts = place(BUCKET)
    datasync.create_task(Name="copy", SourceLocationArn=artifacts, DestinationLocationArn=place("ours"))
    assert judged().verdict is PASSED
    datasync.create_task(Name="away", SourceLocationArn=artifacts, DestinationLocationArn=place("theirs"))
    assert judged().verdict is INCONCLUSIVE
    assert "the DataSync task away takes them to theirs" in judged().actual


def test_what_may_not_be_read_is_inconclusive() -> None:
    """What may not be listed is no pass."""
    hidden = in_bucket(outlets=Unreadable("ListTasks: AccessDenied"))(promised(DECLARED), DECLARED)

    assert judge("INF-029", hidden, DECLARED).verdict is INCONCLUSIVE
