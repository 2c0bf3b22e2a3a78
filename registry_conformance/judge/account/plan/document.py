"""Reads a plan's JSON, and its resources as values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from registry_conformance.judge import limited_reading
from registry_conformance.judge.account.fact import Absent, Fact, Known, Pending
from registry_conformance.judge.account.plan.form import Form

_KNOWN = re.compile(r"(0\.[12]|1\.\d+)$")
_MAKE = "make one by `terraform show -json PLAN > plan.json`, or tofu's the same"


class PlanError(ValueError):
    """A plan cannot be judged; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as it is planned. ``module`` is the address of its module's instance, empty for the root.

    ``values`` holds what is known, ``unknown`` has true in the places that are known only after the plan is applied.
    """

    address: str
    module: str
    type: str
    name: str
    index: str | int | None
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]

    def get(self, *path: str | int) -> Fact[Any]:
        """Return the value at a path of attributes, blocks and indexes; an unset one is absent."""
        found: Any = self.values
        unknown: Any = self.unknown
        for step in path:
            unknown = _step(unknown, step)
            if unknown is True:
                return Pending(".".join([self.address, *map(str, path)]))
            found = _step(found, step)
        return Absent() if found is None else Known(found)

    def blocks(self, *path: str | int) -> int:
        """Return the number of blocks at a path."""
        found = self.get(*path)
        return len(found.value) if isinstance(found, Known) else 0


def _step(at: Any, step: str | int) -> Any:
    if at is True:
        return True
    if isinstance(step, int):
        return at[step] if isinstance(at, list) and step < len(at) else None
    return at.get(step) if isinstance(at, Mapping) else None


@dataclass(frozen=True)
class Plan:
    """A whole plan, as its JSON has it."""

    raw: Mapping[str, Any]

    @cached_property
    def resources(self) -> list[Resource]:
        """Every managed resource that exists after the plan is applied."""
        changes = {each["address"]: each.get("change") or {} for each in self._changes}
        root = self.raw["planned_values"].get("root_module") or {}
        return [_resource(each, module, changes) for module, each in _walk(root) if each["mode"] == "managed"]

    @cached_property
    def removed(self) -> list[Resource]:
        """Every managed resource that the plan removes, with its earlier values."""
        gone = [each for each in self._changes if (each.get("change") or {}).get("actions") == ["delete"]]
        return [_resource({**each, "values": each["change"].get("before")}, "", {}) for each in gone]

    def replaces(self, resource: Resource) -> bool:
        """Return whether a resource is removed and made anew."""
        changed = [each.get("change") or {} for each in self._changes if each["address"] == resource.address]
        return any({"delete", "create"} <= {*each.get("actions", ())} for each in changed)

    @cached_property
    def data(self) -> list[Resource]:
        """Every data source that was read for the plan."""
        return [_resource(each, module, {}) for module, each in self._prior if each["mode"] == "data"]

    @property
    def held(self) -> bool:
        """Whether managed resources existed before the plan."""
        return any(each["mode"] == "managed" for _, each in self._prior)

    @property
    def _prior(self) -> list[tuple[str, Mapping[str, Any]]]:
        return list(_walk(((self.raw.get("prior_state") or {}).get("values") or {}).get("root_module") or {}))

    @property
    def _changes(self) -> Sequence[Mapping[str, Any]]:
        return self.raw.get("resource_changes") or ()

    def of(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return [each for each in self.resources if each.type == kind]

    def read(self, kind: str) -> list[Resource]:
        """Return the data sources of a type: existing resources that are managed elsewhere."""
        return [each for each in self.data if each.type == kind]


def _walk(module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in module.get("resources") or ():
        yield module.get("address", ""), each
    for child in module.get("child_modules") or ():
        yield from _walk(child)


def _resource(raw: Mapping[str, Any], module: str, changes: Mapping[str, Mapping[str, Any]]) -> Resource:
    unknown = changes.get(raw["address"], {}).get("after_unknown")
    return Resource(
        address=raw["address"],
        module=module,
        type=raw["type"],
        name=raw["name"],
        index=raw.get("index"),
        values=raw.get("values") or {},
        unknown=unknown if isinstance(unknown, Mapping) else {},
    )


def read_bytes(file: Path) -> bytes:
    """Return a file's bytes; raise ``PlanError`` if it is unreadable, or a binary plan of Terraform."""
    try:
        raw = limited_reading.read_bytes(file, limited_reading.DOCUMENTS)
    except OSError as problem:
        raise PlanError(f"it cannot be read: {problem.strerror}") from None
    if raw.startswith(b"PK"):
        raise PlanError(f"it is a binary plan; {_MAKE}")
    return raw


def document_of(raw: bytes) -> Any:
    """Return the content of a JSON file; raise ``PlanError`` if it is invalid."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise PlanError(f"it is not JSON ({problem}); {_MAKE}") from None


def plan_of_document(document: Any) -> Plan:
    """Return the plan in a document; raise ``PlanError`` if it is none, or of an unknown format."""
    if not isinstance(document, dict) or "format_version" not in document:
        raise PlanError(f"it is no plan: it has no format_version; {_MAKE}")
    _whole(document)
    plan = Plan(document)
    if document.get("resource_changes") is None and plan.held and not plan.resources:
        raise PlanError("it plans nothing: made by -refresh-only, it says not what will be; plan without")
    return plan


def _whole(document: Mapping[str, Any]) -> None:
    """Return if a document is a whole plan of a known format; raise ``PlanError`` otherwise."""
    version = str(document["format_version"])
    if not _KNOWN.match(version):
        raise PlanError(f"its format version {version} is unknown; known are 0.1, 0.2 and 1.x")
    if not isinstance(document.get("planned_values"), dict):
        raise PlanError(f"it is no plan but a state: it has no planned_values; {_MAKE}")
    if document.get("errored"):
        raise PlanError("planning ended with an error, so that it is not whole; plan again")
    if document.get("complete") is False:
        raise PlanError("it is not whole, so that what it lacks may be there: made by -target, or parts are deferred")
    try:
        Form.model_validate(document)
    except ValidationError as problem:
        place = ".".join(map(str, problem.errors()[0]["loc"]))
        raise PlanError(f"it is no plan: {place} is missing, or of another form; {_MAKE}") from None
