"""Who from outside the account may take on a role of it, by its trust policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from registry_conformance.judge.account.in_force import in_force
from registry_conformance.judge.account.openings import openings
from registry_conformance.judge.account.patterns import account_of
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.account.tokens import is_one_identity, lets_in, on_action, provider_of, takes_on, tokens
from registry_conformance.judge.target.account import Declared


def takers(trust: tuple[Statement, ...], declared: Declared) -> tuple[list[str], list[str]]:
    """Return who from outside the account may take on a role for sure, and who may under what is not known.

    Whoever a policy names with an account is meant to come in, under whatever conditions. Those who are declared to
    administer the account are no strangers.
    """
    takes = [each for each in in_force(trust) if takes_on(each)]
    found = [
        each
        for each in openings(on_action(takes, "sts:AssumeRole"), declared)
        if not each.who.startswith("Federated:") and not {each.who, account_of(each.who)} & {*declared.administrators}
    ]
    sure = [each.who for each in found if not each.conditions or account_of(each.who)]
    perhaps = [str(each) for each in found if each.conditions and not account_of(each.who)]
    return [*sure, *_vouched_for(takes)], perhaps


def _vouched_for(takes: Iterable[Statement]) -> Iterator[str]:
    """Yield the identity providers that let more than one identity take on a role."""
    takes = list(takes)
    for principal in dict.fromkeys(one for each in takes for one in each.principals if one.startswith("Federated:")):
        found = [each for each in tokens(takes, principal, ()) if lets_in(takes, principal, each) is not False]
        if ":saml-provider/" not in principal and any(not is_one_identity(each, principal) for each in found):
            yield f"anybody of {provider_of(principal)}"
