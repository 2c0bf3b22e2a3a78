"""Whom a bucket policy lets in from outside an account."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from registry_conformance.judge.account.conditions import Facts, holds
from registry_conformance.judge.account.patterns import account_of, covers, covers_action
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared

_NOBODYS = "000000000000"
"""An account that no policy names."""
_WHO = ("aws:principalarn", "aws:principalaccount")
"""Keys whose values name principals and accounts."""
_GONE = re.compile(r"AWS:A(?:ROA|IDA|GPA|NPA|SCA)[A-Z0-9]+")
"""What AWS makes of a principal that was deleted: it lets nobody in any more."""
_ADDRESS = {"aws:sourceip", "aws:vpcsourceip"}
_ENDPOINT, _VPC, _NOBODYS_ADDRESS = "vpce-00000000000000000", "vpc-00000000000000000", "192.0.2.1"
"""An endpoint, a network and an address that no account of ours has: the address is kept for documentation."""
_OF_OTHERS = {"aws:principalorgid", "aws:principalorgpaths"}
"""Keys whose values stand for several accounts: what is left to an organisation is left to others."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A statement that lets somebody in from outside: ``who`` may do ``what``, for sure or under ``conditions``."""

    who: str
    what: str
    conditions: tuple[Condition, ...]

    def __str__(self) -> str:
        under = "; ".join(f"{operator} {key} {', '.join(wanted)}" for operator, key, wanted in self.conditions)
        return f"{self.who} may {self.what}" + (f" under {under}" if under else "")


def openings(statements: Iterable[Statement], declared: Declared) -> Iterator[Opening]:
    """Yield who is let in from outside the declared account; one that hangs on the unknown has its conditions."""
    policy = list(statements)
    for statement in policy:
        if statement.effect == "Allow":
            for principal in statement.principals or ("*",):
                yield from _of(principal, statement, policy, declared)[:1]


def _of(principal: str, statement: Statement, policy: list[Statement], declared: Declared) -> list[Opening]:
    """Return how one principal of a statement lets in an outsider, what is sure before what is not."""
    what = ", ".join(statement.actions) or f"all but {', '.join(statement.not_actions)}"
    found: list[Opening] = []
    ways = list(_ways(policy, declared))
    everyone = [
        (name, {**facts, **way}) for name, facts in outsiders(principal, policy, declared.owner) for way in ways
    ]
    for name, facts in everyone:
        met = {each: _is_of_organisation(each, facts) or holds(each, facts) for each in statement.conditions}
        if False not in met.values() and not any(_refuses(each, statement, name, facts) for each in policy):
            unknown = tuple(condition for condition, said in met.items() if said is None)
            found.append(Opening(principal.removeprefix("AWS:"), what, unknown))
    return sorted(found, key=lambda opening: bool(opening.conditions))


def _ways(policy: list[Statement], declared: Declared) -> Iterator[Facts]:
    """Yield from where outsiders may come: past the declared perimeter, and from every network that a policy names.

    Where no perimeter is declared nothing is known of it, but that the whole Internet is not ours.
    """
    named = {one for each in policy for _, key, wanted in each.conditions if key.lower() in _ADDRESS for one in wanted}
    foreign = [each for each in sorted(named) if _is_foreign(each, declared.networks)]
    public: Facts = {"aws:sourcevpce": (), "aws:sourcevpc": (), "aws:vpcsourceip": ()}
    private: dict[str, tuple[str, ...]] = {"aws:sourceip": ()}
    private |= {"aws:sourcevpce": (_ENDPOINT,)} if declared.vpc_endpoints else {}
    private |= {"aws:sourcevpc": (_VPC,)} if declared.vpc else {}
    if not (declared.vpc_endpoints or declared.vpc or declared.networks):
        yield {}
    else:
        yield private
        yield {**public, "aws:sourceip": (_NOBODYS_ADDRESS,)} if declared.networks else public
    yield from ({**public, "aws:sourceip": (each,)} for each in foreign)


def _is_foreign(network: str, declared: tuple[str, ...]) -> bool:
    """Return whether strangers come from a network: from the whole Internet always, else from what is not declared."""
    try:
        found = ipaddress.ip_network(network, strict=False)
        own = [ipaddress.ip_network(each, strict=False) for each in declared]
    except ValueError:
        return False
    if not found.prefixlen:
        return True
    return bool(own) and not any(
        found.version == each.version and found.subnet_of(each)  # type: ignore[arg-type]  # of one version, both
        for each in own
    )


def outsiders(principal: str, policy: list[Statement], owner: str) -> Iterator[tuple[str, Facts]]:
    """Yield whoever comes from outside under a principal of a policy, with what is known of their requests."""
    name = principal.removeprefix("AWS:")
    if principal.startswith("Service:") or _GONE.fullmatch(principal):
        return
    if name == "*":
        yield "", _request("", "", owner)
    elif not (name.isdigit() or name.endswith(":root")):
        if not owner or account_of(name) != owner:
            yield name, _request(account_of(name), name, owner)
        return
    account = _NOBODYS if name == "*" else account_of(name)
    for arn in (f"arn:aws:iam::{account}:role/stranger", *_named(policy, account)):
        if account_of(arn) != owner and (name == "*" or account_of(arn) == account):
            yield arn, _request(account_of(arn), arn, owner)


def _named(policy: list[Statement], account: str) -> Iterator[str]:
    """Yield an ARN for each principal and account that the conditions of a policy name, whoever a pattern means.

    One whose account a pattern leaves open is of ``account``.
    """
    values = [each for one in policy for _, key, wanted in one.conditions if key.lower() in _WHO for each in wanted]
    for value in values:
        parts = value.split(":", 5)
        if len(parts) == 6:
            own = parts[4] if account_of(value) else account
            yield ":".join([*parts[:4], own, re.sub(r"[*?]", "x", parts[5])])
        elif account_of(value):
            yield f"arn:aws:iam::{value}:role/stranger"
        elif re.search(r"[*?]", value):
            yield f"arn:aws:iam::{account}:{re.sub(r'[*?]', 'x', parts[-1])}"


def _request(account: str, arn: str, owner: str) -> Facts:
    """Return what is known of an outsider's request; one without an account bears no signature."""
    whose = {"aws:resourceaccount": (owner,), "s3:resourceaccount": (owner,)} if owner else {}
    return whose | {
        "aws:securetransport": ("true",),
        "aws:principalisawsservice": ("false",),
        "aws:viaawsservice": ("false",),
        "aws:sourceaccount": (),
        "aws:sourcearn": (),
        "aws:principalaccount": (account,) if account else (),
        "kms:calleraccount": (account,) if account else (),
        "aws:principalarn": (arn,) if arn else (),
        **({} if account else dict.fromkeys(_OF_OTHERS, ())),
    }


def _is_of_organisation(condition: Condition, facts: Facts) -> bool:
    """Return whether a condition leaves it to an organisation who comes in, and an outsider may be of it."""
    return condition[1].lower() in _OF_OTHERS and bool(facts["aws:principalaccount"])


def _refuses(denial: Statement, opened: Statement, name: str, facts: Facts) -> bool:
    """Return whether a denial refuses an outsider all that a statement opens."""
    if denial.effect != "Deny" or any(holds(each, facts) is not True for each in denial.conditions):
        return False
    spared = any(each.removeprefix("AWS:") == name for each in denial.not_principals)
    named = not denial.principals or bool({"*", f"AWS:{name}"} & set(denial.principals))
    actions = opened.actions and all(any(covers_action(one, each) for one in denial.actions) for each in opened.actions)
    whole = opened.resources and all(any(covers(one, each) for one in denial.resources) for each in opened.resources)
    return bool(named and not spared and actions and whole)
