"""Roles of the account whose own policies reach artifacts, and who from outside comes to one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from registry_conformance.judge.account.conditions import Facts
from registry_conformance.judge.account.fact import Absent, Known
from registry_conformance.judge.account.finding import Finding, Undecided, judged, value
from registry_conformance.judge.account.grants import grants, one_allows
from registry_conformance.judge.account.in_force import in_force
from registry_conformance.judge.account.passing import begins_with
from registry_conformance.judge.account.patterns import common
from registry_conformance.judge.account.permission import AccessDecision, Request, decide, to_declare
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import RoleState, State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.account.strangers import ways
from registry_conformance.judge.account.takers import takers
from registry_conformance.judge.account.tokens import on_action, takes_on
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict

_TOUCHES = ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion")
_OF_BUCKET = ("s3:PutBucketPolicy", "s3:PutReplicationConfiguration", "s3:PutLifecycleConfiguration")
"""Actions on the bucket by which whoever may do them reaches its objects, or has them deleted."""
_OF_ROLES = ("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy")
"""Actions by which whoever may do them gives a role every right, or takes it on."""
_NOWHERE: Facts = {}
Statements = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """A role that somebody from outside comes to, how it is told, and whether that hangs on what is not known."""

    role: RoleState
    told: str
    sure: bool = True
    by_service: bool = False


@dataclass
class _Told:
    """What was found: who comes to artifacts for sure, who may, and what could not be read."""

    sure: list[str] = field(default_factory=list)
    perhaps: list[str] = field(default_factory=list)
    hidden: list[Undecided] = field(default_factory=list)


def _nobody_reaches_by_a_role(state: State, declared: Declared) -> Finding:
    needs_declared(declared.owner, "account")
    roles = value(state.roles, "the roles of the account", absent=())
    refusals = _refusals(state)
    said = _Told()
    for role in roles:
        for step in _entrances(role, declared, said):
            _follow(step, (*roles, *_own(state)), refusals, declared, said)
    if not said.sure and said.perhaps:
        raise Undecided(Verdict.INCONCLUSIVE, "; ".join(dict.fromkeys(said.perhaps)))
    if not said.sure and said.hidden:
        raise said.hidden[0]
    expected = f"nobody from outside the account {declared.owner} by a role whose own policies reach artifacts"
    return judged(not said.sure, expected, "; ".join(dict.fromkeys(said.sure)) or "so it is")


def _own(state: State) -> list[RoleState]:
    """Return the server's role, to which others may lead; who takes it on at once is another requirement's."""
    return [state.role.value] if isinstance(state.role, Known) else []


def _refusals(state: State) -> Statements:
    """Return what the bucket policy refuses; one that is not known refuses nobody for sure."""
    policy = state.bucket.value.policy if isinstance(state.bucket, Known) else Absent()
    found = policy.value if isinstance(policy, Known) else ()
    return tuple(each for each in in_force(found) if each.effect == "Deny")


def _entrances(role: RoleState, declared: Declared, said: _Told) -> Iterator[_Step]:
    """Yield who from outside takes a role on."""
    try:
        trust = value(role.trust, f"the trust policy of {role.arn}", absent=())
    except Undecided as end:
        said.hidden += [end]
        return
    sure, perhaps = takers(trust, declared)
    yield from (_Step(role, f"{who} may take on {role.arn}") for who in sure)
    yield from (_Step(role, f"{role.arn}: {who}", sure=False) for who in perhaps)


def _follow(first: _Step, roles: Iterable[RoleState], refusals: Statements, declared: Declared, said: _Told) -> None:
    """Follow whoever has a role to all that lead on from it, until one of them reaches artifacts."""
    seen, waiting = {first.role.arn}, [first]
    while waiting:
        step = waiting.pop(0)
        try:
            may = _May(step.role, declared)
            reached = _reached(may, refusals, declared, by_service=step.by_service)
        except Undecided as end:
            said.hidden += [end]
            continue
        if reached:
            what, sure = reached
            (said.sure if sure and step.sure else said.perhaps).append(f"{step.told}, {what}")
            return
        for role in roles:
            if role.arn not in seen and (more := _onwards(step, may, role)):
                seen.add(role.arn)
                waiting.append(more)


class _May:
    """What a role may do by its own policies, within its boundary."""

    def __init__(self, role: RoleState, declared: Declared) -> None:
        self.role = role
        own = in_force(value(role.statements, f"the policies of {role.arn}", absent=()))
        bound = None if isinstance(role.boundary, Absent) else value(role.boundary, f"the boundary of {role.arn}")
        self._policies = [own, *([in_force(bound)] if bound is not None else [])]
        self.grants = grants(own, bound)
        self.places = tuple(place for each in own for place in each.resources)
        owner = declared.owner
        self.facts: Mapping[str, tuple[str, ...]] = MappingProxyType(
            {
                **dict.fromkeys(("aws:principalaccount", "aws:resourceaccount", "s3:resourceaccount"), (owner,)),
                "aws:principalarn": (role.arn,),
                "aws:principaltype": ("AssumedRole",),
                "aws:securetransport": ("true",),
                "aws:principalisawsservice": ("false",),
                "aws:viaawsservice": ("false",),
            }
        )

    def do(self, action: str, resource: str, more: Facts = _NOWHERE) -> bool | None:
        """Return whether the role may do something, ``None`` where that hangs on what is not known."""
        asked = Request(action, resource, self.role.arn, {**self.facts, **more})
        said = {decide(policy, asked) for policy in self._policies}
        if said == {AccessDecision.ALLOWED}:
            return True
        return None if said <= {AccessDecision.ALLOWED, AccessDecision.DEPENDS} else False


def _reached(may: _May, refusals: Statements, declared: Declared, *, by_service: bool) -> tuple[str, bool] | None:
    """Return what of the artifacts a role reaches and whether that is sure, ``None`` for nothing.

    Who took it on from outside comes from outside the perimeter; a service may come from within.
    """
    asked = [(action, place) for place in _places(may, declared) for action in _TOUCHES]
    asked += [(action, declared.bucket_arn) for action in _OF_BUCKET]
    asked += [(action, each) for each in (may.role.arn, declared.role) if each for action in _OF_ROLES]
    doubted: tuple[str, bool] | None = None
    for action, place in asked:
        for where in [_NOWHERE] if by_service else [*ways(refusals, declared)]:
            met = may.do(action, place, where)
            request = Request(action, place, may.role.arn, {**may.facts, **where})
            refused = decide(refusals, request) if met is not False else AccessDecision.DENIED
            if refused is not AccessDecision.DENIED:
                sure = met is True and refused is not AccessDecision.DEPENDS
                under = "" if sure else to_declare(key for each in refusals for _, key, _ in each.conditions)
                told = f"which may {action} on {place}{' under conditions' if not sure else ''}{under}"
                if sure:
                    return told, True
                doubted = doubted or (told, False)
    return doubted


def _places(may: _May, declared: Declared) -> list[str]:
    """Return ARNs of artifacts to ask about: one of any, and one of each place that the role's policies name."""
    named = [both for each in may.places if (both := common(each, declared.objects_arn))]
    return list(dict.fromkeys(each.replace("*", "x").replace("?", "x") for each in (declared.objects_arn, *named)))


def _onwards(step: _Step, may: _May, role: RoleState) -> _Step | None:
    """Return a role as one that whoever has another comes to: by taking it on, or by passing it to a service."""
    trust = in_force(role.trust.value) if isinstance(role.trust, Known) else ()
    let_in = decide(on_action(trust, "sts:AssumeRole"), Request("sts:AssumeRole", "", may.role.arn, may.facts))
    if let_in in {AccessDecision.ALLOWED, AccessDecision.DEPENDS}:
        named = any(f"AWS:{may.role.arn}" in each.principals for each in trust)
        met = True if named else may.do("sts:AssumeRole", role.arn)
        if met is not False:
            sure = step.sure and met is True and let_in is AccessDecision.ALLOWED
            return _Step(role, f"{step.told}, by which one takes on {role.arn}", sure, step.by_service)
    for service in dict.fromkeys(one for each in trust if takes_on(each) for one in each.principals):
        name = service.removeprefix("Service:")
        if service == name:
            continue
        passes = may.do("iam:PassRole", role.arn, {"iam:passedtoservice": (name,)})
        begins = [action for action in begins_with(name) if one_allows(may.grants, action)]
        if passes is not False and begins:
            sure = step.sure and passes is True
            told = f"{step.told}, by which one passes {role.arn} to {name} ({begins[0]})"
            return _Step(role, told, sure, by_service=True)
    return None


RULES: Mapping[str, Rule] = MappingProxyType({"INF-056": _nobody_reaches_by_a_role})
