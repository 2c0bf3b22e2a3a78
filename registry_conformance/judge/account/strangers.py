"""Who may come from outside an account, and what is known of their requests."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from registry_conformance.judge.account.conditions import Facts
from registry_conformance.judge.account.patterns import account_of, covers
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.target.account import Declared

_NOBODYS = "000000000000"
"""An account that no policy names."""
_WHO = ("aws:principalarn", "aws:principalaccount", "kms:calleraccount")
"""Keys whose values name principals and accounts."""
_GONE = re.compile(r"AWS:A(?:ROA|IDA|GPA|NPA|SCA)[A-Z0-9]+")
"""What AWS makes of a principal that was deleted: it lets nobody in any more."""
_ADDRESS = {"aws:sourceip", "aws:vpcsourceip"}
_NOBODYS_WHOLE = {4: 8, 6: 16}
"""Version of addresses -> how long the prefix of a network is at least: a larger one is nobody's alone."""
_NETWORKS = {"aws:sourcevpce", "aws:sourcevpc"}
_ENDPOINT, _VPC, _NOBODYS_ADDRESS = "vpce-00000000000000000", "vpc-00000000000000000", "192.0.2.1"
"""An endpoint, a network and an address that no account of ours has: the address is kept for documentation."""
_OF_OTHERS = {"aws:principalorgid", "aws:principalorgpaths"}
"""Keys whose values stand for several accounts: what is left to an organisation is left to others."""
_OF_SERVICES = ("aws:principalisawsservice", "aws:sourcearn", "aws:sourceaccount")
_SERVICES = ("aws:principalservicename", "aws:principalservicenameslist")
_CHOSEN = (
    *("aws:referer", "aws:useragent"),
    *("s3:authtype", "s3:signatureage", "s3:signatureversion", "s3:prefix", "s3:delimiter", "s3:max-keys"),
    *("s3:versionid", "s3:x-amz-", "s3:requestobjecttag", "s3:if-"),
)
"""Beginnings of keys whose values whoever makes a request chooses, signed or not."""
_CHOSEN_BY_ACCOUNTS = (
    *("aws:principaltag/", "aws:requesttag/", "aws:tagkeys", "aws:username", "aws:principaltype", "aws:sourceidentity"),
    *("aws:multifactorauth", "aws:tokenissuetime", "aws:federatedprovider", "sts:rolesessionname"),
    *("sts:sourceidentity", "sts:transitivetagkeys", "sts:externalid", "aws:viaawsservice", "aws:calledvia"),
    *("kms:viaservice", "kms:encryptioncontext", "kms:grant"),
)
"""Beginnings of keys whose values an account chooses for its own principals: their names, tags and sessions.

Which service asks on their behalf is theirs to choose too, and what they tell KMS that a key is used for.
"""
_USER_ID = "aws:userid"
"""A key whose values are an id that AWS gives, which does not tell its account, and for a role its session's name."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody from outside: an ARN, empty for whoever signs nothing; and what is known of each of their requests."""

    arn: str
    facts: Facts

    def chooses(self, key: str) -> bool:
        """Return whether the value of a context key is the stranger's to choose, so that any condition on it holds."""
        chosen = (*_CHOSEN, *_CHOSEN_BY_ACCOUNTS) if self.facts.get("aws:principalaccount") else _CHOSEN
        return key.lower().startswith(chosen)

    def takes_the_name(self, condition: Condition) -> bool | None:
        """Return whether the stranger meets a condition on user ids by the name of a session; ``None`` for any other.

        A pattern that leaves the id itself open is for every role's sessions of that name.
        """
        operator, key, wanted = condition
        if key.lower() != _USER_ID or "Like" not in operator or not self.facts.get("aws:principalaccount"):
            return None
        if not any(re.fullmatch(r"(AROA|AIDA)?[*?]+", each.partition(":")[0]) for each in wanted):
            return None
        return "Not" not in operator

    def is_of_organisation(self, key: str) -> bool:
        """Return whether a key leaves it to an organisation who comes in, and the stranger may be of it."""
        return key.lower() in _OF_OTHERS and bool(self.facts.get("aws:principalaccount"))


def strangers(principal: str, policy: list[Statement], owner: str) -> Iterator[Stranger]:
    """Yield whoever comes from outside under a principal of a policy."""
    name = principal.removeprefix("AWS:")
    if principal.startswith("Service:") or _GONE.fullmatch(principal):
        return
    if name == "*":
        yield Stranger("", _request("", "", owner))
    elif not (name.isdigit() or name.endswith(":root")):
        if not owner or account_of(name) != owner:
            yield Stranger(name, _request(account_of(name), name, owner))
        return
    account = _NOBODYS if name == "*" else account_of(name)
    for arn in dict.fromkeys((f"arn:aws:iam::{account}:role/stranger", *_named(policy, account, owner))):
        if account_of(arn) != owner and (name == "*" or account_of(arn) == account):
            yield Stranger(arn, _request(account_of(arn), arn, owner))


def deputies(principal: str, policy: list[Statement], owner: str) -> Iterator[Stranger]:
    """Yield services of AWS that come in under a principal of a policy, each for a resource of another account."""
    keys = {key.lower() for one in policy for _, key, _ in one.conditions}
    services = [principal.removeprefix("Service:")] if principal.startswith("Service:") else []
    if principal == "*" and keys & {*_OF_SERVICES, *_SERVICES}:
        named = [(key.lower(), each) for one in policy for _, key, wanted in one.conditions for each in wanted]
        services = [re.sub(r"[*?]", "x", each) for key, each in named if key in _SERVICES] or ["any.amazonaws.com"]
    for account, arn in dict.fromkeys(_sources(policy, owner)):
        for service in services:
            facts = {
                **_request("", "", owner),
                "aws:principalisawsservice": ("true",),
                "aws:principalservicename": (service,),
                "aws:principalservicenameslist": (service,),
                "aws:sourceaccount": (account,),
                "aws:sourcearn": (arn,),
            }
            yield Stranger(f"Service:{service}", facts)


def _sources(policy: list[Statement], owner: str) -> Iterator[tuple[str, str]]:
    """Yield the resources of other accounts that services act for: those that a policy names, and one that none does.

    ARNs without an account, as those of S3, say not whose they are; what ``aws:SourceAccount`` says counts then.
    """
    yield _NOBODYS, f"arn:aws:service:region:{_NOBODYS}:resource/stranger"
    for key, value in ((key, each) for one in policy for _, key, wanted in one.conditions for each in wanted):
        if key.lower() == "aws:sourcearn" and value.count(":") > 4:
            account, arn = _arn_like(value, owner)
            if account != owner:
                yield account or _NOBODYS, arn
        elif key.lower() == "aws:sourceaccount" and (account := _account_like(value, _NOBODYS, owner)) != owner:
            yield account, f"arn:aws:service:region:{account}:resource/stranger"


def _named(policy: list[Statement], account: str, owner: str) -> Iterator[str]:
    """Yield an ARN for each principal and account that the conditions of a policy name, whoever a pattern means.

    One whose account a pattern leaves open is of ``account``, if the pattern matches that.
    """
    named = [(key, each) for one in policy for _, key, wanted in one.conditions for each in wanted]
    for key, value in named:
        if key.lower() not in _WHO:
            continue
        parts = value.split(":", 5)
        if len(parts) == 6:
            own = account_of(value) or _account_like(parts[4], account, owner)
            yield ":".join([*parts[:4], own, re.sub(r"[*?]", "x", parts[5])])
        elif key.lower() != "aws:principalarn":
            number = re.search(r"\b\d{12}\b", value)  # alone, or what stands for a variable's missing value
            whose = number[0] if number else _account_like(value, account, owner)
            yield f"arn:aws:iam::{whose}:role/stranger"
        elif account_of(value):
            yield f"arn:aws:iam::{value}:role/stranger"
        elif re.search(r"[*?]", value):
            yield f"arn:aws:iam::{account}:{re.sub(r'[*?]', 'x', parts[-1])}"


def _account_like(pattern: str, account: str, owner: str) -> str:
    """Return a number of an account that a pattern matches: ``account`` if it does, or else one that is not ours."""
    if covers(pattern, account):
        return account
    for digit in "0123456789":
        head, star, tail = pattern.replace("?", digit).partition("*")
        filled = head + (digit * (12 - len(head) - len(tail)) if star else "") + tail
        if re.fullmatch(r"\d{12}", filled) and filled != owner:
            return filled
    return account


def _request(account: str, arn: str, owner: str) -> Facts:
    """Return what is known of a stranger's request; one without an account bears no signature."""
    whose = {"aws:resourceaccount": (owner,), "s3:resourceaccount": (owner,)} if owner else {}
    return whose | {
        "aws:securetransport": ("true",),
        "aws:principalisawsservice": ("false",),
        "aws:principalservicename": (),
        "aws:principalservicenameslist": (),
        "aws:viaawsservice": ("false",),
        "aws:sourceaccount": (),
        "aws:sourcearn": (),
        "s3:dataaccesspointaccount": (),
        "s3:dataaccesspointarn": (),
        "s3:accesspointnetworkorigin": (),
        "aws:principalaccount": (account,) if account else (),
        "kms:calleraccount": (account,) if account else (),
        "aws:principalarn": (arn,) if arn else (),
        **({} if account else dict.fromkeys(_OF_OTHERS, ())),
    }


def ways(policy: Iterable[Statement], declared: Declared) -> Iterator[Facts]:
    """Yield from where strangers may come: past the declared perimeter, and by every way that a policy names.

    Where no perimeter is declared nothing is known of it, but that the whole Internet is not ours, and that anybody has
    an endpoint in a network of their own. By an access point of another account everyone comes whom that account lets
    in.
    """
    conditions = [one for each in policy for one in each.conditions]
    public: Facts = {"aws:sourcevpce": (), "aws:sourcevpc": (), "aws:vpcsourceip": ()}
    private: dict[str, tuple[str, ...]] = {"aws:sourceip": ()}
    private |= {"aws:sourcevpce": (_ENDPOINT,)} if declared.vpc_endpoints else {}
    private |= {"aws:sourcevpc": (_VPC,)} if declared.vpc else {}
    if not (declared.vpc_endpoints or declared.vpc or declared.networks):
        yield {}
        if any(key.lower() in _NETWORKS for _, key, _ in conditions):
            yield public
            yield {**private, "aws:sourcevpce": (_ENDPOINT,), "aws:sourcevpc": (_VPC,)}
    else:
        yield private
        yield {**public, "aws:sourceip": (_NOBODYS_ADDRESS,)} if declared.networks else public
    for address in sorted({one for _, key, wanted in conditions if key.lower() in _ADDRESS for one in wanted}):
        if _is_foreign(address, declared.networks):
            yield {**public, "aws:sourceip": (address,)}
    for key, own in (("aws:sourcevpce", declared.vpc_endpoints), ("aws:sourcevpc", (declared.vpc,))):
        foreign = _values(conditions, key) - {*own} if any(own) else ()
        yield from ({**private, key: (each,)} for each in sorted(foreign))
    yield from _through_access_points(conditions, declared)


def _values(conditions: Iterable[Condition], wanted: str) -> set[str]:
    """Return the values that conditions name for a key, each pattern as a text that it matches."""
    return {re.sub(r"[*?]", "0", one) for _, key, values in conditions if key.lower() == wanted for one in values}


def _through_access_points(conditions: list[Condition], declared: Declared) -> Iterator[Facts]:
    """Yield the access points of other accounts: those that a policy names, and one that none does.

    Who comes through the account's own ones is what their own policies say.
    """
    accounts = {each for each in _values(conditions, "s3:dataaccesspointaccount") if account_of(each)}
    arns = [value for _, key, wanted in conditions if key.lower() == "s3:dataaccesspointarn" for value in wanted]
    named = {_arn_like(each, declared.owner) for each in arns if each.count(":") > 4}
    named |= {(each, f"arn:aws:s3:{declared.region}:{each}:accesspoint/stranger") for each in {*accounts, _NOBODYS}}
    for account, arn in sorted(named) if _speaks_of_access_points(conditions) else ():
        if account != declared.owner:
            through = {"s3:dataaccesspointaccount": (account,), "s3:dataaccesspointarn": (arn,)}
            yield {**through, "s3:accesspointnetworkorigin": ("Internet",)}


def _arn_like(pattern: str, owner: str) -> tuple[str, str]:
    """Return an ARN that a pattern matches, and its account before it: another account than ours if that may be."""
    given = pattern.split(":", 5)[4]
    account = account_of(pattern) or (_account_like(given, _NOBODYS, owner) if given else "")
    parts = re.sub(r"[*?]", "0", pattern).split(":", 5)
    return account, ":".join([*parts[:4], account, parts[5]])


def _speaks_of_access_points(conditions: Iterable[Condition]) -> bool:
    return any(key.lower().startswith(("s3:dataaccesspoint", "s3:accesspoint")) for _, key, _ in conditions)


def _is_foreign(network: str, declared: tuple[str, ...]) -> bool:
    """Return whether strangers come from a network: from a large one always, else from what is not declared."""
    try:
        found = ipaddress.ip_network(network, strict=False)
        own = [ipaddress.ip_network(each, strict=False) for each in declared]
    except ValueError:
        return False
    if found.prefixlen < _NOBODYS_WHOLE[found.version]:
        return True
    return bool(own) and not any(
        found.version == each.version and found.subnet_of(each)  # type: ignore[arg-type]  # of one version, both
        for each in own
    )
