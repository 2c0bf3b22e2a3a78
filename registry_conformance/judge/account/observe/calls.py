"""What events of the bucket invoke: directly, or through topics, queues and EventBridge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from registry_conformance.judge.account.events import Routes, called_by, is_about
from registry_conformance.judge.account.fact import Absent, Fact, Known, Unreadable
from registry_conformance.judge.account.observe.queries import ask
from registry_conformance.judge.account.observe.role import statements_of
from registry_conformance.judge.account.patterns import account_of, service_of
from registry_conformance.judge.account.state import Called
from registry_conformance.judge.target.account import Declared

Client = Callable[[str], Any]
"""Gives a client of a service."""
_MOST_PAGES = 20
_KINDS = ("LambdaFunction", "Queue", "Topic")


def observe_calls(client: Client, declared: Declared) -> Fact[tuple[Called, ...]]:
    """Return what the bucket's notifications invoke."""
    listed: Fact[Mapping[str, Any]] = ask(
        lambda: client("s3").get_bucket_notification_configuration(Bucket=declared.bucket), lambda said: said
    )
    if not isinstance(listed, Known):
        return listed
    routes = Routes(
        service_of,
        lambda arn: _listeners(client, arn, declared),
        lambda arn: _rights_of(client, arn, declared),
    )
    found = [*called_by(_targets(listed.value), routes)]
    if "EventBridgeConfiguration" in listed.value:
        found += _by_rules(client, routes, declared)
    return Known(tuple(dict.fromkeys(sorted(found, key=lambda each: (each.function, each.by)))))


def _targets(said: Mapping[str, Any]) -> list[str]:
    return sorted({each[f"{kind}Arn"] for kind in _KINDS for each in said.get(f"{kind}Configurations", ())})


def _by_rules(client: Client, routes: Routes, declared: Declared) -> list[Called]:
    """Return what EventBridge rules invoke for events of the bucket."""
    events = client("events")
    listed: Fact[list[Any]] = ask(lambda: _pages(events.list_rules, "Rules"), lambda said: said["Rules"])
    if not isinstance(listed, Known):
        return [Called("what rules of EventBridge call", _hidden(listed, "ListRules"))]
    found: list[Called] = []
    for rule in listed.value:
        if rule.get("State") != "DISABLED" and is_about(rule.get("EventPattern"), declared.bucket):
            targets: Fact[list[Any]] = ask(
                partial(_pages, events.list_targets_by_rule, "Targets", Rule=rule["Name"]), lambda said: said["Targets"]
            )
            if isinstance(targets, Known):
                found += called_by([each["Arn"] for each in targets.value], routes, (rule["Arn"],))
            else:
                found.append(Called(f"what {rule['Arn']} calls", _hidden(targets, "ListTargetsByRule")))
    return found


def _listeners(client: Client, arn: str, declared: Declared) -> Fact[list[str]]:
    """Return the functions and queues that receive from a topic or a queue."""
    if not declared.owner or account_of(arn) != declared.owner:
        return _of_others(arn)
    if service_of(arn) == "sqs":
        asked = partial(client("lambda").list_event_source_mappings, EventSourceArn=arn)
        return ask(
            lambda: _pages(asked, "EventSourceMappings", "NextMarker", "Marker"),
            lambda said: [each["FunctionArn"] for each in said["EventSourceMappings"] if _is_on(each)],
        )
    asked = partial(client("sns").list_subscriptions_by_topic, TopicArn=arn)
    found: Fact[list[str]] = ask(
        lambda: _pages(asked, "Subscriptions"),
        lambda said: [each["Endpoint"] for each in said["Subscriptions"] if each["Protocol"] in {"lambda", "sqs"}],
        "NotFound",
        "NotFoundException",
    )
    return Known([]) if isinstance(found, Absent) else found


def _is_on(mapping: Mapping[str, Any]) -> bool:
    return mapping.get("State") not in {"Disabled", "Disabling", "Deleting"}


def _pages(asked: Callable[..., Any], name: str, mark: str = "NextToken", sent: str = "", **by: str) -> dict[str, Any]:
    """Return all pages of a listing."""
    from botocore.exceptions import PaginationError  # noqa: PLC0415 - only who looks at an account has it

    found: list[Any] = []
    place: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        said = asked(**by, **place)
        found += said.get(name, ())
        if not said.get(mark):
            return {name: found}
        place = {sent or mark: said[mark]}
    raise PaginationError(message=f"more than {_MOST_PAGES} pages of {name}")


def _hidden(fact: Fact[Any], asked: str) -> Unreadable:
    return fact if isinstance(fact, Unreadable) else Unreadable(asked)


def _of_others(arn: str) -> Unreadable:
    """Return why resources outside the declared account are not read."""
    account = account_of(arn)
    return Unreadable(f"{arn} is of the account {account}" if account else f"{arn} names no account to ask")


def _rights_of(client: Client, function: str, declared: Declared) -> Fact[Any]:
    if not declared.owner or account_of(function) != declared.owner:
        return _of_others(function)
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
