"""Ways round the bucket's own policy: its access points, roles that lead on, and functions that it calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from registry_conformance.judge.account.conditions import Facts
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding, Undecided, judged, standing, value
from registry_conformance.judge.account.grants import Grant, grants
from registry_conformance.judge.account.in_force import in_force
from registry_conformance.judge.account.named_roles import named_roles, naming_policies, way_to
from registry_conformance.judge.account.openings import Opening, openings
from registry_conformance.judge.account.patterns import common, covered, covers_action
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import AccessPoint, BucketState, Called, State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.account.takers import takers
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict

_DELETES = ("s3:DeleteObject", "s3:DeleteObjectVersion")
_OF_ACCESS_POINTS = frozenset({"s3:dataaccesspointarn", "s3:accesspointnetworkorigin"})
"""What every request through an access point has; its value is not known unless something says it."""


def _bucket(state: State) -> BucketState:
    return standing(state.bucket, "bucket")


def _access_points(state: State, declared: Declared) -> Finding:
    needs_declared(declared.owner, "account")
    bucket = _bucket(state)
    found: list[tuple[str, Opening]] = []
    unreadable: Undecided | None = None
    for point in value(bucket.access_points, "the access points", absent=()):
        try:
            policy = value(point.policy, f"the policy of the access point {point.name}", absent=())
        except Undecided as end:
            unreadable = end
            continue
        known = _through(point, bucket, declared)
        (arn,) = known.get("s3:dataaccesspointarn", ("",))
        about = (arn, f"{arn}/object/*") if arn else ()
        come = openings(policy, declared, known=known, unknown=_OF_ACCESS_POINTS, about=about)
        found += [(point.name, each) for each in come]
    sure = [(name, each) for name, each in found if not each.conditions]
    expected = f"no access point for anybody but principals of the account {declared.owner}"
    told = "; ".join(f"by the access point {name}: {each}" for name, each in sure or found)
    if found and not sure:
        raise Undecided(Verdict.INCONCLUSIVE, told)
    if unreadable and not sure:
        raise unreadable
    return judged(not sure, expected, told or "so it is")


def _through(point: AccessPoint, bucket: BucketState, declared: Declared) -> Facts:
    """Return what every request through one of the account's own access points has; it lies in the bucket's region."""
    known = {"s3:dataaccesspointaccount": (declared.owner,)}
    region = declared.region or (bucket.region.value if isinstance(bucket.region, Known) else "")
    where, name = (region, point.name) if point.alias is None else ("", point.alias)
    arn = f"arn:{declared.partition}:{point.service}:{where}:{declared.owner}:accesspoint/{name}"
    return known | ({"s3:dataaccesspointarn": (arn,)} if point.alias or (point.alias is None and region) else {})


def _roles_that_lead_on(state: State, declared: Declared) -> Finding:
    expected = "policies that let in no role which somebody from outside the account may take on"
    unreadable: Undecided | None = None
    told: list[str] = []
    doubted: list[str] = []
    for arn, fact in sorted(state.named_roles.items()):
        try:
            trust = value(fact, f"the trust policy of {arn}", absent=())
        except Undecided as end:
            unreadable = end
            continue
        way, (sure, perhaps) = _told_way(arn, state, declared), takers(trust, declared)
        told += [f"{way}, and {who} may take it on" for who in sure]
        doubted += [f"{way}, and {each}" for each in perhaps]
    if doubted and not told:
        raise Undecided(Verdict.INCONCLUSIVE, "; ".join(doubted))
    if unreadable and not told:
        raise unreadable
    for policy in () if told else naming_policies(state):
        value(policy, "a policy that may name roles", absent=())
    return judged(not told, expected, "; ".join(told) or "so it is")


def _told_way(arn: str, state: State, declared: Declared) -> str:
    """Return how a role comes to be let in: by a policy, or by roles that one after the other take on the next."""
    first, *more = way_to(arn, state.named_roles, named_roles(state, declared), declared)
    return ", ".join([f"{first} is let in", *(f"{each} may take it on" for each in more)])


def _nothing_called_deletes(state: State, declared: Declared) -> Finding:
    called = value(_bucket(state).calls, "the bucket's notifications", absent=())
    told: list[str] = []
    unreadable: Undecided | None = None
    for one in called:
        by = f"by {', then '.join(one.by)} " if one.by else ""
        try:
            told += [f"{by}the bucket calls {one.function}, whose role may {may}" for may in _may(one, declared)]
        except Undecided as end:
            unreadable = end
    if unreadable and not told:
        raise unreadable
    return judged(not told, "no function that is called for an object and may delete it", "; ".join(told) or "so it is")


def _may(called: Called, declared: Declared) -> Iterator[Grant]:
    """Yield what a function's role may delete of the artifacts."""
    statements = in_force(value(called.statements, f"what {called.function} may do", absent=()))
    left = [action for action in _DELETES if not _is_denied(statements, action, declared)]
    for grant in grants(statements):
        if grant.allows_one_of(left) and common(grant.resource, declared.objects_arn):
            yield grant
            return


def _is_denied(statements: Iterable[Statement], action: str, declared: Declared) -> bool:
    """Return whether one of several statements denies an action on every artifact."""
    return any(_denies(each, action, declared) for each in statements)


def _denies(statement: Statement, action: str, declared: Declared) -> bool:
    """Return whether a statement denies an action on every artifact."""
    named = any(covers_action(each, action) for each in statement.actions)
    everywhere = covered(statement.resources, declared.objects_arn)
    return statement.effect == "Deny" and not statement.conditions and named and everywhere


RULES: Mapping[str, Rule] = MappingProxyType(
    {"INF-025": _access_points, "INF-027": _nothing_called_deletes, "INF-055": _roles_that_lead_on}
)
