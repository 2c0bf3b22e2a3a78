"""An account that keeps its promises in its own way is as green as the promised one, asked or planned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.reference import promised, rights
from registry_conformance.judge.account.required_rights import NEEDS
from registry_conformance.judge.account.state import State
from registry_conformance.judge.target.account import Declared, PlannedAccount
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.fault import in_role
from tests.account.moto_account import DECLARED, Account, moto_account, with_kms
from tests.account.plan_writer import plan_of
from tests.account.realise import realise
from tests.account.variants import KMS_VARIANTS, VARIANTS

NOT_ON_MOTO = {"actions in small letters": "moto 5.2.5 tells capitals in the name of an action from small letters"}
CASES = [pytest.param(change, DECLARED, id=name) for name, change in VARIANTS.items()]
CASES += [pytest.param(change, with_kms(), id=name) for name, change in KMS_VARIANTS.items()]


@pytest.fixture(scope="module")
def moto() -> Iterator[Account]:
    """One server for all accounts of this file."""
    with moto_account() as account:
        yield account


def red(state: State, declared: Declared) -> dict[str, str]:
    """Return what is neither passed nor inapplicable on an account."""
    return {
        name: finding.actual for name, finding in judge_all(state, declared).items() if finding.verdict > Verdict.PASSED
    }


@pytest.mark.parametrize(("change", "declared"), [case for case in CASES if case.id not in NOT_ON_MOTO])
def test_account_of_another_form_is_green(moto: Account, change: object, declared: Declared) -> None:
    """What keeps every promise in another way is green, by its value and as the API tells it."""
    assert callable(change)
    moto.reset()
    variant = change(promised(declared), declared)
    realise(moto, variant, declared)

    assert variant != promised(declared)
    assert red(variant, declared) == {}
    assert red(observe(moto.access(declared)), declared) == {}


@pytest.mark.parametrize(("change", "declared"), CASES)
def test_plan_of_another_form_is_green(tmp_path: Path, change: object, declared: Declared) -> None:
    """The plan that makes such an account is green too."""
    assert callable(change)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(change(promised(declared), declared), declared, "counted")))

    assert red(*planned(PlannedAccount(file, declared))) == {}


def test_rights_under_a_condition_that_nobody_here_knows_are_inconclusive(moto: Account) -> None:
    """What IAM's simulator could say only with values that nobody here has is inconclusive, and names the condition."""
    moto.reset()
    from_there = ("StringEquals", "aws:SourceVpce", ("vpce-1",))
    narrowed = tuple(replace(each, conditions=(from_there,)) for each in rights(DECLARED))
    state = in_role(statements=Known(narrowed))(promised(DECLARED), DECLARED)
    realise(moto, state, DECLARED)

    told = red(observe(moto.access(DECLARED)), DECLARED)
    assert set(told) == set(NEEDS)
    assert all("cannot be judged from outside: StringEquals aws:SourceVpce vpce-1" in why for why in told.values())
