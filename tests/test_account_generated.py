"""Generated accounts: the same verdicts asked and planned, and none is accepted that a request shows to be open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge_all
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding
from registry_conformance.judge.account.observe.observe import observe
from registry_conformance.judge.account.plan.planned import planned
from registry_conformance.judge.account.statement import write_policy
from registry_conformance.judge.account.tokens import provider_of
from registry_conformance.judge.target.account import PlannedAccount
from registry_conformance.judge.verdict import Verdict
from tests.account import brute_force
from tests.account.generated import Generated, generated
from tests.account.moto_account import Account, moto_account
from tests.account.plan_parts import parts
from tests.account.plan_writer import LAYOUTS, plan_of
from tests.account.realise import realise

SEEDS = range(280)
ASKED = SEEDS[::12]
"""Those that are made on moto each time; ``python -m tests.account.agreement`` makes all of them."""


@pytest.fixture(scope="module")
def moto() -> Iterator[Account]:
    """One server for all accounts of this file."""
    with moto_account() as account:
        yield account


def verdicts(findings: Mapping[str, Finding]) -> dict[str, Verdict]:
    """Return the verdict of each requirement."""
    return {name: each.verdict for name, each in findings.items()}


def documents(account: Generated) -> dict[str, list[dict[str, Any]]]:
    """Return the resources that make an account, by their type, with their values."""
    found: dict[str, list[dict[str, Any]]] = {}
    for part in parts(account.state):
        found.setdefault(part.type, []).append(part.values)
    return found


def shown_open(account: Generated) -> dict[str, list[str]]:
    """Return by requirement what requests and years show of an account."""
    found, declared = documents(account), account.declared
    perimeter = bool(declared.vpc_endpoints)
    identity = declared.identities[0] if declared.identities else None
    policies = [json.loads(each["policy"]) for each in found.get("aws_s3_bucket_policy", ())]
    keys = [json.loads(each["policy"]) for each in found.get("aws_kms_key", ())]
    trust = json.loads(found["aws_iam_role"][0]["assume_role_policy"])
    rules = [rule for each in found.get("aws_s3_bucket_lifecycle_configuration", ()) for rule in each["rule"]]
    lost = brute_force.losses(rules, found.get("aws_s3_bucket_intelligent_tiering_configuration", []))
    provider, arn = (provider_of(identity.provider), identity.provider) if identity else ("none", "none")
    taken = brute_force.takers(
        trust, provider, arn, meant={(identity.subject, identity.audience)} if identity else set()
    )
    tokens = [each for each in taken if " for " in each]
    ways_in = [way for each in policies for way in brute_force.ways_in(each, declared.bucket, perimeter=perimeter)]
    lent = [way for each in policies for way in brute_force.lent(each, declared.bucket)]
    points = [json.loads(each["policy"]) for each in found.get("aws_s3_access_point", ())]
    point = f"arn:aws:s3:{declared.region}:{brute_force.OWN}:accesspoint/models"
    others = [each for each in found.get("aws_iam_role_policy", ()) if each.get("role") == "tidy-up"]
    may = [json.loads(each["policy"]) for each in others]
    return {
        "INF-025": [way for each in points for way in brute_force.by_access_point(each, point)],
        "INF-026": lent,
        "INF-027": [model for each in may for model in brute_force.deletes(each, declared.bucket)],
        "INF-010": ways_in,
        "INF-015": [way for each in keys for way in brute_force.ways_in(each, declared.bucket, perimeter=perimeter)],
        "INF-020": [each for each in lost if each.endswith("gone")],
        "INF-023": [each for each in lost if each.endswith("archived")],
        "INF-053": [each for each in taken if each not in tokens],
        "INF-054": tokens,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_plan_agrees_with_the_account(tmp_path: Path, seed: int) -> None:
    """A generated account gets the same verdicts from its plan, in one layout after the other, as by its value."""
    account = generated(seed)
    layout = LAYOUTS[seed % (len(LAYOUTS) - 1)]  # blocks of the bucket itself cannot say all that is generated
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan_of(account.state, account.declared, layout)))
    found = judge_all(*planned(PlannedAccount(file, account.declared)))

    assert verdicts(found) == verdicts(judge_all(account.state, account.declared)), layout


@pytest.mark.parametrize("seed", ASKED)
def test_account_that_is_asked_agrees_with_its_value(moto: Account, seed: int) -> None:
    """A generated account gets the same verdicts when it is made on moto and asked."""
    account = generated(seed)
    moto.reset()
    realise(moto, account.state, account.declared)
    found = judge_all(observe(moto.access(account.declared)), account.declared)

    planned_alone = {"INF-028": found["INF-028"]}
    assert verdicts(found) == verdicts({**judge_all(account.state, account.declared), **planned_alone})


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_is_accepted_is_open(seed: int) -> None:
    """No request of a stranger, no token and no year shows a requirement broken that an account was accepted by."""
    account = generated(seed)
    findings = judge_all(account.state, account.declared)
    shown = shown_open(account)
    if findings["INF-010"].verdict is Verdict.FAILED:
        shown.pop("INF-026")  # who is open to all is open to services too, and that is told once

    accepted = {name: ways for name, ways in shown.items() if findings[name].verdict <= Verdict.PASSED and ways}
    assert not accepted, {name: (findings[name].actual, ways[:3]) for name, ways in accepted.items()}


def test_requests_show_much_of_what_is_red() -> None:
    """The evaluation by requests finds most of what fails open too, so that its silence says something."""
    red: dict[str, int] = {}
    open_too: dict[str, int] = {}
    for seed in SEEDS:
        account = generated(seed)
        findings = judge_all(account.state, account.declared)
        for name, ways in shown_open(account).items():
            if findings[name].verdict is Verdict.FAILED:
                red[name] = red.get(name, 0) + 1
                open_too[name] = open_too.get(name, 0) + bool(ways)

    assert min(red.values()) >= 4, red
    assert all(open_too[name] * 2 >= number for name, number in red.items()), (red, open_too)


def test_documents_are_the_accounts() -> None:
    """What requests are decided on is what the account has, so that neither side looks at another account."""
    account = generated(SEEDS[0])
    assert isinstance(account.state.role, Known)
    assert isinstance(account.state.role.value.trust, Known)
    trust = json.loads(write_policy(account.state.role.value.trust.value))

    assert json.loads(documents(account)["aws_iam_role"][0]["assume_role_policy"]) == trust
