"""Roles whose own policies reach artifacts: who from outside takes one on, at once, by another one, or by a service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Absent, Known, Unreadable
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised, rights, tls_only, trust
from registry_conformance.judge.account.state import RoleState, State
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared, PlannedAccount
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket
from tests.account.moto_account import ACCOUNT, DECLARED, STRANGER, Account, moto_account
from tests.account.other_roles import reached, roles_of
from tests.account.plan_writer import LAYOUTS, plan_of
from tests.account.realise import realise
from tests.account.template_writer import template_of

PASSED, INCONCLUSIVE, FAILED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED
OBJECTS = f"{DECLARED.bucket_arn}/*"
READS = Statement(actions=("s3:GetObject",), resources=(OBJECTS,))
BY_STRANGER = Statement(actions=("sts:AssumeRole",), principals=(f"AWS:arn:aws:iam::{STRANGER}:root",))
COGNITO, GITHUB = "cognito-identity.amazonaws.com", "token.actions.githubusercontent.com"

SERVER = RoleState(DECLARED.role, Known(trust(DECLARED)), Known(tuple(rights(DECLARED))))


@pytest.fixture(scope="module")
def moto() -> Iterator[Account]:
    """One server for all accounts of this file."""
    with moto_account() as account:
        yield account


def arn(name: str) -> str:
    """Return the ARN of a role of the account."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def role(name: str, taken: Statement | str, *may: Statement) -> RoleState:
    """Return a role; ``taken`` is a statement of its trust policy, or a service."""
    by_service = Statement(actions=("sts:AssumeRole",), principals=(f"Service:{taken}",))
    said = by_service if isinstance(taken, str) else taken
    return RoleState(arn(name), Known((said,)), Known(may))


def may(*actions: str, on: str = "*", under: Condition | None = None) -> Statement:
    """Return a statement that allows actions."""
    return Statement(actions=actions, resources=(on,), conditions=(under,) if under else ())


def token(provider: str, *conditions: Condition) -> Statement:
    """Return a trust of a provider's tokens."""
    who = provider if provider == COGNITO else f"arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}"
    return Statement(
        actions=("sts:AssumeRoleWithWebIdentity",), principals=(f"Federated:{who}",), conditions=conditions
    )


def judged(*roles: RoleState, declared: Declared = DECLARED, denial: Statement | None = None) -> Finding:
    """Return what the roles of an account come to, with a denial in its bucket policy if one is given."""
    state = replace(promised(declared), roles=Known(roles))
    if denial:
        state = in_bucket(policy=Known((tls_only(declared), denial)))(state, declared)
    return judge("INF-056", state, declared)


@pytest.mark.parametrize(
    ("taken", "statements", "verdict"),
    [
        (BY_STRANGER, (READS,), FAILED),
        (BY_STRANGER, (may("s3:PutObject", on="arn:aws:s3:::*/*"),), FAILED),
        (BY_STRANGER, (may("*"),), FAILED),
        (BY_STRANGER, (may("s3:Get*", on=f"{DECLARED.bucket_arn}/artifacts/7/*"),), FAILED),
        (BY_STRANGER, (may("s3:DeleteObject", on=f"{DECLARED.bucket_arn}/art?facts/*"),), FAILED),
        (BY_STRANGER, (may("s3:PutBucketPolicy", on=DECLARED.bucket_arn),), FAILED),
        (BY_STRANGER, (may("iam:PutRolePolicy"),), FAILED),
        (BY_STRANGER, (may("s3:GetObject", on="arn:aws:s3:::others/*"),), PASSED),
        (BY_STRANGER, (may("s3:ListAllMyBuckets", "s3:GetBucket*"),), PASSED),
        (BY_STRANGER, (READS, Statement("Deny", ("s3:*",), resources=(OBJECTS,))), PASSED),
        (BY_STRANGER, (may("s3:GetObject", under=("StringEquals", "aws:ResourceAccount", (ACCOUNT,))),), FAILED),
        (BY_STRANGER, (may("s3:GetObject", under=("StringEquals", "aws:ResourceAccount", (STRANGER,))),), PASSED),
        (BY_STRANGER, (may("s3:GetObject", under=("Bool", "aws:MultiFactorAuthPresent", ("true",))),), INCONCLUSIVE),
        (BY_STRANGER, (Statement(not_actions=("iam:*",), resources=("*",)),), FAILED),
        (BY_STRANGER, (Statement(actions=("s3:*",), not_resources=(DECLARED.bucket_arn, OBJECTS)),), PASSED),
        (token(COGNITO, ("StringEquals", f"{COGNITO}:aud", ("eu-west-1:1",))), (READS,), FAILED),
        (token(GITHUB, ("StringLike", f"{GITHUB}:sub", ("repo:*",))), (READS,), FAILED),
        (token(GITHUB, ("StringEquals", f"{GITHUB}:sub", ("repo:acme/site:ref:refs/heads/main",))), (READS,), PASSED),
        (Statement(actions=("sts:AssumeRole",), principals=(f"AWS:{ACCOUNT}",)), (READS,), PASSED),
    ],
)
def test_role_that_somebody_takes_on(taken: Statement, statements: tuple[Statement, ...], verdict: Verdict) -> None:
    """A role leads in whom its trust policy lets take it on, if its own policies reach artifacts, or all rights."""
    assert judged(role("partner", taken, *statements)).verdict is verdict


@pytest.mark.parametrize(
    ("service", "actions", "verdict"),
    [
        ("lambda.amazonaws.com", ("lambda:CreateFunction",), FAILED),
        ("ec2.amazonaws.com", ("ec2:*",), FAILED),
        ("ecs-tasks.amazonaws.com", ("ecs:RunTask",), FAILED),
        ("glue.amazonaws.com", ("glue:CreateJob", "glue:StartJobRun"), FAILED),
        ("sagemaker.amazonaws.com", ("sagemaker:Create*",), FAILED),
        ("datasync.amazonaws.com", ("datasync:CreateLocationS3",), FAILED),
        ("backup.amazonaws.com", ("backup:StartBackupJob",), FAILED),
        ("batchoperations.s3.amazonaws.com", ("s3:CreateJob",), FAILED),
        ("states.amazonaws.com", ("states:CreateStateMachine",), FAILED),
        ("cloudformation.amazonaws.com", ("cloudformation:CreateStack",), FAILED),
        ("pods.eks.amazonaws.com", ("eks:CreatePodIdentityAssociation",), FAILED),
        ("newest.amazonaws.com", ("newest:*",), FAILED),
        ("newest.amazonaws.com.cn", ("newest:Create*",), FAILED),
        ("lambda.amazonaws.com", ("glue:CreateJob",), PASSED),
        ("glue.amazonaws.com", ("glue:GetJob",), PASSED),
        ("lambda.amazonaws.com", (), PASSED),
    ],
)
def test_role_that_is_passed_to_a_service(service: str, actions: tuple[str, ...], verdict: Verdict) -> None:
    """Whoever may pass a role that reads, and have its service work with it, reads; either right alone is nothing."""
    runs = (may(*actions),) if actions else ()
    taken = role("ci", BY_STRANGER, may("iam:PassRole"), *runs)

    assert judged(taken, role("etl", service, READS)).verdict is verdict
    assert judged(role("ci", BY_STRANGER, *runs, may("sts:TagSession")), role("etl", service, READS)).verdict is PASSED


@pytest.mark.parametrize(
    ("passed", "verdict"),
    [
        (may("iam:PassRole", on=arn("et?")), FAILED),
        (may("iam:PassRole", on=arn("other")), PASSED),
        (may("iam:PassRole", under=("StringEquals", "iam:PassedToService", ("lambda.amazonaws.com",))), FAILED),
        (may("iam:PassRole", under=("StringEquals", "iam:PassedToService", ("ec2.amazonaws.com",))), PASSED),
        (may("iam:PassRole", under=("StringLike", "iam:AssociatedResourceArn", ("arn:*",))), INCONCLUSIVE),
    ],
)
def test_which_role_is_passed_to_whom(passed: Statement, verdict: Verdict) -> None:
    """A right to pass is for the roles and the services that it says."""
    taken = role("ci", BY_STRANGER, passed, may("lambda:*"))

    assert judged(taken, role("etl", "lambda.amazonaws.com", READS)).verdict is verdict


def test_chain_is_told_whole() -> None:
    """A stranger who takes on one role, by it another, and passes a third to a service comes in; all are named."""
    by_first = Statement(actions=("sts:AssumeRole",), principals=(f"AWS:{ACCOUNT}",))
    roles = (
        role("first", BY_STRANGER, may("sts:AssumeRole", on=arn("second"))),
        role("second", by_first, may("iam:PassRole", "glue:*")),
        role("third", "glue.amazonaws.com", READS),
    )
    found = judged(*roles)

    assert found.verdict is FAILED
    assert found.actual == (
        f"arn:aws:iam::{STRANGER}:root may take on {arn('first')}, by which one takes on {arn('second')}, "
        f"by which one passes {arn('third')} to glue.amazonaws.com (glue:CreateJob), "
        f"which may s3:GetObject on {DECLARED.objects_arn.replace('*', 'x')}"
    )
    assert judged(roles[0], replace(roles[1], statements=Known(())), roles[2]).verdict is PASSED
    assert judged(role("first", BY_STRANGER), *roles[1:]).verdict is PASSED


def test_servers_role_is_one_that_others_lead_to() -> None:
    """Whoever may run a task with the server's role has its rights."""
    found = judged(role("ci", BY_STRANGER, may("iam:PassRole", on=DECLARED.role), may("ecs:RunTask")))

    assert found.verdict is FAILED
    assert f"passes {DECLARED.role} to ecs-tasks.amazonaws.com (ecs:RunTask)" in found.actual


def test_boundary_and_bucket_policy_refuse() -> None:
    """What a boundary leaves out, or the bucket refuses to a role or to all outside the perimeter, is not reached."""
    partner = role("partner", BY_STRANGER, READS)
    bound = replace(partner, boundary=Known((may("sns:*"),)))
    denial = Statement("Deny", ("s3:*",), resources=(OBJECTS, DECLARED.bucket_arn), principals=("*",))
    but_server = replace(denial, conditions=(("ArnNotEquals", "aws:PrincipalArn", (DECLARED.role,)),))
    by_endpoint = replace(denial, conditions=(("StringNotEquals", "aws:SourceVpce", ("vpce-1",)),))
    inside = replace(DECLARED, vpc_endpoints=("vpce-1",))

    assert judged(bound).verdict is PASSED
    assert judged(partner, denial=but_server).verdict is PASSED
    assert judged(partner, denial=by_endpoint, declared=inside).verdict is PASSED
    assert judged(partner, denial=by_endpoint).actual.endswith("declare infrastructure.vpc_endpoints")
    runner = role("ci", BY_STRANGER, may("iam:PassRole", "lambda:*"))
    from_inside = judged(runner, role("f", "lambda.amazonaws.com", READS), denial=by_endpoint, declared=inside)
    assert from_inside.verdict is INCONCLUSIVE


def test_who_administers_is_no_stranger() -> None:
    """Accounts and principals that are declared to administer the account may; nobody else."""
    managed = replace(DECLARED, administrators=(STRANGER,))
    named = replace(DECLARED, administrators=(f"arn:aws:iam::{STRANGER}:role/backup",))
    by_name = Statement(actions=("sts:AssumeRole",), principals=(f"AWS:arn:aws:iam::{STRANGER}:role/backup",))
    third = Statement(actions=("sts:AssumeRole",), principals=("AWS:111111111111",))

    assert judged(role("OrganizationAccountAccessRole", BY_STRANGER, may("*")), declared=managed).verdict is PASSED
    assert judged(role("partner", by_name, READS), declared=named).verdict is PASSED
    assert judged(role("partner", BY_STRANGER, READS), declared=named).verdict is FAILED
    assert judged(role("partner", third, READS), declared=managed).verdict is FAILED


def test_what_is_hidden_is_inconclusive() -> None:
    """Policies of a role that a stranger takes on, or the roles themselves, that may not be read are no pass."""
    hidden = RoleState(arn("partner"), Known((BY_STRANGER,)), Unreadable("GetRolePolicy: AccessDenied"))
    unread = replace(promised(DECLARED), roles=Unreadable("GetAccountAuthorizationDetails: AccessDenied"))

    assert judged(hidden).verdict is INCONCLUSIVE
    assert judged(hidden, role("other", BY_STRANGER, READS)).verdict is FAILED
    assert judge("INF-056", unread, DECLARED).verdict is INCONCLUSIVE
    assert judge("INF-056", replace(unread, roles=Absent()), DECLARED).verdict is PASSED


ACCOUNTS = {
    "healthy": ((role("etl", "glue.amazonaws.com", READS), role("audit", BY_STRANGER, may("s3:GetBucket*"))), PASSED),
    "taken": ((role("partner", BY_STRANGER, READS),), FAILED),
    "passed": (
        (role("etl", "glue.amazonaws.com", READS), role("ci", BY_STRANGER, may("iam:PassRole", "glue:CreateJob"))),
        FAILED,
    ),
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_roles_are_read_from_account_plan_and_template(moto: Account, tmp_path: Path, name: str) -> None:
    """Roles that are asked for, planned in any layout, or in a template are the same ones."""
    roles, verdict = ACCOUNTS[name]
    state: State = replace(promised(DECLARED), roles=Known(roles))
    moto.reset()
    realise(moto, state, DECLARED)
    found = {"asked": judge("INF-056", observe(moto.access(DECLARED)), DECLARED).verdict}
    for layout in LAYOUTS:
        file = tmp_path / f"{layout}.json"
        file.write_text(json.dumps(plan_of(state, DECLARED, layout)))
        found[layout] = judge("INF-056", *planned(PlannedAccount(file, DECLARED))).verdict
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template_of(state)))
    found["template"] = judge("INF-056", *planned(PlannedAccount(file, DECLARED))).verdict

    assert set(found.values()) == {verdict}, found


@pytest.mark.parametrize("seed", range(150))
def test_nothing_that_is_accepted_is_reached(seed: int) -> None:
    """No account of a seed is accepted whose roles bring a stranger, a guest or a job of anybody's to an artifact."""
    found, ways = judged(*roles_of(seed)), reached((*roles_of(seed), SERVER))

    assert found.verdict > PASSED or not ways, (found, ways[:2])


def test_requests_tell_accounts_apart() -> None:
    """Of the accounts of all seeds some are reached and some are not, and none is refused that is not reached."""
    told = [(bool(reached((*roles_of(seed), SERVER))), judged(*roles_of(seed)).verdict) for seed in range(150)]

    assert 30 < sum(each for each, _ in told) < 120
    assert sum(verdict is FAILED and not each for each, verdict in told) == 0


def test_policies_of_aws_are_read(tmp_path: Path) -> None:
    """A policy of AWS's own that a plan attaches to a partner's role reaches, or does not."""

    def judged_with(policy: str) -> Verdict:
        state = replace(promised(DECLARED), roles=Known((role("partner", BY_STRANGER),)))
        plan = plan_of(state, DECLARED)
        attached = {"role": "partner", "policy_arn": f"arn:aws:iam::aws:policy/{policy}"}
        whole = {"address": "aws_iam_role_policy_attachment.p", "type": "aws_iam_role_policy_attachment"}
        whole |= {"name": "p", "mode": "managed"}
        plan["planned_values"]["root_module"]["resources"].append({**whole, "values": attached})
        change = {"actions": ["create"], "before": None, "after": attached, "after_unknown": {}}
        plan["resource_changes"].append({**whole, "change": change})
        file = tmp_path / "plan.json"
        file.write_text(json.dumps(plan))
        return judge("INF-056", *planned(PlannedAccount(file, DECLARED))).verdict

    assert judged_with("AmazonS3ReadOnlyAccess") is FAILED
    assert judged_with("ReadOnlyAccess") is FAILED
    assert judged_with("SecurityAudit") is PASSED
    assert judged_with("AmazonRedshiftFullAccess") is INCONCLUSIVE
