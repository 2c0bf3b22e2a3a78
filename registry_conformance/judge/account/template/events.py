"""Topics, queues and rules of EventBridge of a template, and what listens to them, as a plan has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from registry_conformance.judge.account.template import names
from registry_conformance.judge.account.template.functions import Unknown, unknown_in

if TYPE_CHECKING:
    from registry_conformance.judge.account.template.bucket import Values
    from registry_conformance.judge.account.template.resources import Made


def _queue(made: Made) -> Iterator[tuple[str, Values]]:
    yield "aws_sqs_queue", {"name": made.name}


def _topic(made: Made) -> Iterator[tuple[str, Values]]:
    yield "aws_sns_topic", {"name": made.name}
    for each in made.properties.get("Subscription") or ():
        yield _subscribed(made.arn, each)


def _subscription(made: Made) -> Iterator[tuple[str, Values]]:
    yield _subscribed(made.properties.get("TopicArn"), made.properties)


def _subscribed(topic: Any, given: Mapping[str, Any]) -> tuple[str, Values]:
    values = {"topic_arn": topic, "protocol": given.get("Protocol"), "endpoint": given.get("Endpoint")}
    return "aws_sns_topic_subscription", values


def _mapping(made: Made) -> Iterator[tuple[str, Values]]:
    given = made.properties
    on = given.get("Enabled", True)
    yield (
        "aws_lambda_event_source_mapping",
        {
            "event_source_arn": given.get("EventSourceArn"),
            "function_name": given.get("FunctionName"),
            "enabled": on if isinstance(on, Unknown) else str(on).lower() == "true",
        },
    )


def _rule(made: Made) -> Iterator[tuple[str, Values]]:
    pattern = made.properties.get("EventPattern")
    text = unknown_in(pattern) or (json.dumps(pattern) if pattern is not None else None)
    yield (
        "aws_cloudwatch_event_rule",
        {"name": made.name, "event_pattern": text, "state": made.properties.get("State")},
    )
    for each in made.properties.get("Targets") or ():
        yield "aws_cloudwatch_event_target", {"rule": made.name, "arn": each.get("Arn")}


READERS: Mapping[str, Callable[[Made], Iterator[tuple[str, Values]]]] = MappingProxyType(
    {
        names.QUEUE: _queue,
        names.TOPIC: _topic,
        names.RULE: _rule,
        "AWS::SNS::Subscription": _subscription,
        "AWS::Lambda::EventSourceMapping": _mapping,
    }
)
"""Type of a resource -> who reads it."""
