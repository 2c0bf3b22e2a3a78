"""Where something is wrong, the sentence says which: owner, region, another account's role, rights handed on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from registry_conformance.judge.account.evaluate import judge
from registry_conformance.judge.account.observe.role import observe_role
from registry_conformance.judge.account.reference import promised
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.faults.accounts.catalogue import ACCOUNT_CATALOGUE
from tests.account.moto_account import DECLARED, STRANGER


@pytest.mark.parametrize(
    ("fault", "requirement", "told"),
    [
        ("bucket-of-another-account", "INF-003", "S3 refuses it to whoever expects 123456789012 to own it"),
        ("bucket-in-another-region", "INF-002", "what is signed for eu-west-1 is redirected or refused there"),
        ("role-may-take-on-other-roles", "INF-051", "by sts:AssumeRole it has the rights of other roles too"),
        ("role-may-pass-roles", "INF-051", "by iam:PassRole it has the rights of other roles too"),
    ],
)
def test_sentence_names_what_is_wrong(fault: str, requirement: str, told: str) -> None:
    """Each of these has a sentence of its own."""
    state = ACCOUNT_CATALOGUE[fault].change(promised(DECLARED), DECLARED)

    assert told in judge(requirement, state, DECLARED).actual


def test_role_of_another_account_is_not_missing() -> None:
    """IAM is not asked for a role that it cannot know: that is inconclusive, and says whose role it is."""
    asked: Any = None
    declared = replace(DECLARED, role=f"arn:aws:iam::{STRANGER}:role/mlflow")
    found = judge("INF-040", replace(promised(declared), role=observe_role(asked, declared)), declared)

    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"it is of the account {STRANGER}, and IAM tells 123456789012 of its own roles alone" in found.actual
