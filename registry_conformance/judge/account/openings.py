"""Whom the policy of a bucket, access point or key admits from outside an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from registry_conformance.judge.account.conditions import Facts, holds
from registry_conformance.judge.account.in_force import in_force
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.permission import DECLARED_BY
from registry_conformance.judge.account.pieces import is_taken, pieces
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.account.strangers import Stranger, strangers, ways
from registry_conformance.judge.target.account import Declared

_WHOSE_NOBODY_SAYS = "aws:userid"
"""A key whose values name principals by an id that does not tell their account."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A statement that admits outsiders: ``who`` may do ``what``, certainly or under ``conditions``."""

    who: str
    what: str
    conditions: tuple[Condition, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The context keys that it depends on."""
        return tuple(key for _, key, _ in self.conditions)

    def __str__(self) -> str:
        under = "; ".join(f"{operator} {key} {', '.join(wanted)}" for operator, key, wanted in self.conditions)
        return f"{self.who} may {self.what}" + (f" under {under}" if under else "")


_NOTHING: Facts = {}
Who = Callable[[str, list[Statement], str], Iterable[Stranger]]


def openings(
    statements: Iterable[Statement],
    declared: Declared,
    who: Who = strangers,
    known: Facts = _NOTHING,
    unknown: frozenset[str] = frozenset(),
    about: tuple[str, ...] = (),
) -> Iterator[Opening]:
    """Yield who is let in from outside the declared account; one that hangs on the unknown has its conditions.

    ``who`` says who may come under a principal: people and roles, or ``deputies``, services that act for others.
    ``known`` is what every request to this policy has, ``unknown`` are the keys of which no more is known than that.
    ``about`` are all the resources that the policy can be about, as a bucket and what is in it; any if it is empty.
    """
    policy = list(in_force(statements))
    where: Facts = {"aws:requestedregion": (declared.region,)} if declared.region and about else {}
    ways_in = [{**_but(way, unknown), **where, **known} for way in ways(policy, declared)]
    for statement in policy:
        if statement.effect == "Allow":
            for principal in statement.principals or ("*",):
                come = who(principal, policy, declared.owner)
                everyone = [
                    replace(each, facts={**_but(each.facts, unknown), **way}) for each in come for way in ways_in
                ]
                yield from _of(principal, statement, policy, everyone, about)[:1]


def _but(facts: Facts, unknown: frozenset[str]) -> Facts:
    return {key: values for key, values in facts.items() if key not in unknown}


def what_of(statement: Statement) -> str:
    """Return the subject of a statement in words."""
    return ", ".join(statement.actions) or f"all but {', '.join(statement.not_actions)}"


def _of(
    principal: str, statement: Statement, policy: list[Statement], everyone: list[Stranger], about: tuple[str, ...]
) -> list[Opening]:
    """Return how one principal of a statement admits an outsider, certain ways first."""
    found: list[Opening] = []
    opened = pieces(statement, about)
    for each in everyone:
        unknown = _lets_in(statement, each)
        if unknown is None:
            continue
        refused = [(one, said) for one in policy if (said := _refuses(one, each)) is not False]
        certain = [one for one, said in refused if said]
        left = [piece for piece in opened if not is_taken(certain, piece)]
        if not left:
            continue
        doubtful = [one for one, said in refused if said is None]
        sure = [piece for piece in left if not is_taken(doubtful, piece)]
        doubted = () if sure else tuple(condition for one in doubtful for condition in one.conditions)
        found.append(Opening(principal.removeprefix("AWS:"), what_of(statement), unknown + doubted))
    return sorted(found, key=lambda opening: bool(opening.conditions))


def _lets_in(statement: Statement, stranger: Stranger) -> tuple[Condition, ...] | None:
    """Return the conditions under which a statement admits a stranger, ``None`` if it does not."""
    unknown = []
    for condition in statement.conditions:
        key = condition[1]
        named = stranger.takes_the_name(condition)
        met = stranger.chooses(key) or stranger.is_of_organisation(key) or named or holds(condition, stranger.facts)
        if met is False:
            return None
        if met is None:
            unknown.append(condition)
    return tuple(unknown)


def _refuses(denial: Statement, stranger: Stranger) -> bool | None:
    """Return whether a denial denies a stranger the subject of a statement, ``None`` if undecidable."""
    if denial.effect != "Deny" or not _is_about(denial, stranger.arn):
        return False
    unmet = [
        condition
        for condition in denial.conditions
        if stranger.chooses(condition[1])
        or stranger.takes_the_name(condition) is False
        or holds(condition, stranger.facts) is not True
    ]
    if unmet and all(_is_undecided(each, stranger) for each in unmet):
        return None
    return not unmet


def _is_undecided(condition: Condition, stranger: Stranger) -> bool:
    """Return whether it is unknown if a stranger meets a condition: by an id, or outside a declared perimeter."""
    key = condition[1].lower()
    if stranger.takes_the_name(condition) is False:
        return False
    from_where = DECLARED_BY.get(key, "organization") != "organization"
    return key == _WHOSE_NOBODY_SAYS or (from_where and holds(condition, stranger.facts) is None)


def _is_about(denial: Statement, arn: str) -> bool:
    """Return whether a denial applies to a stranger; an account stands for everyone in it."""
    if denial.not_principals:
        return not any(_means(each.removeprefix("AWS:"), arn) for each in denial.not_principals)
    return not denial.principals or any(_means(each.removeprefix("AWS:"), arn) for each in denial.principals)


def _means(principal: str, arn: str) -> bool:
    """Return whether a principal is everyone, the owner of an ARN, or its whole account."""
    whole = principal.isdigit() or principal.endswith(":root")
    return principal in {"*", arn} or (
        whole and account_of(principal) != "" and account_of(principal) == account_of(arn)
    )
