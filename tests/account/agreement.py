"""Every generated account made on moto, asked, and tried by requests: ``python -m tests.account.agreement``.

It says how many of both sets, of usual and of rarer shapes, get the same verdicts asked and planned, and how many were
accepted that requests show to be open. A number and a fraction, as ``1/4``, try that part of them.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.fact import Known, Unsupported
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.state import State
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.generated import generated
from tests.account.moto_account import moto_account
from tests.account.plan_writer import LAYOUTS, plan_of
from tests.account.realise import realise
from tests.account.unusual import unusual
from tests.test_account_generated import SEEDS, verdicts
from tests.test_account_unusual import SEEDS as RARER
from tests.test_account_unusual import open_yet


def seen_both_ways(findings: Mapping[str, Finding]) -> dict[str, Verdict]:
    """Return the verdicts of what an account and its plan both show: only a plan says what it deletes."""
    return {name: each for name, each in verdicts(findings).items() if name != "INF-028"}


def as_read(state: State) -> State:
    """Return an account as its policies were read: moto's engine knows no variables, ``NotResource`` and capitals."""
    assert isinstance(state.role, Known)
    return replace(state, role=Known(replace(state.role.value, simulated=Unsupported("moto's engine lacks it"))))


def main() -> int:
    """Return 1 if an account that is asked differs from its plan, or is accepted and open; say which; 0 otherwise."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    part, parts = map(int, (*sys.argv[1:], "1/1")[0].split("/"))
    usual = [*map(generated, SEEDS)]
    made = [*usual, *map(unusual, RARER)][part - 1 :: parts]
    differing, opened = [], []
    with moto_account() as account, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        for number, each in enumerate(made):
            account.reset()
            realise(account, each.state, each.declared)
            seen = observe(account.access(each.declared))
            asked = seen_both_ways(judge_all(seen if each in usual else as_read(seen), each.declared))
            file.write_text(json.dumps(plan_of(each.state, each.declared, LAYOUTS[number % (len(LAYOUTS) - 1)])))
            if asked != seen_both_ways(judge_all(*planned(PlannedAccount(file, each.declared)))):
                differing.append(number)
            if open_yet(each):
                opened.append(number)
    told = f"{len(made)} accounts asked and planned: {len(differing)} with other verdicts {differing}"
    sys.stdout.write(f"{told}, {len(opened)} accepted and open {opened}\n")
    return bool(differing or opened)


if __name__ == "__main__":
    sys.exit(main())
