"""Who may take on the server's role: the services that run it, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.account.finding import Finding, judged, standing, value
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.target.account import Declared


def _is_trusted_rightly(state: State, declared: Declared) -> Finding:
    needs_declared(declared.role, "role")
    trust = value(standing(state.role, "role").trust, "who may take on the role", absent=())
    let_in = [(one, each) for each in trust if each.effect == "Allow" for one in each.principals or ("*",)]
    wrong = [f"so may {one}" for one, _ in let_in if not _is_trusted(one, declared)]
    wrong += [f"so may anybody of {one}: no condition names a subject" for one, each in let_in if _unbound(one, each)]
    names = {one.partition(":")[2] for one, _ in let_in}
    missing = [one for one in declared.trusted if one not in names]
    wrong += [f"{one} may not" for one in missing] or ([] if let_in else ["nobody may"])
    who = ", ".join(declared.trusted) or "services and federated identities"
    return judged(not wrong, f"{who}, and nobody else, may take on the role", "; ".join(wrong) or "so it is")


def _is_trusted(principal: str, declared: Declared) -> bool:
    if declared.trusted:
        return principal.partition(":")[2] in declared.trusted
    return principal.startswith(("Service:", "Federated:"))


def _unbound(principal: str, statement: Statement) -> bool:
    """Return whether everybody whom an identity provider knows is let in, not one subject of it."""
    if not principal.startswith("Federated:") or ":saml-provider/" in principal:
        return False
    keys = [key for operator, key, wanted in statement.conditions if "Not" not in operator and "*" not in wanted]
    return not any(key.endswith((":sub", ":amr")) for key in keys)


RULES: Mapping[str, Rule] = MappingProxyType({"INF-053": _is_trusted_rightly})
