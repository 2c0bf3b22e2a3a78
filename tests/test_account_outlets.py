"""What takes artifacts, or their names, out of the account: inventories, DataSync, backups, grants, distributions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Fact, Known, Unreadable, Unsupported
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.observe.outlets import together, understood
from registry_conformance.judge.account.observe.queries import NOT_UNDERSTOOD
from registry_conformance.judge.account.outlets import Behaviour, Origin, access_grant, backup_copy, given_out
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


def add(plan: dict[str, Any], address: str, values: Mapping[str, Any], unknown: Mapping[str, Any]) -> None:
    """Add a resource to a plan, with the places of it that are known only later."""
    kind, _, name = address.partition(".")
    whole = {"address": address, "type": kind, "name": name, "mode": "managed"}
    plan["planned_values"]["root_module"]["resources"].append({**whole, "values": values})
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}
    plan["resource_changes"].append({**whole, "change": change})


def planned_with(folder: Path, resources: Resources, declared: Declared = DECLARED) -> Finding:
    """Return what a plan comes to that has more resources, by their addresses, than the promised account."""
    plan = plan_of(promised(declared), declared)
    for address, values in resources.items():
        add(plan, address, values, {})
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


OWN_ORIGIN = {"origin_id": "s3", "domain_name": f"{BUCKET}.s3.{REGION}.amazonaws.com", "origin_access_control_id": "E1"}


def distribution(
    origin: Mapping[str, Any] = OWN_ORIGIN, more: Mapping[str, Any] = MappingProxyType({}), **by: Any
) -> Resources:
    """Return a distribution of CloudFront before an origin, with what its behaviour has."""
    behaviour = [{"target_origin_id": "s3", **by}]
    whole = {"enabled": True, "origin": [origin], "default_cache_behavior": behaviour, **more}
    return {"aws_cloudfront_distribution.d": whole}


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
        (grant(THEIRS, f"s3://{BUCKET}/logs/*"), PASSED, ""),
        (grant(THEIRS, f"s3://{BUCKET}/art*"), FAILED, "lets in"),
        (distribution(), FAILED, "gives them to whoever asks"),
        (distribution(more={"enabled": False}), PASSED, ""),
        (distribution(trusted_key_groups=["k"]), PASSED, ""),
        (distribution(function_association=[{"event_type": "viewer-request"}]), INCONCLUSIVE, "may refuse some"),
        (distribution({**OWN_ORIGIN, "domain_name": "other.s3.amazonaws.com"}), PASSED, ""),
        (distribution({**OWN_ORIGIN, "origin_access_control_id": ""}), PASSED, ""),
        (distribution({**OWN_ORIGIN, "origin_path": "/website"}), PASSED, ""),
        (distribution({**OWN_ORIGIN, "origin_path": "/artifacts/1"}), FAILED, "whoever asks"),
        (
            distribution(
                more={"origin_group": [{"origin_id": "both", "member": [{"origin_id": "s3"}]}]}, target_origin_id="both"
            ),
            FAILED,
            "whoever asks",
        ),
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


def refers(plan: dict[str, Any], address: str, **expressions: Any) -> None:
    """Add to a plan how its configuration tells the values of a resource."""
    kind, _, name = address.partition(".")
    whole = {"address": address, "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws"}
    plan["configuration"]["root_module"]["resources"].append({**whole, "expressions": expressions})


@pytest.mark.parametrize(
    ("references", "verdict"),
    [
        (["aws_s3_bucket.this.bucket_regional_domain_name", "aws_s3_bucket.this"], FAILED),
        (["aws_lb.front.dns_name", "aws_lb.front"], PASSED),
        (["local.domain"], INCONCLUSIVE),
    ],
    ids=["the bucket", "another", "a local value"],
)
def test_origin_that_is_known_only_later(tmp_path: Path, references: list[str], verdict: Verdict) -> None:
    """The domain of a new bucket is known after the plan is applied: whose it is the configuration's references say."""
    plan = plan_of(promised(DECLARED), DECLARED, "new")
    ((address, values),) = distribution({"origin_id": "s3"}).items()
    unknown = {"origin": [{"domain_name": True, "origin_access_control_id": True}]}
    add(plan, address, values, unknown)
    refers(plan, address, origin=[{"domain_name": {"references": references}}])
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))

    found = judge("INF-029", *planned(PlannedAccount(file, DECLARED)))
    assert found.verdict is verdict, found


@pytest.mark.parametrize(
    ("references", "verdict"),
    [
        (["aws_s3_bucket.this.arn", "aws_s3_bucket.this"], FAILED),
        (["aws_ebs_volume.v.arn", "aws_ebs_volume.v"], PASSED),
    ],
    ids=["the bucket", "another"],
)
def test_selection_that_is_known_only_later(tmp_path: Path, references: list[str], verdict: Verdict) -> None:
    """The ARN of a new bucket in a selection for backups is known later too."""
    plan = plan_of(promised(DECLARED), DECLARED, "new")
    for address, values in backup(STRANGER, []).items():
        known = {name: each for name, each in values.items() if name != "resources"}
        add(plan, address, known, {"resources": True} if "selection" in address else {})
    refers(plan, "aws_backup_selection.s", resources={"references": references})
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))

    found = judge("INF-029", *planned(PlannedAccount(file, DECLARED)))
    assert found.verdict is verdict, found


def distributed(path: str = "", *, has_function: bool = False) -> Outlet:
    """Return what a distribution of CloudFront gives out of the bucket."""
    origin = Origin("s3", f"{BUCKET}.s3.{REGION}.amazonaws.com", path)
    (found,) = given_out("D", [origin], [Behaviour("s3", has_function=has_function)], BUCKET)
    return found


def granted(account: str, part: str) -> Outlet:
    """Return what an access grant gives a role of an account."""
    found = access_grant("g", "IAM", f"arn:aws:iam::{account}:role/r", f"s3://{BUCKET}/{part}", BUCKET)
    assert found
    return found


KINDS_OF_OUTLETS: Mapping[str, Callable[[str], Outlet]] = {
    "inventory": lambda account: Outlet("the inventory all", "list-of-models", account, "is written to"),
    "backup": lambda account: backup_copy("daily", f"arn:aws:backup:{REGION}:{account}:backup-vault:models"),
    "grant": lambda account: granted(account, "a*"),
    "grant elsewhere": lambda account: granted(account, "logs/*"),
    "task": lambda account: Outlet("the DataSync task away", BUCKET if account == ACCOUNT else "theirs"),
    "distribution": lambda account: distributed(has_function=not account),
    "distribution of a part": lambda _: distributed("/website"),
}
EVERY_WAY = [
    ("inventory", STRANGER, FAILED),
    ("inventory", ACCOUNT, PASSED),
    ("inventory", "", INCONCLUSIVE),
    ("backup", STRANGER, FAILED),
    ("backup", ACCOUNT, PASSED),
    ("grant", STRANGER, FAILED),
    ("grant", ACCOUNT, PASSED),
    ("grant elsewhere", STRANGER, PASSED),
    ("task", STRANGER, INCONCLUSIVE),
    ("task", ACCOUNT, PASSED),
    ("distribution", STRANGER, FAILED),
    ("distribution", "", INCONCLUSIVE),
    ("distribution of a part", STRANGER, PASSED),
]


@pytest.mark.parametrize(("kind", "account", "verdict"), EVERY_WAY)
def test_outlet_by_every_way(moto: Account, tmp_path: Path, kind: str, account: str, verdict: Verdict) -> None:
    """What leads out is judged the same asked, planned in any layout, and in a template."""
    state = in_bucket(outlets=Known((KINDS_OF_OUTLETS[kind](account),)))(promised(DECLARED), DECLARED)
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


@pytest.mark.parametrize(
    ("said", "verdict", "told"),
    [
        ({"Manifest": False}, INCONCLUSIVE, "the batch job job-0 takes them to theirs"),
        ({"Manifest": True}, INCONCLUSIVE, "takes what a list of its own names, which is not looked at, to theirs"),
        ({"Manifest": False, "Status": "Complete"}, PASSED, ""),
        ({"Manifest": False, "Source": "other"}, PASSED, ""),
        ({"Manifest": False, "Operation": {"S3DeleteObjectTagging": {}}}, PASSED, ""),
    ],
    ids=["all of the bucket", "a list", "ended", "another bucket", "no copy"],
)
def test_batch_job_is_asked_for(moto: Account, said: Mapping[str, Any], verdict: Verdict, told: str) -> None:
    """A job that copies what is in the bucket is seen until it has ended."""
    moto.reset()
    realise(moto, promised(DECLARED), DECLARED)
    control = moto.client("s3control")
    source = {"SourceBucket": f"arn:aws:s3:::{said.get('Source', BUCKET)}", "EnableManifestOutput": False}
    listed = {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
        "Location": {"ObjectArn": f"{ARN}/list.csv", "ETag": "e"},
    }
    made = control.create_job(
        AccountId=ACCOUNT,
        Operation=said.get("Operation", {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::theirs"}}),
        Report={"Enabled": False},
        Priority=1,
        RoleArn=DECLARED.role,
        ClientRequestToken="t",
        **({"Manifest": listed} if said["Manifest"] else {"ManifestGenerator": {"S3JobManifestGenerator": source}}),
    )
    if "Status" in said:
        control.update_job_status(AccountId=ACCOUNT, JobId=made["JobId"], RequestedJobStatus="Cancelled")
    found = judge("INF-029", observe(moto.access(DECLARED)), DECLARED)

    assert found.verdict is verdict, found
    assert told in found.actual


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
    """A kind that may not be listed is no pass, and hides nothing that another kind shows."""
    hidden = Unreadable("ListTasks: AccessDenied")
    red = Outlet("the inventory all", "theirs", STRANGER, "is written to")

    def judged(kinds: Mapping[str, Fact[list[Outlet]]]) -> Finding:
        return judge("INF-029", in_bucket(outlets=together(kinds))(promised(DECLARED), DECLARED), DECLARED)

    unread = judged({"tasks of DataSync": hidden, "inventories of the bucket": Known([])})
    assert unread.verdict is INCONCLUSIVE
    assert unread.actual == "tasks of DataSync may not be read: ListTasks: AccessDenied"
    assert judged({"tasks of DataSync": hidden, "inventories of the bucket": Known([red])}).verdict is FAILED


def test_store_without_a_kind_has_the_others() -> None:
    """A store that lacks some of these has none of them; one that lacks all has no such setting."""
    lacking = Unsupported("ListJobs: NotImplemented")

    assert together({"a": lacking, "b": Known([])}) == Known(())
    assert together({"a": lacking, "b": lacking}) == lacking


def test_store_of_ones_own_that_does_not_know_a_question_has_none_of_the_kind() -> None:
    """An answer that has not AWS's form is, of a store of one's own, that it lacks the kind; a refusal stays one."""
    refused, unknown = Unreadable("ListTasks: AccessDenied"), Unreadable("ListJobs: 404")
    found = understood({"jobs": unknown, "grants": Unreadable(NOT_UNDERSTOOD), "tasks": refused, "lists": Known([])})

    lacking = {"jobs": Unsupported("ListJobs: 404"), "grants": Unsupported(NOT_UNDERSTOOD)}
    assert found == {**lacking, "tasks": refused, "lists": Known([])}
