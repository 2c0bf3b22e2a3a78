"""Evaluates conditions of IAM statements with what is known about a request."""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from registry_conformance.judge.account.statement import Condition

Facts = Mapping[str, tuple[str, ...]]
"""Context key, small letters -> its values; none if the request lacks the key. What is not in it is not known."""


_VARIABLE = re.compile(r"\$\{([^}]*)\}")


_LATEST = 253370764800
"""The year 9999 in seconds since 1970, beyond which there are no dates."""


class OneOf(tuple[str, ...]):
    """Possible values of a request's key; which one is unknown."""

    __slots__ = ()


_POSSIBLE: Facts = {
    "s3:tlsversion": OneOf(("1.2", "1.3")),
    "s3:authtype": OneOf(("REST-HEADER", "REST-QUERY-STRING")),
}
"""Keys that are not known of a request, but have one of these values: S3 takes no older TLS."""


def _like(value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def _arn_like(value: str, pattern: str) -> bool:
    """Return whether an ARN matches a pattern part by part: no wildcard matches across a colon."""
    parts, patterns = value.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) == 6 and all(map(_like, parts, patterns))


def _within(value: str, wanted: str) -> bool:
    """Return whether an address or a whole network is in a network.

    Raises ``ValueError`` if only a part of it is, and for invalid input.
    """
    inner, outer = ipaddress.ip_network(value, strict=False), ipaddress.ip_network(wanted, strict=False)
    if inner.version != outer.version or not inner.overlaps(outer):
        return False
    if inner.prefixlen < outer.prefixlen:
        raise ValueError(f"{value} lies in {wanted} in part")
    return True


def moment(text: str) -> datetime:
    """Return the time in a policy: an ISO 8601 date, by default in UTC, or seconds since 1970.

    Raises ``ValueError`` for anything else.
    """
    if re.fullmatch(r"-?\d{5,}", text):
        return datetime.fromtimestamp(min(int(text), _LATEST), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "IpAddress": _within,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
    "DateEquals": lambda value, wanted: moment(value) == moment(wanted),
    "DateLessThan": lambda value, wanted: moment(value) < moment(wanted),
    "DateLessThanEquals": lambda value, wanted: moment(value) <= moment(wanted),
    "DateGreaterThan": lambda value, wanted: moment(value) > moment(wanted),
    "DateGreaterThanEquals": lambda value, wanted: moment(value) >= moment(wanted),
}


def all_hold(conditions: Iterable[Condition], facts: Facts) -> bool | None:
    """Return whether every condition holds, ``None`` if that hangs on one of which ``facts`` do not tell."""
    met = [holds(each, facts) for each in conditions]
    if False in met:
        return False
    return None if None in met else True


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Return whether a condition holds, ``None`` if ``facts`` do not tell."""
    operator, key, wanted = condition
    values = facts.get(key.lower(), _POSSIBLE.get(key.lower()))
    if isinstance(values, OneOf):
        each = {holds(condition, {**facts, key.lower(): (value,)}) for value in values}
        return each.pop() if len(each) == 1 else None
    if values is None:
        return None
    quantifier, _, operator = operator.rpartition(":")
    if operator == "Null":
        return (not values) is (wanted[0].lower() == "true") if len(wanted) == 1 else None
    plain = operator.removesuffix("IfExists").replace("Not", "", 1)
    known = [one for each in wanted if (one := resolved(each, facts)) is not None]
    if plain not in _TESTS or len(known) < len(wanted):
        return None
    negated = "Not" in operator
    if not values:
        return operator.endswith("IfExists") or quantifier == "ForAllValues" or (negated and not quantifier)
    try:
        met = [_matches_one(_TESTS[plain], value, known) is not negated for value in values]
    except ValueError:  # a number is compared with what is none: AWS takes it for no match, who wrote it may not
        met = []
    together = all if quantifier == "ForAllValues" else any
    return together(met) if met else None


def _matches_one(test: Callable[[str, str], bool], value: str, wanted: Iterable[str]) -> bool:
    """Return whether a value of a request is like one of those that a condition names."""
    return any(test(value, each) for each in wanted)


def names_of(pattern: str) -> list[str]:
    """Return the keys of the variables in a pattern."""
    return [variable.partition(",")[0].strip() for variable in _VARIABLE.findall(pattern)]


def resolved(pattern: str, facts: Facts) -> str | None:
    """Return a pattern with what its variables stand for, ``None`` where that is unknown.

    A variable is ``${aws:PrincipalAccount}``, or ``${aws:PrincipalTag/team, 'none'}`` with what stands for a key that a
    request lacks.
    """
    known: dict[str, str] = {}
    for variable in set(_VARIABLE.findall(pattern)):
        name, _, default = variable.partition(",")
        values = facts.get(name.strip().lower())
        if default and values == ():
            known[variable] = default.strip().strip("'")
        elif values is None or len(values) != 1:
            return None
        else:
            known[variable] = values[0]
    return _VARIABLE.sub(lambda variable: known[variable[1]], pattern)
