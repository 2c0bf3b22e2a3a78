"""Accounts of rarer shapes: what requests show of them, and what their plans say, agrees with how they are judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account import brute_force, requests
from tests.account.generated import Generated
from tests.account.plan_writer import LAYOUTS, plan_of
from tests.account.unusual import unusual
from tests.test_account_generated import documents, verdicts

SEEDS = range(200)
TRIED = SEEDS[::12]
"""Those that are tried each time; ``python -m tests.account.agreement`` tries all of them, and asks them on moto."""
NEEDS = tuple(f"INF-{number:03}" for number in range(41, 49))


def shown(account: Generated) -> dict[str, list[str]]:
    """Return by requirement what requests show to be open, lost, too much or too little."""
    found, declared = documents(account), account.declared
    perimeter = bool(declared.vpc_endpoints)
    policies = [json.loads(each["policy"]) for each in found["aws_s3_bucket_policy"]]
    trust = json.loads(found["aws_iam_role"][0]["assume_role_policy"])
    meant = [(each.provider, each.subject, each.audience) for each in declared.identities]
    people, tokens = requests.takers(trust, meant)
    own = json.loads(found["aws_iam_role_policy"][0]["policy"])
    more, elsewhere, lacking = requests.rights(own, declared.role, declared.bucket)
    rules = [rule for each in found.get("aws_s3_bucket_lifecycle_configuration", ()) for rule in each["rule"]]
    lost = brute_force.losses(rules, [])
    return {
        "INF-010": [way for each in policies for way in requests.ways_in(each, declared.bucket, perimeter=perimeter)],
        "INF-020": [each for each in lost if each.endswith("gone")],
        "INF-021": requests.replaced(rules, declared.noncurrent_days),
        "INF-023": [each for each in lost if each.endswith("archived")],
        "INF-049": more,
        "INF-050": elsewhere,
        "INF-053": people,
        "INF-054": tokens,
        **{name: [action] * lacking.count(action) for name, action in zip(NEEDS, requests.NEEDED, strict=True)},
    }


def open_yet(account: Generated) -> dict[str, object]:
    """Return what an account was accepted by though requests show it broken: requirement -> what was said, and how."""
    findings = judge_all(account.state, account.declared)
    return {
        name: (findings[name].actual, ways[:2])
        for name, ways in shown(account).items()
        if ways and findings[name].verdict <= Verdict.PASSED
    }


@pytest.mark.parametrize("seed", TRIED)
def test_nothing_that_is_accepted_is_open(seed: int) -> None:
    """No request, token or year shows a requirement broken that an account of a rarer shape was accepted by."""
    assert not open_yet(unusual(seed))


@pytest.mark.parametrize("seed", TRIED)
def test_plan_agrees_with_the_account(tmp_path: Path, seed: int) -> None:
    """An account of a rarer shape gets the same verdicts from its plan as by its value."""
    account = unusual(seed)
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(account.state, account.declared, LAYOUTS[seed % (len(LAYOUTS) - 1)])))
    found = judge_all(*planned(PlannedAccount(file, account.declared)))

    assert verdicts(found) == verdicts(judge_all(account.state, account.declared))
