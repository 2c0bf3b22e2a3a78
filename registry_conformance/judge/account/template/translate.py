"""A template as the plan that it stands for: the same resources with the same values, as the AWS provider calls them.

So a template is judged by what reads plans, and both come to the same account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from registry_conformance.judge.account.plan.document import Plan, PlanError
from registry_conformance.judge.account.template import names
from registry_conformance.judge.account.template.functions import NOTHING, Functions, Unknown
from registry_conformance.judge.account.template.names import Place
from registry_conformance.judge.account.template.resources import EMPTIED, READERS, Made, Whole
from registry_conformance.judge.target.account import Declared

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def plan_of_template(template: Mapping[str, Any], environment: tuple[str, str], declared: Declared | None) -> Plan:
    """Return a template as a plan; ``environment`` is the account and the region that it is for, empty if unknown.

    Raises ``PlanError`` for a template that is not of CloudFormation's form, and for one that cannot be read alone.
    """
    return Plan(_Reader(template, environment, declared).document())


class _Reader:
    """Reads one template."""

    def __init__(self, template: Mapping[str, Any], environment: tuple[str, str], declared: Declared | None) -> None:
        self._resources = _resources(template)
        self._account, self._region = environment
        self._declared = declared
        place = self._place(str(template))
        self._meant = names.target_overrides(self._resources, declared)
        self._place_of_all = place
        self._functions = Functions(
            names={**_parameters(template), **_pseudo(place)},
            resource=self._named,
            mappings=_table(template, "Mappings"),
            conditions=_table(template, "Conditions"),
        )
        self._asked: set[str] = set()

    def _place(self, text: str) -> Place:
        declared = self._declared
        region = self._region or (declared.region if declared else "") or "us-east-1"
        account = self._account or (declared.owner if declared else "") or _number_not_in(text)
        partition = next((name for begin, name in _PARTITIONS.items() if region.startswith(begin)), "aws")
        return Place(declared.partition if declared else partition, region, account)

    def _named(self, logical: str, attribute: str) -> Any:
        """Return what a reference to a resource is."""
        resource = self._resources.get(logical)
        if resource is None:
            raise PlanError(f"it refers to {logical}, which it has not")
        if logical in self._asked:
            return Unknown(f"{logical}, which refers to itself")
        kind = str(resource["Type"])
        self._asked.add(logical)
        try:
            name, path = self._name(logical, resource), self._path(resource)
        finally:
            self._asked.remove(logical)
        return names.attribute_of(kind, name, attribute, self._place_of_all, path)

    def _path(self, resource: Mapping[str, Any]) -> str | Unknown:
        """Return the path that a role or a policy lies under, ``/`` for every other resource."""
        if resource["Type"] not in names.UNDER_PATHS:
            return "/"
        found = self._functions.value((resource.get("Properties") or {}).get("Path", "/"))
        return found if isinstance(found, str | Unknown) else "/"

    def _name(self, logical: str, resource: Mapping[str, Any]) -> str:
        """Return what a resource is called: by itself if that is known, or else by its stand-in."""
        kind, properties = str(resource["Type"]), resource.get("Properties") or {}
        if kind == names.PROVIDER:
            return str(self._functions.value(properties.get("Url"))).removeprefix("https://")
        given = self._functions.value(properties.get(names.NAMED_BY.get(kind, "")))
        return given if isinstance(given, str) else self._meant.get(logical, logical.lower())

    def document(self) -> dict[str, Any]:
        """Return the whole plan."""
        resources = [part for logical, each in self._resources.items() for part in self._parts(logical, each)]
        if self._has_nested_stacks and not any(each["type"] == "aws_s3_bucket" for each in resources):
            raise PlanError("its bucket is in no resource of its own, but it has nested stacks: judge their templates")
        told = self._account or (self._place_of_all.account if self._declared is None else "")
        caller = {"address": "caller", "mode": "data", "type": "aws_caller_identity", "name": "caller"}
        prior = [{**caller, "values": {"account_id": told}}] if told else []
        return {
            "format_version": "1.2",
            "planned_values": {"root_module": {"resources": [_without(each) for each in resources]}},
            "resource_changes": resources,
            "prior_state": {"values": {"root_module": {"resources": prior}}},
        }

    @cached_property
    def _emptied(self) -> set[str]:
        """The names of the buckets that CDK empties before it deletes them with their stack."""
        custom = [each.get("Properties") or {} for each in self._resources.values() if each["Type"] == EMPTIED]
        found = [self._functions.value(each.get("BucketName")) for each in custom]
        return {each for each in found if isinstance(each, str)}

    @property
    def _has_nested_stacks(self) -> bool:
        return any(each["Type"] == "AWS::CloudFormation::Stack" for each in self._resources.values())

    def _parts(self, logical: str, resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the resources of a plan that one of the template stands for, none if it is not made."""
        kind = str(resource["Type"])
        make = READERS.get(kind)
        if make is None or not self._is_made(logical, resource):
            return
        properties = self._functions.value(resource.get("Properties") or {})
        if not isinstance(properties, Mapping):
            raise PlanError(f"{logical}.Properties is no table")
        name = self._name(logical, resource)
        path = self._path(resource)
        arn = names.arn_of(kind, name, self._place_of_all, path)
        is_named = logical in self._meant or names.has_name(resource)
        made = Made(properties, name, arn, f"{logical} ({kind})", is_named, path)
        for number, (type_, values) in enumerate(_read(make, made)):
            own = {"arn": arn, "region": self._region or Unknown("AWS::Region")} if arn and not number else {}
            emptied = {"force_destroy": True} if type_ == "aws_s3_bucket" and name in self._emptied else {}
            known, unknown = _split({**own, **emptied, **values})
            yield {
                "address": made.where + (f", {type_}" if number else ""),
                "mode": "managed",
                "type": type_,
                "name": f"{logical}_{number}",
                "values": known,
                "change": {"actions": ["create"], "after_unknown": unknown},
            }

    def _is_made(self, logical: str, resource: Mapping[str, Any]) -> bool:
        condition = resource.get("Condition")
        met = self._functions.holds(str(condition)) if condition else True
        if isinstance(met, Unknown):
            raise PlanError(f"whether {logical} is made hangs on {met.why}: give that parameter a default")
        return met


def _read(make: Callable[[Made], Iterator[Whole]], made: Made) -> list[Whole]:
    """Return what a plan has for a resource; raise ``PlanError`` for properties of another form than they have."""
    try:
        return list(make(made))
    except PlanError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError):
        raise PlanError(f"{made.where} has not the form that CloudFormation asks for") from None


_EXPANDED = "give the template as CloudFormation expands it"


def _resources(template: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    if template.get("Transform"):
        raise PlanError(f"its Transform {template['Transform']} makes other resources of it: {_EXPANDED}")
    found = template["Resources"]
    for logical, each in found.items():
        if str(logical).startswith("Fn::ForEach"):
            raise PlanError(f"{logical} stands for several resources: {_EXPANDED}")
        if not isinstance(each, Mapping) or not isinstance(each.get("Type"), str):
            raise PlanError(f"it is no template of CloudFormation: the resource {logical} has no Type")
        if each["Type"].startswith("AWS::Serverless::"):
            raise PlanError(f"{logical} ({each['Type']}) stands for several resources: {_EXPANDED}")
        if not isinstance(each.get("Properties") or {}, Mapping):
            raise PlanError(f"it is no template of CloudFormation: {logical}.Properties is no table")
    return {str(logical): each for logical, each in found.items()}


def _table(template: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of a template; raise ``PlanError`` if it is no table."""
    found = template.get(name) or {}
    if not isinstance(found, Mapping):
        raise PlanError(f"it is no template of CloudFormation: {name} is no table")
    return found


def _parameters(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters by their defaults; one without, or whose default is the name of another place, is unknown."""
    found = template.get("Parameters") or {}
    if not isinstance(found, Mapping) or not all(isinstance(each, Mapping) for each in found.values()):
        raise PlanError("it is no template of CloudFormation: Parameters is no table of tables")
    return {name: _default(name, each) for name, each in found.items()}


def _default(name: str, parameter: Mapping[str, Any]) -> Any:
    kind, default = str(parameter.get("Type", "String")), parameter.get("Default")
    if default is None or kind.startswith("AWS::SSM::"):
        return Unknown(f"the parameter {name}")
    listed = kind == "CommaDelimitedList" or kind.startswith("List<")
    return [each.strip() for each in str(default).split(",")] if listed else str(default)


def _pseudo(place: Place) -> dict[str, Any]:
    return {
        "AWS::AccountId": place.account,
        "AWS::Region": place.region,
        "AWS::Partition": place.partition,
        "AWS::URLSuffix": place.domain,
        "AWS::NoValue": NOTHING,
        "AWS::StackName": Unknown("AWS::StackName"),
        "AWS::StackId": Unknown("AWS::StackId"),
        "AWS::NotificationARNs": Unknown("AWS::NotificationARNs"),
    }


def _number_not_in(text: str) -> str:
    """Return a number of an account that a template does not name, to stand for the one that it is deployed to."""
    return next(number for number in map(str, range(424242424242, 424242425242)) if number not in text)


def _split(value: Any) -> tuple[Any, Any]:
    """Return what is known of a value, and true in the places that are not."""
    if isinstance(value, Unknown):
        return None, True
    if isinstance(value, Mapping):
        both = {name: _split(each) for name, each in value.items()}
        return {name: known for name, (known, _) in both.items()}, {name: what for name, (_, what) in both.items()}
    if isinstance(value, list):
        each = [_split(one) for one in value]
        return [known for known, _ in each], [what for _, what in each]
    return value, False


def _without(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in resource.items() if name != "change"}
