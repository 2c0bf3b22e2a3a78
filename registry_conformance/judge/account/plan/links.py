"""Which resource an attribute stands for, if its value is known only after the plan is applied.

A new bucket's id is unknown in its plan, so that whatever names the bucket by it can be told only by the references of
the configuration: through modules' outputs, variables, ``count`` and ``for_each``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry_conformance.judge.account.fact import Absent, Known
from registry_conformance.judge.account.plan.document import Plan, Resource

_PART = re.compile(r'([\w-]+)(?:\[("(?:[^"\\]|\\.)*"|\d+)\])?')
_DEPTH = 12
"""Through how many variables and outputs a reference is followed."""


def linked(plan: Plan, resource: Resource, attribute: str, kind: str, *names: str) -> list[Resource]:
    """Return the resources of a type that an attribute may stand for: one, none of the plan, or several that may be.

    ``names`` are the attributes by whose known value such a resource is named.
    """
    found = resource.get(attribute)
    candidates = [*plan.of(kind), *plan.read(kind)]
    if isinstance(found, Known):
        return [each for each in candidates if _is_named(each, names, found)]
    if isinstance(found, Absent):
        return []
    references = _references(_expressions(plan, resource).get(attribute))
    meant = {each.address: each for each in _resolved(plan, references, resource.module, kind, _DEPTH)}
    if len(meant) > 1:
        own = _index(resource)
        same = {address: each for address, each in meant.items() if own and _index(each) == own}
        meant = same or meant
    return list(meant.values()) or _beside(plan, resource, references, kind) or plan.of(kind)


def _is_named(resource: Resource, attributes: Sequence[str], value: Known[Any]) -> bool:
    """Return whether one of a resource's attributes has this value."""
    return any(resource.get(each) == value for each in attributes)


def _beside(plan: Plan, resource: Resource, references: Sequence[str], kind: str) -> list[Resource]:
    """Return the one resource of a type in the same module's instance, if no more is told than a local value's name.

    Plans do not say what a local value is made of; modules for one bucket name it so.
    """
    near = [each for each in plan.of(kind) if each.module == resource.module]
    by_local = bool(references) and all(each.startswith("local.") for each in references)
    return near if by_local and resource.module and len(near) == 1 else []


def referred(plan: Plan, resource: Resource, kind: str, *path: str) -> list[Resource] | None:
    """Return the resources of a type that the configuration refers to at a path of blocks, in any of these.

    ``None`` where the configuration does not tell: of blocks that are made by an expression, and of local values.
    """
    found: list[Any] = [_expressions(plan, resource)]
    for step in path:
        inner = [each.get(step) for each in found if isinstance(each, Mapping)]
        found = [one for each in inner for one in (each if isinstance(each, list) else [each]) if one]
    references = [each for one in found for each in _references(one)]
    if not references or any(each.startswith("local.") for each in references):
        return None
    return list({each.address: each for each in _resolved(plan, references, resource.module, kind, _DEPTH)}.values())


def configured(plan: Plan, resource: Resource, *path: str | int) -> bool:
    """Return whether the configuration sets anything at a path of blocks and attributes."""
    at: Any = _expressions(plan, resource)
    for step in path:
        at = at[step] if isinstance(step, int) and isinstance(at, list) and step < len(at) else at
        if isinstance(step, str):
            at = at.get(step) if isinstance(at, Mapping) else None
        if at is None:
            return False
    return True


def provider(plan: Plan, resource: Resource) -> Mapping[str, Any]:
    """Return the expressions of the provider that a resource is made by: the root's, if a module has none.

    Which of several a module was handed is not told: then there are none.
    """
    key = _configured(plan, resource).get("provider_config_key", "aws")
    found = _table(plan.raw.get("configuration"), "provider_config")
    own = _table(found.get(key), "expressions")
    of_root = [_table(each, "expressions") for each in found.values() if _is_root_aws(each)]
    return own or (of_root[0] if len(of_root) == 1 else {})


def _is_root_aws(configured: Mapping[str, Any]) -> bool:
    return configured.get("name") == "aws" and not configured.get("module_address")


def constant(plan: Plan, expression: Any) -> Any:
    """Return what an expression of the root module is, if it is a constant or a variable; ``None`` otherwise."""
    if isinstance(expression, Mapping) and "constant_value" in expression:
        return expression["constant_value"]
    names = [each.removeprefix("var.") for each in _references(expression) if each.startswith("var.")]
    return _table(plan.raw, "variables").get(names[0], {}).get("value") if len(names) == 1 else None


def _index(resource: Resource) -> str:
    """Return by what a resource, or the module's instance that it stands in, is told from its likes."""
    if resource.index is not None:
        return str(resource.index)
    parts = [index for _, index in _PART.findall(resource.module) if index]
    return parts[-1].strip('"') if parts else ""


def _modules(address: str) -> list[tuple[str, str]]:
    """Return name and index of each module on the way: ``module.a["x"].module.b`` is a, "x", then b."""
    parts = _PART.findall(address)
    return [part for place, part in enumerate(parts) if place % 2]


def _module(plan: Plan, address: str) -> Mapping[str, Any]:
    """Return the configuration of the module that an instance is of."""
    at = _table(plan.raw.get("configuration"), "root_module")
    for name, _ in _modules(address):
        at = _table(_table(at, "module_calls").get(name), "module")
    return at


def _configured(plan: Plan, resource: Resource) -> Mapping[str, Any]:
    for each in _module(plan, resource.module).get("resources") or ():
        if (each["type"], each["name"]) == (resource.type, resource.name):
            found: Mapping[str, Any] = each
            return found
    return {}


def _expressions(plan: Plan, resource: Resource) -> Mapping[str, Any]:
    return _table(_configured(plan, resource), "expressions")


def _table(of: Mapping[str, Any] | None, name: str) -> Mapping[str, Any]:
    """Return a table of a table, empty if there is none: what is empty may be left out, or null."""
    return (of or {}).get(name) or {}


def _references(expression: Any) -> Sequence[str]:
    """Return what an expression refers to, without the shorter forms that Terraform adds to each reference."""
    found = expression.get("references", ()) if isinstance(expression, Mapping) else ()
    return [each for each in found if not _has_longer_form(each, found)]


def _has_longer_form(reference: str, references: Sequence[str]) -> bool:
    return any(other.startswith((f"{reference}.", f"{reference}[")) for other in references)


def _resolved(plan: Plan, references: Sequence[str], module: str, kind: str, depth: int) -> Iterator[Resource]:
    """Yield each resource of a type that references made in a module may lead to."""
    if not depth:
        return
    for reference in references:
        head, index, *rest = _split(reference)
        if head == "var":
            parent = ".".join(_addresses(module)[:-1])
            name = _modules(module)[-1][0] if module else ""
            call = _table(_module(plan, parent), "module_calls").get(name)
            given = _references(_table(call, "expressions").get(rest[0])) if rest else ()
            yield from _resolved(plan, given, parent, kind, depth - 1)
        elif head == "module" and len(rest) > 1:
            yield from _through(plan, module, rest, kind, depth)
        elif head == kind and rest:
            yield from (
                each
                for each in plan.of(kind)
                if each.module == module and each.name == rest[0] and index in {"", str(each.index)}
            )


def _through(plan: Plan, module: str, rest: Sequence[str], kind: str, depth: int) -> Iterator[Resource]:
    """Yield what an output of a child module leads to, in each instance that may be meant."""
    name, index, output = rest[0], rest[1], rest[2] if len(rest) > 2 else ""
    begin = f"{module}.module.{name}" if module else f"module.{name}"
    instances = {each.module for each in plan.resources if re.match(rf"{re.escape(begin)}(\[|\.|$)", each.module)}
    for instance in sorted({".".join(_addresses(one)[: len(_addresses(begin))]) for one in instances}):
        if index and _modules(instance)[-1][1].strip('"') != index:
            continue
        found = _table(_module(plan, instance), "outputs").get(output, {}).get("expression")
        yield from _resolved(plan, _references(found), instance, kind, depth - 1)


def _addresses(module: str) -> list[str]:
    """Return a module's address in pieces: ``module.a["x"]``, ``module.b``."""
    return [f"module.{name}[{index}]" if index else f"module.{name}" for name, index in _modules(module)]


def _split(reference: str) -> list[str]:
    """Return kind, index and names of a reference: ``aws_s3_bucket.this[0].id`` is the kind, 0, this, id.

    Of ``module.a["x"].out`` it is module, empty, a, x, out.
    """
    parts = _PART.findall(reference)
    if not parts:
        return ["", ""]
    if parts[0][0] == "module" and len(parts) > 1:
        return ["module", "", parts[1][0], parts[1][1].strip('"'), *(name for name, _ in parts[2:3])]
    index = parts[1][1].strip('"') if len(parts) > 1 else ""
    return [parts[0][0], index, *(name for name, _ in parts[1:])]
