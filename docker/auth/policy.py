"""The policy: role -> scope and rights, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rights import Right


class PolicyError(ValueError):
    """The policy file is unreadable or malformed; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role: the scope that grants it, and its rights."""

    name: str
    scope: str
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may do what: the doors' prefixes, the paths that need no key, and the roles in the file's order."""

    doors: tuple[str, ...]
    open: frozenset[str]
    roles: tuple[Role, ...]

    @classmethod
    def load(cls, path: Path) -> Policy:
        """Read the policy in ``path``; raise ``PolicyError`` that names the entry at fault."""
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as problem:
            raise PolicyError(f"cannot read {path.name}: {problem.strerror}") from problem
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise PolicyError(f"{path.name} is not TOML: {problem}") from problem
        unknown = set(document) - {"doors", "open", "roles"}
        if unknown:
            raise PolicyError(f"{path.name} has unknown entries: {', '.join(sorted(unknown))}")
        roles = document.get("roles")
        if not isinstance(roles, dict) or not roles:
            raise PolicyError(f"{path.name} needs at least one [roles.NAME]")
        return cls(
            doors=tuple(_texts(path, document, "doors")),
            open=frozenset(_texts(path, document, "open")),
            roles=tuple(_role(path, name, entry) for name, entry in roles.items()),
        )

    def roles_of(self, scopes: Iterable[str]) -> tuple[Role, ...]:
        """Return the roles that ``scopes`` grant, in the file's order."""
        held = frozenset(scopes)
        return tuple(role for role in self.roles if role.scope in held)

    def inside(self, path: str) -> str:
        """Return ``path`` as MLflow will see it: without the prefix of the door it came through."""
        for door in self.doors:
            if path == door or path.startswith(door + "/"):
                return path[len(door) :] or "/"
        return path


def _role(path: Path, name: str, entry: Any) -> Role:
    place = f"{path.name}, role {name}"
    if not isinstance(entry, dict) or set(entry) != {"scope", "rights"} or not isinstance(entry["scope"], str):
        raise PolicyError(f"{place}: needs a scope (text) and rights (a list), and nothing else")
    try:
        rights = frozenset(Right(right) for right in _texts(path, entry, "rights"))
    except ValueError as problem:
        raise PolicyError(f"{place}: {problem}; known rights: {', '.join(Right)}") from problem
    return Role(name, entry["scope"], rights)


def _texts(path: Path, table: dict[str, Any], name: str) -> list[str]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise PolicyError(f"{path.name}: {name} must be a list of texts")
    return value
