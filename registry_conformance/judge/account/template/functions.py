"""What the functions of a template come to before it is deployed: ``Ref``, ``Fn::Sub``, ``Fn::If`` and the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry_conformance.judge.account.plan.document import PlanError

_DEPTH = 40
"""How deep functions lie in each other at most: more is a circle."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known only once the template is deployed; ``why`` names what it hangs on."""

    why: str


NOTHING = object()
"""What ``AWS::NoValue`` stands for: the property is not there."""
Named = Callable[[str, str], Any]


@dataclass(frozen=True)
class Functions:
    """Evaluates a template. ``names`` are what it refers to by name: parameters and pseudo parameters.

    ``resource`` says what a reference to a resource is, given its logical id and an attribute, empty for ``Ref``.
    """

    names: Mapping[str, Any]
    resource: Named
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def value(self, node: Any, depth: int = 0) -> Any:
        """Return what a node comes to; ``Unknown`` where any part of a text is, ``NOTHING`` for no value."""
        if depth > _DEPTH:
            return Unknown("functions that refer to each other in a circle")
        if isinstance(node, Sequence) and not isinstance(node, str):
            whole = [self.value(each, depth + 1) for each in node]
            return [each for each in whole if each is not NOTHING]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            (key, given), *_ = node.items()
            name = str(key)
            if name.startswith("Fn::") or name == "Ref" or (name == "Condition" and isinstance(given, str)):
                return self._called(name, given, depth + 1)
        known = {str(name): self.value(each, depth + 1) for name, each in node.items()}
        return {name: each for name, each in known.items() if each is not NOTHING}

    def _called(self, name: str, given: Any, depth: int) -> Any:
        if name not in _FUNCTIONS:
            return Unknown(name)
        try:
            return _FUNCTIONS[name](self, given, depth)
        except PlanError:
            raise
        except (AttributeError, LookupError, TypeError, ValueError):
            raise PlanError(f"{name} in it has not the form that CloudFormation asks for: {given!r:.80}") from None

    def holds(self, condition: str, depth: int = 0) -> bool | Unknown:
        """Return whether a condition of the template holds."""
        if condition not in self.conditions:
            return Unknown(f"the condition {condition}, which the template does not have")
        found = self.value(self.conditions[condition], depth + 1)
        return found if isinstance(found, bool | Unknown) else Unknown(f"the condition {condition}")

    def named(self, name: str) -> Any:
        """Return what a name or ``ID.Attribute`` stands for."""
        if name in self.names:
            return self.names[name]
        logical, _, attribute = name.partition(".")
        return self.resource(logical, attribute)


def unknown_in(value: Any) -> Unknown | None:
    """Return the first unknown in a value, ``None`` if all of it is known."""
    if isinstance(value, Unknown):
        return value
    parts: Iterable[Any] = ()
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, list):
        parts = value
    return next((found for each in parts if (found := unknown_in(each))), None)


def _ref(functions: Functions, given: Any, _: int) -> Any:
    return functions.named(str(given))


def _get_att(functions: Functions, given: Any, _: int) -> Any:
    return functions.named(".".join(map(str, given)) if isinstance(given, list) else str(given))


def _sub(functions: Functions, given: Any, depth: int) -> Any:
    text, own = (given[0], functions.value(given[1], depth)) if isinstance(given, list) else (given, {})
    if isinstance(own, Unknown):
        return own
    found = {name: own.get(name, NOTHING) for name in re.findall(r"\$\{([^!}][^}]*)\}", str(text))}
    known = {name: functions.named(name.strip()) if each is NOTHING else each for name, each in found.items()}
    if unknown := unknown_in(list(known.values())):
        return unknown
    whole = re.sub(r"\$\{([^!}][^}]*)\}", lambda name: str(known[name[1]]), str(text))
    return whole.replace("${!", "${")


def _join(functions: Functions, given: Any, depth: int) -> Any:
    whole = functions.value(given, depth)
    if unknown := unknown_in(whole):
        return unknown
    between, parts = whole
    return str(between).join(map(str, parts))


def _split(functions: Functions, given: Any, depth: int) -> Any:
    whole = functions.value(given, depth)
    return unknown_in(whole) or str(whole[1]).split(str(whole[0]))


def _select(functions: Functions, given: Any, depth: int) -> Any:
    number, parts = functions.value(given[0], depth), functions.value(given[1], depth)
    if isinstance(parts, Unknown) or isinstance(number, Unknown) or int(number) >= len(parts):
        return parts if isinstance(parts, Unknown) else Unknown("Fn::Select")
    return parts[int(number)]


def _if(functions: Functions, given: Any, depth: int) -> Any:
    met = functions.holds(str(given[0]), depth)
    if isinstance(met, Unknown):
        return met
    return functions.value(given[1 if met else 2], depth)


def _condition(functions: Functions, given: Any, depth: int) -> Any:
    return functions.holds(str(given), depth)


def _equals(functions: Functions, given: Any, depth: int) -> Any:
    one, other = functions.value(given, depth)
    return unknown_in([one, other]) or str(one) == str(other)


def _and(functions: Functions, given: Any, depth: int) -> Any:
    met = functions.value(given, depth)
    return False if False in met else unknown_in(met) or True


def _or(functions: Functions, given: Any, depth: int) -> Any:
    met = functions.value(given, depth)
    return True if True in met else unknown_in(met) or False


def _not(functions: Functions, given: Any, depth: int) -> Any:
    met = functions.value(given, depth)
    return unknown_in(met) or not met[0]


def _find_in_map(functions: Functions, given: Any, depth: int) -> Any:
    steps = functions.value(given[:3], depth)
    if unknown := unknown_in(steps):
        return unknown
    at: Any = functions.mappings
    for step in steps:
        at = at.get(str(step)) if isinstance(at, Mapping) else None
    return Unknown("Fn::FindInMap " + ".".join(map(str, steps))) if at is None else at


_FUNCTIONS: Mapping[str, Callable[[Functions, Any, int], Any]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Fn::FindInMap": _find_in_map,
}
