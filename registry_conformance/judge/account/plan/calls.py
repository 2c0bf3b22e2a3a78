"""What events of a planned bucket invoke: directly, or through topics, queues and EventBridge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from registry_conformance.judge.account.events import Routes, called_by, is_about
from registry_conformance.judge.account.fact import Fact, Known, Pending, Unreadable
from registry_conformance.judge.account.patterns import service_of
from registry_conformance.judge.account.plan.document import Plan, Resource
from registry_conformance.judge.account.plan.links import linked
from registry_conformance.judge.account.plan.role import planned_role
from registry_conformance.judge.account.state import Called
from registry_conformance.judge.account.statement import Statement

FUNCTION, QUEUE, TOPIC = "aws_lambda_function", "aws_sqs_queue", "aws_sns_topic"
_SERVICES: Mapping[str, str] = MappingProxyType({FUNCTION: "lambda", QUEUE: "sqs", TOPIC: "sns"})
_BLOCKS = (("lambda_function", FUNCTION), ("queue", QUEUE), ("topic", TOPIC))


def calls(plan: Plan, bucket: Resource) -> Fact[tuple[Called, ...]]:
    """Return what a bucket's notifications invoke, as far as the plan shows."""
    found: list[Called] = []
    notifications = plan.of("aws_s3_bucket_notification")
    about = [(each, linked(plan, each, "bucket", "aws_s3_bucket", "bucket", "id")) for each in notifications]
    for each, buckets in about:
        if bucket in buckets and buckets != [bucket]:
            return Pending(f"{each.address}.bucket")
        if bucket in buckets:
            found += _of(plan, each, bucket)
    if bucket in plan.data and not any(bucket in buckets for _, buckets in about):
        return Unreadable("the plan reads the bucket and manages no aws_s3_bucket_notification of it")
    return Known(tuple(dict.fromkeys(sorted(found, key=lambda each: (each.function, each.by)))))


def _of(plan: Plan, notification: Resource, bucket: Resource) -> Iterator[Called]:
    routes = Routes(
        lambda name: _service(plan, name), lambda name: _listeners(plan, name), lambda name: _rights(plan, name)
    )
    for block, kind in _BLOCKS:
        for number in range(notification.blocks(block)):
            name = _receiver(plan, kind, notification.get(block, number, f"{block}_arn"))
            place = f"{notification.address}.{block}"
            yield from called_by([name], routes) if name else [Called(place, Pending(place))]
    if notification.get("eventbridge") == Known(value=True):
        yield from _by_rules(plan, bucket, routes)


def _receiver(plan: Plan, kind: str, arn: Fact[str]) -> str:
    """Return the name of what an ARN is of, empty if it is not known yet."""
    meant = _named(plan, kind, arn)
    if len(meant) == 1:
        return _name(meant[0])
    return str(arn.value) if isinstance(arn, Known) else ""


def _by_rules(plan: Plan, bucket: Resource, routes: Routes) -> Iterator[Called]:
    """Yield what the plan's EventBridge rules invoke for events of the bucket."""
    name = bucket.get("bucket")
    for rule in plan.of("aws_cloudwatch_event_rule"):
        takes = is_about(_event_pattern(rule), str(name.value) if isinstance(name, Known) else "")
        off = rule.get("state") == Known("DISABLED") or rule.get("is_enabled") == Known(value=False)
        for target in plan.of("aws_cloudwatch_event_target") if takes and not off else ():
            if rule in linked(plan, target, "rule", "aws_cloudwatch_event_rule", "name", "id"):
                yield from called_by(_meant(plan, target, "arn", FUNCTION, QUEUE, TOPIC), routes, (_name(rule),))


def _event_pattern(rule: Resource) -> str | None:
    """Return the text of a rule's pattern, ``None`` if it has none; one that is not known yet may be of any event."""
    match rule.get("event_pattern"):
        case Known(text):
            return str(text)
        case Pending():
            return "{}"
    return None


def _listeners(plan: Plan, name: str) -> Fact[list[str]]:
    """Return the receivers of a topic or queue; one that is managed elsewhere may have others."""
    kind, own = (QUEUE, "event_source_arn") if _service(plan, name) == "sqs" else (TOPIC, "topic_arn")
    of = "aws_lambda_event_source_mapping" if kind == QUEUE else "aws_sns_topic_subscription"
    found: list[str] = []
    for each in plan.of(of):
        if each.get("enabled") == Known(value=False) or not _leads_from(plan, each, own, kind, name):
            continue
        protocol = each.get("protocol")
        if kind == QUEUE:
            found += _meant(plan, each, "function_name", FUNCTION)
        elif protocol in {Known("lambda"), Known("sqs")}:
            found += _meant(plan, each, "endpoint", FUNCTION if protocol == Known("lambda") else QUEUE)
    if not found and not any(_name(each) == name for each in plan.of(kind)):
        return Unreadable(f"the plan does not show what listens to {name}")
    return Known(list(dict.fromkeys(found)))


def _leads_from(plan: Plan, resource: Resource, attribute: str, kind: str, name: str) -> bool:
    arn = resource.get(attribute)
    return arn == Known(name) or any(
        _name(each) == name for each in linked(plan, resource, attribute, kind, "arn", "id")
    )


def _meant(plan: Plan, resource: Resource, attribute: str, *kinds: str) -> list[str]:
    """Return the names that an attribute refers to: a resource of the plan, or an ARN."""
    value = resource.get(attribute)
    meant = [each for kind in kinds for each in linked(plan, resource, attribute, kind, "arn", "function_name", "id")]
    return [_name(each) for each in meant] or ([str(value.value)] if isinstance(value, Known) else [])


def _named(plan: Plan, kind: str, arn: Fact[str]) -> list[Resource]:
    """Return the resources of a type that an ARN may be of: all, if it is known only after the plan is applied."""
    if isinstance(arn, Known):
        return [each for each in plan.of(kind) if each.get("arn") == arn]
    return plan.of(kind) if isinstance(arn, Pending) else []


def _name(resource: Resource) -> str:
    """Return a resource's name: its ARN, or its address while the ARN is unknown."""
    arn = resource.get("arn")
    return str(arn.value) if isinstance(arn, Known) else resource.address


def _service(plan: Plan, name: str) -> str:
    kinds = [each.type for each in plan.resources if each.address == name]
    return _SERVICES.get(kinds[0], "") if kinds else service_of(name)


def _rights(plan: Plan, name: str) -> Fact[tuple[Statement, ...]]:
    for function in plan.of(FUNCTION):
        if _name(function) == name:
            roles = linked(plan, function, "role", "aws_iam_role", "arn", "id")
            return (
                planned_role(plan, roles[0], "").statements if len(roles) == 1 else Pending(f"{function.address}.role")
            )
    return Unreadable(f"the plan does not show which function {name} is")
