"""Roles that lead in one after the other: each chain is followed to its end, and told whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.fact import Fact, Known, Unreadable
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.named_roles import followed, named_roles
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised, tls_only
from registry_conformance.judge.account.state import State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_bucket
from tests.account.moto_account import ACCOUNT, DECLARED, STRANGER, moto_account
from tests.account.plan_writer import plan_of
from tests.account.realise import realise

READERS, DEPLOYER, RUNNER = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("readers", "deployer", "runner"))
READS = Statement(actions=("s3:GetObject",), resources=(f"{DECLARED.bucket_arn}/*",), principals=(f"AWS:{READERS}",))
Trust = Fact[tuple[Statement, ...]]


def taken_by(*principals: str) -> Trust:
    """Return a trust policy for principals."""
    return Known((Statement(actions=("sts:AssumeRole",), principals=principals),))


def of_roles(trusts: dict[str, Trust]) -> State:
    """Return the account whose bucket lets the readers in, with the roles that lead there."""
    state = in_bucket(policy=Known((tls_only(DECLARED), READS)))(promised(DECLARED), DECLARED)
    return replace(state, named_roles=trusts)


def judged(trusts: dict[str, Trust]) -> Finding:
    """Return what chains of roles come to, followed from what the bucket policy names."""
    state = of_roles({})
    found = followed(named_roles(state, DECLARED), lambda arn: trusts.get(arn, Unreadable("hidden")), DECLARED)
    return judge("INF-055", replace(state, named_roles=found), DECLARED)


def test_chain_is_told_whole() -> None:
    """A stranger three roles away comes in, and each role on the way is named in its order."""
    trusts = {
        READERS: taken_by(f"AWS:{DEPLOYER}"),
        DEPLOYER: taken_by(f"AWS:{RUNNER}", "Service:ec2.amazonaws.com"),
        RUNNER: taken_by(f"AWS:{STRANGER}"),
    }
    found = judged(trusts)

    assert found.verdict is Verdict.FAILED
    assert found.actual == (
        f"{READERS} is let in, {DEPLOYER} may take it on, {RUNNER} may take it on, and {STRANGER} may take it on"
    )
    assert judged({**trusts, RUNNER: taken_by("Service:ec2.amazonaws.com")}).verdict is Verdict.PASSED
    assert judged({READERS: trusts[READERS]}).verdict is Verdict.INCONCLUSIVE


def test_roles_that_take_on_each_other_end() -> None:
    """A circle of roles is followed once, and so many roles that nobody asks for all of them are said to be hidden."""
    circle = {READERS: taken_by(f"AWS:{DEPLOYER}"), DEPLOYER: taken_by(f"AWS:{READERS}")}
    many = {f"{READERS}{number}": taken_by(f"AWS:{READERS}{number + 1}") for number in range(200)}

    assert judged(circle).verdict is Verdict.PASSED
    assert judged({READERS: taken_by(f"AWS:{READERS}0"), **many}).verdict is Verdict.INCONCLUSIVE


def test_chain_is_read_from_the_account_and_from_its_plan(tmp_path: Path) -> None:
    """What leads in over two roles is seen when it is asked, and when it is planned."""
    trusts = {READERS: taken_by(f"AWS:{DEPLOYER}"), DEPLOYER: taken_by(f"AWS:{STRANGER}")}
    state = of_roles(trusts)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(state, DECLARED)))
    with moto_account() as account:
        realise(account, state, DECLARED)
        asked = judge("INF-055", observe(account.access(DECLARED)), DECLARED)

    assert asked.verdict is Verdict.FAILED
    assert f"{DEPLOYER} may take it on, and" in asked.actual
    assert judge("INF-055", *planned(PlannedAccount(file, DECLARED))) == asked
