"""The KMS key: its state, its policy, and its grants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.state import KeyState
from registry_conformance.judge.account.statement import read_policy
from registry_conformance.judge.target.account import Declared


def observe_key(kms: Any, declared: Declared) -> Fact[KeyState]:
    """Return the declared key."""
    arn = declared.kms_key
    state: Fact[str] = ask(
        lambda: kms.describe_key(KeyId=arn), lambda said: str(said["KeyMetadata"]["KeyState"]), "NotFoundException"
    )
    if isinstance(state, Absent):
        return Absent()
    return Known(
        KeyState(
            arn=arn,
            state=state,
            policy=ask(
                lambda: kms.get_key_policy(KeyId=arn, PolicyName="default"),
                lambda said: read_policy(said["Policy"], "the key's policy"),
            ),
            grants=ask(
                lambda: kms.get_paginator("list_grants").paginate(KeyId=arn).build_full_result(),  # fifty a page
                _grantees,
            ),
        )
    )


def _grantees(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return who may use the key by a grant, except AWS services that act for the account."""
    return tuple(sorted(str(each["GranteePrincipal"]) for each in said["Grants"] if each.get("GranteePrincipal")))
