"""Mutants of the access policy: rights of roles, doors, and open paths."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Set
from typing import Any

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import DOORS
from registry_conformance.proof.mutants.families import family
from registry_conformance.proof.mutants.mutant import Mutant, with_file

FILE = "auth/policy.toml"
RIGHTS = ("read", "write", "artifact-read", "artifact-write")
_MORE_OPEN = ("/", "/version", "/graphql", "/api/2.0/mlflow/experiments/search")
_MORE_DOORS = ("/api", "/other")


def mutants() -> Iterator[Mutant]:
    """Yield the mutants of every rule of the policy file."""
    shipped = tomllib.loads((DOCKER / FILE).read_text(encoding="utf-8"))
    for name, more in (("doors", _MORE_DOORS), ("open", _MORE_OPEN)):
        yield from _list(shipped, (name,), more)
    for role, entry in shipped["roles"].items():
        yield from _list(shipped, ("roles", role, "rights"), RIGHTS)
        scopes = [each["scope"] for each in shipped["roles"].values()]
        for scope in [*scopes, entry["scope"].upper(), f"{entry['scope']}s"]:
            if scope != entry["scope"]:
                yield _mutant(shipped, ("roles", role, "scope"), entry["scope"], scope)
        if len(shipped["roles"]) > 1:
            others = {each: what for each, what in shipped["roles"].items() if each != role}
            text = _toml(shipped | {"roles": others})
            yield Mutant("auth", "rule", f"docker/{FILE}:roles/{role}", "dropped", with_file(FILE, text))


def _list(document: dict[str, Any], path: tuple[str, ...], more: tuple[str, ...]) -> Iterator[Mutant]:
    """Yield a list with one member less, one more, and empty."""
    now = document
    for step in path:
        now = now[step]
    values: list[str] = list(now)
    for left in values:
        yield _mutant(document, path, values, [each for each in values if each != left])
    for added in more:
        if added not in values:
            yield _mutant(document, path, values, [*values, added])
    if len(values) > 1:
        yield _mutant(document, path, values, [])


def _mutant(document: dict[str, Any], path: tuple[str, ...], before: Any, after: Any) -> Mutant:
    changed = json.loads(json.dumps(document))
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = after
    how = f"{json.dumps(before)} -> {json.dumps(after)}"
    place, change = f"docker/{FILE}:{'/'.join(path)}", with_file(FILE, _toml(changed))
    line = _doors_of(set(before) ^ set(after)) if path == ("doors",) else ""
    line = path[1] if path[0] == "roles" else line  # the checks of scopes have cases by role
    opened = set(before) ^ set(after) if path == ("open",) else set()
    asked = frozenset(f"auth GET {family('auth', each)}" for each in opened)
    return Mutant("auth", "rule", place, how, change, asked, line=line)


def _doors_of(prefixes: Set[str]) -> str:
    """Return the names of the doors whose paths begin with one of these: the checks are asked at doors by name."""
    found = (name for name, door in DOORS.items() for each in prefixes if f"{door}/api/".startswith(f"{each}/"))
    return " ".join(sorted(set(found)))


def _toml(document: dict[str, Any]) -> str:
    lines = [f"{name} = {json.dumps(document[name])}" for name in ("doors", "open")]
    for role, entry in document["roles"].items():
        lines += [f"[roles.{role}]", *(f"{name} = {json.dumps(value)}" for name, value in entry.items())]
    return "\n".join(lines) + "\n"
