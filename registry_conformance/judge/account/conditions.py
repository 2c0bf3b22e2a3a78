"""Conditions of IAM statements, decided on what is known of a request."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping

from registry_conformance.judge.account.statement import Condition

Facts = Mapping[str, tuple[str, ...]]
"""Context key, small letters -> its values; none if the request lacks the key. What is not in it is not known."""

_POSSIBLE: Facts = {
    "s3:tlsversion": ("1.2", "1.3"),
    "s3:authtype": ("REST-HEADER", "REST-QUERY-STRING"),
}
"""Keys that are not known of a request, but have one of these values: S3 takes no older TLS."""


def _like(value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Return whether a condition holds, ``None`` if that cannot be told from ``facts``."""
    operator, key, wanted = condition
    values = facts.get(key.lower())
    if values is None and (possible := _POSSIBLE.get(key.lower())):
        each = {holds(condition, {**facts, key.lower(): (value,)}) for value in possible}
        return each.pop() if len(each) == 1 else None
    if values is None:
        return None
    quantifier, _, operator = operator.rpartition(":")
    if operator == "Null":
        return (not values) is (wanted == ("true",))
    plain = operator.removesuffix("IfExists").replace("Not", "", 1)
    known = [one for each in wanted if (one := resolved(each, facts)) is not None]
    if plain not in _TESTS or len(known) < len(wanted):
        return None
    negated = "Not" in operator
    if not values:
        return operator.endswith("IfExists") or quantifier == "ForAllValues" or (negated and not quantifier)
    try:
        met = [any(_TESTS[plain](value, each) for each in known) is not negated for value in values]
    except ValueError:  # a number is compared with what is none: AWS takes it for no match, who wrote it may not
        met = []
    return None if not met else all(met) if quantifier == "ForAllValues" else any(met)


def resolved(pattern: str, facts: Facts) -> str | None:
    """Return a pattern with what its variables (``${aws:PrincipalAccount}``) stand for, ``None`` where unknown."""
    names = re.findall(r"\$\{([^}]*)\}", pattern)
    known = {name: values[0] for name in names if len(values := facts.get(name.lower(), ())) == 1}
    if len(known) < len(set(names)):
        return None
    return re.sub(r"\$\{([^}]*)\}", lambda name: known[name[1]], pattern)
