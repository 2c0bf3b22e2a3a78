"""Excessive permissions: everything that statements grant, without what they deny."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from registry_conformance.judge.account.patterns import common, covers, covers_action
from registry_conformance.judge.account.statement import Statement


@dataclass(frozen=True, slots=True)
class Grant:
    """An action on a resource that a statement allows, patterns both, each less what ``but`` and ``beside`` name.

    ``policy`` is where it stands.
    """

    action: str
    resource: str
    but: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    policy: str = field(default="", compare=False)

    def allows(self, action: str) -> bool:
        """Return whether it allows an action somewhere."""
        return covers_action(self.action, action) and not any(covers_action(each, action) for each in self.but)

    def allows_one_of(self, actions: Iterable[str]) -> bool:
        """Return whether it allows one of several actions somewhere."""
        return any(self.allows(each) for each in actions)

    @property
    def in_s3(self) -> bool:
        """Whether it allows any action of S3."""
        return bool(common(self.action.lower(), "s3:*")) and not any(covers_action(each, "s3:*") for each in self.but)

    @property
    def beyond_s3(self) -> bool:
        """Whether it allows any action of another service."""
        return not self.action.lower().startswith("s3:")

    def __str__(self) -> str:
        where = f" (in {self.policy})" if self.policy else ""
        return f"{_but(self.action, self.but)} on {_but(self.resource, self.beside)}{where}"


def one_allows(granted: Iterable[Grant], action: str) -> bool:
    """Return whether one of several grants allows an action somewhere."""
    return any(each.allows(action) for each in granted)


def grants(statements: Iterable[Statement], boundary: Iterable[Statement] | None = None) -> list[Grant]:
    """Return everything that statements allow and none of them denies, within a boundary if there is one.

    A conditional denial removes nothing: the grant may still apply.
    """
    statements = list(statements)
    found = list(_allowed(statements))
    for denial in statements:
        if denial.effect == "Deny" and not denial.conditions:
            found = [left for grant in found for left in _left(grant, denial)]
    if boundary is None:
        return found
    return [both for grant in found for bound in grants(boundary) if (both := _both(grant, bound))]


def _allowed(statements: Iterable[Statement]) -> Iterator[Grant]:
    for each in statements:
        if each.effect == "Allow":
            for action in each.actions or ("*",):
                for resource in each.resources or ("*",):
                    yield Grant(action, resource, each.not_actions, each.not_resources, each.policy)


def _left(grant: Grant, denial: Statement) -> Iterator[Grant]:
    """Yield what a denial leaves of a grant: everything that it does not name, as far as patterns can tell."""
    actions = not denial.actions or any(covers_action(each, grant.action) for each in denial.actions)
    resources = not denial.resources or any(covers(each, grant.resource) for each in denial.resources)
    if not (actions and resources):
        yield grant
        return
    kept = [Grant(each, "*") for each in denial.not_actions] + [Grant("*", each) for each in denial.not_resources]
    yield from (both for each in kept if (both := _both(grant, each)))


def _both(one: Grant, other: Grant) -> Grant | None:
    action = common(one.action.lower(), other.action.lower())
    resource = common(one.resource, other.resource)
    if not action or not resource:
        return None
    named = one.action if action == one.action.lower() else other.action
    return Grant(named, resource, one.but + other.but, one.beside + other.beside, one.policy)


def _but(pattern: str, but: tuple[str, ...]) -> str:
    return f"{pattern} but {', '.join(but)}" if but else pattern
