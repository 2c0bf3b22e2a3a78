"""What takes artifacts out of the account: inventories, DataSync, AWS Backup, batch jobs, grants, CloudFront."""

from __future__ import annotations

from collections.abc import Callable

from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.outlets import Behaviour, Origin, access_grant, backup_copy, given_out
from registry_conformance.judge.account.state import Outlet
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, Change, in_bucket

_STRANGER = "999999999999"


def _leads_out(outlet: Callable[[Declared], Outlet | None]) -> Change:
    """Return the change that adds one outlet."""
    return in_bucket(outlets=lambda declared: Known(tuple(filter(None, (outlet(declared),)))))


def _distribution(declared: Declared) -> Outlet:
    """Return a distribution of CloudFront before the bucket, whose answers need no signature."""
    origin = Origin("s3", f"{declared.bucket}.s3.{declared.region}.{declared.domain}")
    (found,) = given_out("D", [origin], [Behaviour("s3")], declared.bucket)
    return found


FAULTS = (
    AccountFault(
        name="names-of-models-in-a-strangers-inventory",
        layer="infrastructure",
        seen="nothing: another account reads each day what models there are, how large, and from when",
        cause="an inventory of the bucket is written to a bucket of another account",
        remedy="delete the inventory, or have it written to a bucket of the account",
        requirements=("INF-029",),
        change=_leads_out(lambda _: Outlet("the inventory all", "theirs", _STRANGER, "is written to")),
    ),
    AccountFault(
        name="models-copied-by-a-task",
        layer="infrastructure",
        seen="nothing: every model is copied to a bucket that is none of those where copies may be",
        cause="a task of DataSync takes objects of the bucket to another one",
        remedy="delete the task, or declare its bucket under infrastructure.replicas",
        requirements=("INF-029",),
        change=_leads_out(lambda _: Outlet("the DataSync task away", "theirs")),
        needs_replicas=True,
    ),
    AccountFault(
        name="models-in-a-strangers-backups",
        layer="infrastructure",
        seen="nothing: another account has every model in its backups",
        cause="a plan of AWS Backup copies backups of the bucket to a vault of another account",
        remedy="take the bucket from the plan's selection, or declare the vault under infrastructure.replicas",
        requirements=("INF-029",),
        change=_leads_out(
            lambda declared: backup_copy(
                "daily", f"arn:{declared.partition}:backup:{declared.region}:{_STRANGER}:backup-vault:models"
            )
        ),
    ),
    AccountFault(
        name="models-copied-by-a-batch-job",
        layer="infrastructure",
        seen="nothing: every model is copied to a bucket that is none of those where copies may be",
        cause="a batch job of S3 that has not ended copies objects of the bucket to another one",
        remedy="cancel the job, or declare its bucket under infrastructure.replicas",
        requirements=("INF-029",),
        change=_leads_out(lambda _: Outlet("the batch job away", "theirs")),
        needs_replicas=True,
    ),
    AccountFault(
        name="models-granted-to-a-stranger",
        layer="infrastructure",
        seen="nothing: a role of another account reads the models, past the bucket policy",
        cause="an access grant of S3 gives a role of another account what is in the bucket",
        remedy="delete the grant",
        requirements=("INF-029",),
        change=_leads_out(
            lambda declared: access_grant(
                "g", "IAM", f"arn:aws:iam::{_STRANGER}:role/reader", f"s3://{declared.bucket}/*", declared.bucket
            )
        ),
    ),
    AccountFault(
        name="models-on-the-web",
        layer="infrastructure",
        seen="nothing: whoever knows a model's key downloads it from CloudFront",
        cause="a distribution of CloudFront answers with objects of the bucket, and asks for no signed URL",
        remedy="have the distribution ask for signed URLs, or delete it",
        requirements=("INF-029",),
        change=_leads_out(_distribution),
    ),
)
