"""Who may take on the server's role: the services and identities that run it, and nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from registry_conformance.judge.account.conditions import Facts, holds
from registry_conformance.judge.account.finding import Finding, Undecided, judged, standing, value
from registry_conformance.judge.account.in_force import in_force
from registry_conformance.judge.account.openings import openings
from registry_conformance.judge.account.patterns import account_of, covered
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import State
from registry_conformance.judge.account.statement import Condition, Statement
from registry_conformance.judge.account.strangers import Stranger, strangers
from registry_conformance.judge.account.tokens import (
    Token,
    is_declared,
    is_one_identity,
    lets_in,
    on_action,
    provider_of,
    takes_on,
    tokens,
)
from registry_conformance.judge.target.account import Declared, Identity
from registry_conformance.judge.verdict import Verdict

Trust = tuple[Statement, ...]


def _trust(state: State, declared: Declared) -> Trust:
    needs_declared(declared.role, "role")
    return in_force(value(standing(state.role, "role").trust, "who may take on the role", absent=()))


def _is_trusted_rightly(state: State, declared: Declared) -> Finding:
    trust = _trust(state, declared)
    let_in = [one for each in trust if _allows(each) for one in each.principals or ("*",)]
    others = [told for one in let_in if (told := _other(one, declared))]
    wrong = [f"so may {told}" for told in (*others, *_people(trust, declared))]
    kept_out = [told for one in declared.trusted if (told := _kept_out(one, trust, declared))]
    wrong += kept_out or ([] if let_in else ["nobody may"])
    who = ", ".join((*declared.trusted, *(each.subject for each in declared.identities)))
    who = who or "services and federated identities"
    return judged(not wrong, f"{who}, and nobody else, may take on the role", "; ".join(wrong) or "so it is")


def _kept_out(name: str, trust: Trust, declared: Declared) -> str:
    """Return what keeps a declared service or principal out, empty if nothing does for sure."""
    told = f"{name} may not"
    facts: Facts = _service(name, declared) if not account_of(name) else {}
    for each in trust:
        if name in {one.partition(":")[2] for one in each.principals} and takes_on(each):
            met = {one: holds(one, facts) for one in each.conditions}
            unmet = [_spelled(one) for one, said in met.items() if said is False]
            if each.effect == "Deny" and all(met.values()):
                return f"{name} may not: a statement denies it"
            if each.effect == "Allow" and False not in met.values():
                told = ""
            elif each.effect == "Allow":
                told = f"{name} may not: it never meets {'; '.join(unmet)}"
    return told


def _spelled(condition: Condition) -> str:
    operator, key, wanted = condition
    return f"{operator} {key} {', '.join(wanted)}"


def _service(name: str, declared: Declared) -> Facts:
    """Return what is known of the request of a service of AWS that takes on the role to run MLflow with."""
    lacking = ("sts:sourceidentity", "sts:externalid", "aws:multifactorauthpresent", "aws:multifactorauthage")
    facts: dict[str, tuple[str, ...]] = {
        **dict.fromkeys((*lacking, "aws:principalarn", "aws:principalaccount", "aws:principalorgid"), ()),
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (name,),
        "aws:securetransport": ("true",),
    }
    return facts | ({"aws:sourceaccount": (declared.owner,)} if declared.owner else {})


def _allows(statement: Statement) -> bool:
    return statement.effect == "Allow" and takes_on(statement)


def _other(principal: str, declared: Declared) -> str:
    """Return a service or a provider that nothing declares, empty for any else; identities are judged by themselves."""
    kind, _, name = principal.partition(":")
    if kind not in {"Service", "Federated"} or name in declared.trusted:
        return ""
    of_token = kind == "Federated" and declared.identities and ":saml-provider/" not in name
    return principal if (declared.trusted or declared.identities) and not of_token else ""


def _people(trust: Trust, declared: Declared) -> Iterator[str]:
    """Yield the principals of AWS that a trust policy lets in and nothing declares, those of the account too."""

    def others(principal: str, policy: list[Statement], _: str) -> Iterator[Stranger]:
        if not principal.startswith(("Service:", "Federated:")):
            come = strangers(principal, policy, "")
            yield from (
                each for each in come if each.arn and not {each.arn, account_of(each.arn)} & {*declared.trusted}
            )

    known: Facts = {"aws:resourceaccount": (declared.owner,)} if declared.owner else {}
    for each in openings(on_action(trust, "sts:AssumeRole"), declared, others, known):
        under = "; ".join(map(_spelled, each.conditions))
        yield each.who + (f" under {under}" if under else "")


def _only_its_identities(state: State, declared: Declared) -> Finding:
    trust = _trust(state, declared)
    providers = _providers(trust, declared)
    if not providers:
        raise Undecided(Verdict.INAPPLICABLE, "the role is taken on with no identity provider's token")
    wrong = [told for each in providers for told in _strangers(each, trust, declared)]
    for each in declared.identities:
        said = _said_of(each, trust)
        wrong += [f"{each.subject} may not: {_why_not(each, trust)}"] if said is False else []
        if said is None and not wrong:
            raise Undecided(Verdict.INCONCLUSIVE, f"whether {each.subject} may depends on conditions on other claims")
    who = ", ".join(each.subject for each in declared.identities) or "one named identity"
    expected = f"of an identity provider {who} alone may take on the role"
    return judged(not wrong, expected, "; ".join(wrong) or "so it is")


def _providers(trust: Trust, declared: Declared) -> list[str]:
    """Return the providers that a trust policy or a declaration names; those of SAML say themselves who may."""
    named = [one for each in trust if _allows(each) for one in each.principals if one.startswith("Federated:")]
    named += [f"Federated:{each.provider}" for each in declared.identities]
    return [each for each in dict.fromkeys(named) if ":saml-provider/" not in each]


def _strangers(principal: str, trust: Trust, declared: Declared) -> Iterator[str]:
    """Yield a sentence on the widest token that is let in, and stands for more than an identity that is meant."""
    found = [
        each
        for each in tokens(trust, principal, declared.identities)
        if lets_in(trust, principal, each) is not False and not _is_meant(each, principal, declared.identities)
    ]
    if found:
        yield _told(provider_of(principal), found, declared)


def _is_meant(token: Token, principal: str, identities: Sequence[Identity]) -> bool:
    return is_declared(token, principal, identities) if identities else is_one_identity(token, principal)


def _told(provider: str, found: Sequence[Token], declared: Declared) -> str:
    if not any(each.signed_in for each in found):
        return f"so may guests of {provider}: no condition asks that they are signed in"
    subjects = [each.subject for each in declared.identities]
    others = [each for each in found if not covered(subjects, each.subject)]
    if not others:
        return f"so may tokens of {provider} for other audiences than {_audiences(declared)}"
    if any(each.subject == "stranger" for each in others):
        return f"so may anybody of {provider}: no condition names a subject"
    wide = [each.subject for each in others if re.search(r"[*?]", each.subject)]
    if wide:
        more = "more than is declared" if declared.identities else "more than one identity"
        return f"so may every subject of {provider} that is like {wide[0]}, which is {more}"
    return f"so may {others[0].subject} of {provider}"


def _audiences(declared: Declared) -> str:
    return " or ".join(dict.fromkeys(each.audience for each in declared.identities if each.audience))


def _said_of(identity: Identity, trust: Trust) -> bool | None:
    token = Token(identity.subject, identity.audience) if identity.audience else Token(identity.subject)
    return lets_in(trust, f"Federated:{identity.provider}", token)


def _why_not(identity: Identity, trust: Trust) -> str:
    """Return what keeps a declared identity out: another provider, a pattern compared as text, or another name."""
    provider = provider_of(identity.provider)
    own = [each for each in trust if _allows(each) and f"Federated:{identity.provider}" in each.principals]
    if not own:
        return f"the trust policy names no {provider}"
    keys = [key for each in own for _, key, _ in each.conditions]
    if foreign := [key for key in keys if key.endswith((":sub", ":aud")) and not key.startswith(f"{provider}:")]:
        return f"the condition on {foreign[0]} is about another provider than {provider}"
    literal = [
        one
        for each in own
        for operator, key, wanted in each.conditions
        if key.endswith(":sub") and "Like" not in operator
        for one in wanted
        if "*" in one
    ]
    return (
        f"{literal[0]} is compared as text, for a pattern it takes StringLike" if literal else "no condition names it"
    )


RULES: Mapping[str, Rule] = MappingProxyType({"INF-053": _is_trusted_rightly, "INF-054": _only_its_identities})
