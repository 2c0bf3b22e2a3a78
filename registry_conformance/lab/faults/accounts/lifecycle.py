"""Lifecycle rules and logging."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.account.fact import Absent, Fact, Known
from registry_conformance.judge.account.reference import bucket
from registry_conformance.judge.account.state import LifecycleRule
from registry_conformance.judge.target.account import Declared
from registry_conformance.lab.faults.accounts.fault import AccountFault, Change, in_bucket

_NONCURRENT = LifecycleRule("replaced-versions", noncurrent_days=90)
_ABORT = LifecycleRule("unfinished-uploads", abort_days=7)


def _also(rule: LifecycleRule) -> Change:
    """Return the change that adds a lifecycle rule."""

    def lifecycle(declared: Declared) -> Known[tuple[LifecycleRule, ...]]:
        promised = bucket(declared).lifecycle
        assert isinstance(promised, Known)
        return Known((*promised.value, rule))

    return in_bucket(lifecycle=lifecycle)


def _rules(*rules: LifecycleRule) -> Change:
    return in_bucket(lifecycle=Known(rules))


def _log_groups(fact: Fact[int]) -> Change:
    """Return the change of every declared log group."""
    return lambda state, declared: replace(state, log_groups=dict.fromkeys(declared.log_groups, fact))


def _expires(name: str, how: str, rule: LifecycleRule) -> AccountFault:
    return AccountFault(
        name=f"models-expire-{name}",
        layer="store",
        seen="uploads work today, and the models are gone some weeks later",
        cause=f"a lifecycle rule expires current objects {how}",
        remedy="remove the expiry of current objects; only replaced versions may expire",
        requirements=("INF-020",),
        change=_also(rule),
        incidents=("S16",),
    )


FAULTS = (
    _expires(
        "under-the-prefix",
        "under the artifact prefix",
        LifecycleRule("tidy", True, "artifacts/", False, "after 30 days"),
    ),
    _expires("in-the-whole-bucket", "in the whole bucket", LifecycleRule("tidy", expires="after 30 days")),
    _expires(
        "by-tag", "that bear a tag", LifecycleRule("tidy", prefix="artifacts/", narrowed=True, expires="after 30 days")
    ),
    _expires(
        "by-how-names-begin", "whose keys begin alike", LifecycleRule("tidy", prefix="art", expires="after 90 days")
    ),
    _expires("on-a-date", "on a date", LifecycleRule("tidy", expires="on 2030-01-01")),
    _expires(
        "in-one-experiment", "of an experiment", LifecycleRule("tidy", prefix="artifacts/1/", expires="after 1 days")
    ),
    AccountFault(
        name="models-archived",
        layer="store",
        seen="models of some months ago cannot be loaded: InvalidObjectState",
        cause="a lifecycle rule moves current objects to GLACIER, from where they must be restored first",
        remedy="remove the transition, or move to GLACIER_IR, which is read at once",
        requirements=("INF-023",),
        change=_also(LifecycleRule("archive", moves=(("GLACIER", "after 60 days"),))),
        incidents=("S16",),
    ),
    AccountFault(
        name="lifecycle-missing",
        layer="store",
        seen="a bill that grows: replaced versions and abandoned uploads stay for ever",
        cause="the bucket has no lifecycle",
        remedy="expire replaced versions, and abort unfinished uploads",
        requirements=("INF-021", "INF-022"),
        change=in_bucket(lifecycle=Absent()),
    ),
    AccountFault(
        name="replaced-versions-stay",
        layer="store",
        seen="a bill that grows: each replaced or deleted artifact stays for ever, unseen",
        cause="no lifecycle rule expires noncurrent versions",
        remedy="expire noncurrent versions after the declared days",
        requirements=("INF-021",),
        change=_rules(_ABORT),
    ),
    AccountFault(
        name="replaced-versions-go-at-once",
        layer="store",
        seen="what was overwritten or deleted by mistake cannot be brought back the day after",
        cause="noncurrent versions expire after a day",
        remedy="expire noncurrent versions after the declared days",
        requirements=("INF-021",),
        change=_rules(LifecycleRule("replaced-versions", noncurrent_days=1), _ABORT),
    ),
    AccountFault(
        name="replaced-versions-rule-disabled",
        layer="store",
        seen="a bill that grows: each replaced or deleted artifact stays for ever, unseen",
        cause="the rule that expires noncurrent versions is disabled",
        remedy="enable the rule",
        requirements=("INF-021",),
        change=_rules(LifecycleRule("replaced-versions", enabled=False, noncurrent_days=90), _ABORT),
    ),
    AccountFault(
        name="some-replaced-versions-stay",
        layer="store",
        seen="a bill that grows: some noncurrent versions of each artifact stay for ever",
        cause="the rule that expires noncurrent versions keeps the newest five",
        remedy="keep no noncurrent versions beyond the declared days",
        requirements=("INF-021",),
        change=_rules(LifecycleRule("replaced-versions", noncurrent_days=90, keeps=5), _ABORT),
    ),
    AccountFault(
        name="unfinished-uploads-stay",
        layer="store",
        seen="a bill for gigabytes that no listing shows",
        cause="no lifecycle rule aborts unfinished multipart uploads",
        remedy="abort unfinished multipart uploads after some days",
        requirements=("INF-022",),
        change=_rules(_NONCURRENT),
    ),
    AccountFault(
        name="unfinished-uploads-aborted-elsewhere",
        layer="store",
        seen="a bill for gigabytes that no listing shows",
        cause="the rule that aborts unfinished multipart uploads is for another prefix",
        remedy="have the rule cover the artifact prefix",
        requirements=("INF-022",),
        change=_rules(_NONCURRENT, LifecycleRule("unfinished-uploads", prefix="scratch/", abort_days=7)),
    ),
    AccountFault(
        name="unfinished-uploads-aborted-late",
        layer="store",
        seen="a bill for gigabytes that no listing shows",
        cause="unfinished multipart uploads are aborted after a year",
        remedy="abort unfinished multipart uploads after the declared days",
        requirements=("INF-022",),
        change=_rules(_NONCURRENT, LifecycleRule("unfinished-uploads", abort_days=365)),
    ),
    AccountFault(
        name="access-log-off",
        layer="infrastructure",
        seen="nothing, until somebody asks who deleted a model",
        cause="requests to the bucket are not logged",
        remedy="switch server access logging on, into the declared bucket and prefix",
        requirements=("INF-030",),
        change=in_bucket(access_log=Absent()),
    ),
    AccountFault(
        name="access-log-elsewhere",
        layer="infrastructure",
        seen="nothing, until somebody looks for the log where it is declared",
        cause="requests to the bucket are logged under another prefix",
        remedy="log into the declared bucket and prefix",
        requirements=("INF-030",),
        change=in_bucket(access_log=lambda declared: Known((declared.access_log[0], "elsewhere/"))),
    ),
    AccountFault(
        name="log-group-missing",
        layer="infrastructure",
        seen="MLflow fails, and nobody can say why",
        cause="the log group of MLflow is not there",
        remedy="make the log group, and send MLflow's log to it",
        requirements=("INF-031",),
        change=_log_groups(Absent()),
    ),
    AccountFault(
        name="log-lines-go-early",
        layer="infrastructure",
        seen="the log of last week's failure is gone",
        cause="the log group keeps its lines for a day",
        remedy="keep them for the declared days",
        requirements=("INF-032",),
        change=_log_groups(Known(1)),
    ),
)
