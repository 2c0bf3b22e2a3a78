"""Every generated account made on moto and asked: ``python -m tests.account.agreement`` says how many agree."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account.generated import generated
from tests.account.moto_account import moto_account
from tests.account.plan_writer import LAYOUTS, plan_of
from tests.account.realise import realise
from tests.test_account_generated import SEEDS, verdicts


def seen_both_ways(findings: Mapping[str, Finding]) -> dict[str, Verdict]:
    """Return the verdicts of what an account and its plan both show: only a plan says what it deletes."""
    return {name: each for name, each in verdicts(findings).items() if name != "INF-028"}


def main() -> int:
    """Return 1 if an account that is asked differs from its plan, and say which; 0 otherwise."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    differing = []
    with moto_account() as account, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan.json"
        for seed in SEEDS:
            made = generated(seed)
            account.reset()
            realise(account, made.state, made.declared)
            asked = seen_both_ways(judge_all(observe(account.access(made.declared)), made.declared))
            file.write_text(json.dumps(plan_of(made.state, made.declared, LAYOUTS[seed % (len(LAYOUTS) - 1)])))
            if asked != seen_both_ways(judge_all(*planned(PlannedAccount(file, made.declared)))):
                differing.append(seed)
    told = f"{len(SEEDS)} accounts asked and planned, {len(differing)} with other verdicts: {differing}"
    sys.stdout.write(f"{told}\n")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main())
