"""The functions that the bucket calls when something happens to its objects, and what their roles may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.observe.role import statements_of
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.state import Called
from registry_conformance.judge.target.account import Declared


def observe_calls(client: Callable[[str], Any], declared: Declared) -> Fact[tuple[Called, ...]]:
    """Return the functions that the bucket's notifications go to; ``client`` gives a client of a service."""
    listed: Fact[list[str]] = ask(
        lambda: client("s3").get_bucket_notification_configuration(Bucket=declared.bucket), _functions
    )
    if not isinstance(listed, Known):
        return listed
    return Known(tuple(Called(arn, _rights_of(client, arn, declared)) for arn in listed.value))


def _functions(said: Mapping[str, Any]) -> list[str]:
    return sorted({each["LambdaFunctionArn"] for each in said.get("LambdaFunctionConfigurations", ())})


def _rights_of(client: Callable[[str], Any], function: str, declared: Declared) -> Fact[Any]:
    if account_of(function) != declared.owner:
        return Unreadable(f"{function} is of the account {account_of(function)}")
    name, _, version = function.partition(":function:")[2].partition(":")
    asked = {"FunctionName": name} | ({"Qualifier": version} if version else {})
    role = ask(
        partial(client("lambda").get_function_configuration, **asked),
        lambda said: str(said["Role"]),
        "ResourceNotFoundException",
    )
    if isinstance(role, Absent):
        return Known(())
    return statements_of(client("iam"), role.value.rpartition("/")[2]) if isinstance(role, Known) else role
