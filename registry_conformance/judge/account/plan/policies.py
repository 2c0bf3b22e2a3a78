"""Policies in a plan, and the account of a resource."""

from __future__ import annotations

from typing import Any

from registry_conformance.judge.account.fact import Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.links import constant, provider
from registry_conformance.judge.account.statement import PolicyError, Statement, read_policy


def policy(document: Fact[Any], where: str) -> Fact[tuple[Statement, ...]]:
    """Return the statements of a policy, as far as the plan knows it; ``where`` is the resource that has it."""
    if not isinstance(document, Known):
        return document
    try:
        return Known(read_policy(document.value, where))
    except PolicyError as problem:
        return Unreadable(f"it is no policy: {problem}")


def planned_account(plan: Plan, resource: Resource) -> Fact[str]:
    """Return the account of a resource: the planner's, or the provider's allowed one, if the plan tells."""
    callers = [caller.get("account_id") for caller in plan.read("aws_caller_identity")]
    numbers = {str(each.value) for each in callers if isinstance(each, Known)}
    if len(numbers) == 1:
        return Known(numbers.pop())
    allowed = constant(plan, provider(plan, resource).get("allowed_account_ids", {}))
    if isinstance(allowed, list) and len(allowed) == 1:
        return Known(str(allowed[0]))
    return Pending(f"{resource.address}: nothing says which account it is made in")
