"""A fault of an account: a pure function on its state, with its description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from registry_conformance.judge.account.fact import Absent, Known
from registry_conformance.judge.account.state import BucketState, RoleState, State
from registry_conformance.judge.target.account import Declared

LAYERS = ("infrastructure", "iam", "store")
"""Where an account's fault is mended: bucket and logs, the server's role, what the store does by itself."""

Change = Callable[[State, Declared], State]


@dataclass(frozen=True, slots=True)
class AccountFault:
    """One named defect of an account.

    ``seen`` is what a client or an operator sees, at once or later; ``requirements`` are the ids that fail on it, all
    of them and no others. It shows only where KMS is declared, if it ``needs_kms``, an identity of a provider, if it
    ``needs_identity``, that customers' keys are refused, if it ``needs_refusal``, or where copies may be, if it
    ``needs_replicas``.
    """

    name: str
    layer: str
    seen: str
    cause: str
    remedy: str
    requirements: tuple[str, ...]
    change: Change
    needs_kms: bool = False
    needs_identity: bool = False
    needs_refusal: bool = False
    needs_replicas: bool = False
    incidents: tuple[str, ...] = ()


def in_bucket(**fields: Any) -> Change:
    """Return the change that sets these bucket settings; a callable gets the declared properties."""

    def change(state: State, declared: Declared) -> State:
        assert isinstance(state.bucket, Known), "an account is broken in one way at a time"
        given = {name: value(declared) if callable(value) else value for name, value in fields.items()}
        bucket: BucketState = replace(state.bucket.value, **given)
        return replace(state, bucket=Known(bucket))

    return change


def in_role(**fields: Any) -> Change:
    """Return the change that sets these role settings; a callable gets the declared properties."""

    def change(state: State, declared: Declared) -> State:
        assert isinstance(state.role, Known), "an account is broken in one way at a time"
        given = {name: value(declared) if callable(value) else value for name, value in fields.items()}
        role: RoleState = replace(state.role.value, **given)
        return replace(state, role=Known(role))

    return change


def without(part: Literal["bucket", "role"]) -> Change:
    """Return the change that removes the bucket or the role."""
    return lambda state, _: replace(state, bucket=Absent()) if part == "bucket" else replace(state, role=Absent())
