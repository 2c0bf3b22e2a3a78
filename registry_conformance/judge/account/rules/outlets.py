"""What takes artifacts, or the list of them, out of the account without a request of anybody's to the bucket."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.judge.account.finding import Finding, Undecided, judged, standing, value
from registry_conformance.judge.account.rules.lifecycle import touches
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import ANYBODY, Outlet, State
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict


def _nothing_leads_out(state: State, declared: Declared) -> Finding:
    needs_declared(declared.owner, "account")
    found = value(standing(state.bucket, "bucket").outlets, "what takes artifacts out of the bucket", absent=())
    others = [
        each for each in found if not each.unread and touches(each.prefix, declared) and not _is_ours(each, declared)
    ]
    sure = [each for each in others if each.account or declared.replicas]
    told = "; ".join(f"{each.by} {each.verb} {each.to}{_whose(each)}" for each in sure or others)
    if others and not sure:
        raise Undecided(Verdict.INCONCLUSIVE, f"{told}, and nobody says whose that is: {others[0].declare}")
    if not sure and (unread := [f"{each.by} may not be read: {each.unread}" for each in found if each.unread]):
        raise Undecided(Verdict.INCONCLUSIVE, "; ".join(unread))
    expected = f"nothing that takes artifacts, or their names, out of the account {declared.owner}"
    return judged(not sure, expected, told or "so it is")


def _is_ours(outlet: Outlet, declared: Declared) -> bool:
    known = {declared.bucket, *declared.replicas, *declared.administrators}
    known |= {declared.access_log[0]} if declared.access_log else set()
    return outlet.account == declared.owner or bool({outlet.to, outlet.account} & known)


def _whose(outlet: Outlet) -> str:
    return f" of the account {outlet.account}" if outlet.account not in {"", ANYBODY} else ""


RULES: Mapping[str, Rule] = MappingProxyType({"INF-029": _nothing_leads_out})
