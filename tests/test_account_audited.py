"""Accounts of an auditor are judged as AWS's documentation has it: asked, planned, and by their values."""

from __future__ import annotations

import json
from pathlib import Path

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.state import State
from registry_conformance.judge.target.account import Declared, PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.audited import Audited, audited
from tests.account.plan_writer import LAYOUTS, plan_of

NOT_PLANNED = {
    "imported material that has expired": "a plan enables or disables a key, and no more",
    "archiving that is off": "tests write configurations of Intelligent-Tiering that are on",
    "tagged artifacts are archived when unread": "tests write configurations of Intelligent-Tiering by prefix",
}
Wrong = dict[str, tuple[Verdict, Verdict, str]]


def wrong(name: str, account: Audited, state: State, declared: Declared) -> Wrong:
    """Return what is judged otherwise than was written down: what was, what is, and what is said."""
    found = {each: judge(each, state, declared) for each in account.verdicts}
    return {
        f"{name}: {each}": (account.verdicts[each], said.verdict, said.actual)
        for each, said in found.items()
        if said.verdict is not account.verdicts[each]
    }


def test_audited_accounts_are_judged_as_was_written_down() -> None:
    """Every verdict of the auditor is the rules' own."""
    accounts = audited()
    found: Wrong = {}
    for name, each in accounts.items():
        found |= wrong(name, each, each.state, each.declared)

    assert len(accounts) >= 70
    assert not found


def test_audited_accounts_are_planned_alike(tmp_path: Path) -> None:
    """The plan of each account comes to the same, in one layout or another."""
    found: Wrong = {}
    accounts = {name: each for name, each in audited().items() if name not in NOT_PLANNED}
    for number, (name, each) in enumerate(accounts.items()):
        file = tmp_path / "plan.json"
        layout = LAYOUTS[number % (len(LAYOUTS) - 1)]
        file.write_text(json.dumps(plan_of(each.state, each.declared, layout)))
        found |= wrong(f"{name} ({layout})", each, *planned(PlannedAccount(file, each.declared)))

    assert not found
