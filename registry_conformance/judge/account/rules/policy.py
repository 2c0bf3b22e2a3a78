"""The bucket's policy: TLS only, no outsiders, and nothing that blocks the server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from registry_conformance.judge.account.conditions import holds
from registry_conformance.judge.account.fact import Known
from registry_conformance.judge.account.finding import Finding, Undecided, judged, standing, value
from registry_conformance.judge.account.openings import Opening, openings, what_of
from registry_conformance.judge.account.permission import AccessDecision, decide, doubts, to_declare
from registry_conformance.judge.account.pieces import is_taken, takes
from registry_conformance.judge.account.required_rights import CUSTOMER_KEY, NEEDS, request
from registry_conformance.judge.account.rules.rule import Rule, needs_declared
from registry_conformance.judge.account.state import State
from registry_conformance.judge.account.statement import Statement
from registry_conformance.judge.account.strangers import deputies
from registry_conformance.judge.target.account import Declared
from registry_conformance.judge.verdict import Verdict

_PLAIN_HTTP = {"aws:securetransport": ("false",), "aws:principalisawsservice": ("false",)}
"""What is known of a request over plain HTTP, whoever makes it."""
_FROM_NO_NETWORK = dict.fromkeys(("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpce", "aws:sourcevpc"), ())
"""What requests of services have of an address: they come through no network of anybody's."""
_WITH_OWN_KEY = {CUSTOMER_KEY: ("AES256",), "aws:principalisawsservice": ("false",)}
"""What is known of an upload with a key of the client's."""


def _statements(state: State) -> tuple[Statement, ...]:
    return value(standing(state.bucket, "bucket").policy, "the bucket policy", absent=())


def _tls_only(state: State, declared: Declared) -> Finding:
    refusing = [each for each in _statements(state) if _refuses_plain_http(each)]
    wanted = (declared.bucket_arn, f"{declared.bucket_arn}/*")
    open_to = [arn for arn in wanted if not is_taken(refusing, ("s3:*", arn))]
    expected = "a statement that denies s3:* to everyone without TLS, on the bucket and all that is in it"
    return judged(not open_to, expected, f"plain HTTP is not refused on {', '.join(open_to)}" if open_to else "there")


def _refuses_plain_http(each: Statement) -> bool:
    met = all(holds(condition, _PLAIN_HTTP) for condition in each.conditions)
    return each.effect == "Deny" and "*" in each.principals and met


def _about(declared: Declared) -> tuple[str, ...]:
    """Return all that the bucket's policy can be about."""
    return (declared.bucket_arn, f"{declared.bucket_arn}/*")


def _outsiders(state: State, declared: Declared) -> Finding:
    found = list(openings(_statements(state), declared, about=_about(declared)))
    sure = [each for each in found if not each.conditions and (declared.owner or each.who == "*")]
    expected = f"nobody but principals of the account{f' {declared.owner}'.rstrip()}"
    if found and not sure:
        why = "" if declared.owner else "infrastructure.account says not which account is its own: "
        told = "; ".join(map(str, found))
        raise Undecided(Verdict.INCONCLUSIVE, f"{why}{told}{to_declare(key for one in found for key in one.keys)}")
    return judged(not sure, expected, "; ".join(map(str, sure)) or "nobody else")


def _services_for_others(state: State, declared: Declared) -> Finding:
    needs_declared(declared.owner, "account")
    statements = _statements(state)
    found = list(openings(statements, declared, deputies, _FROM_NO_NETWORK, about=_about(declared)))
    sure = [each for each in found if not each.conditions]
    expected = f"services that act for resources of the account {declared.owner} alone"
    if found and not sure:
        raise Undecided(Verdict.INCONCLUSIVE, "; ".join(map(str, found)))
    told = "; ".join(f"{each}, whoever has it do so: {_why_for_others(each, statements)}" for each in sure)
    return judged(not sure, expected, told or "so it is")


def _why_for_others(opening: Opening, statements: Iterable[Statement]) -> str:
    """Return why a service may act for others: its resources, as those of S3, may be named without an account."""
    values = [
        value
        for each in statements
        if each.effect == "Allow" and opening.who in each.principals and what_of(each) == opening.what
        for _, key, wanted in each.conditions
        if key.lower() == "aws:sourcearn"
        for value in wanted
    ]
    if any(value.split(":", 5)[4:5] == [""] for value in values):
        return "aws:SourceArn names no account: add aws:SourceAccount"
    return "no condition on aws:SourceAccount or aws:SourceArn keeps other accounts out"


def _no_customer_keys(state: State, declared: Declared) -> Finding:
    needs_declared(declared.refuse_customer_keys, "refuse_customer_keys")
    encryption = standing(state.bucket, "bucket").encryption
    blocked = isinstance(encryption, Known) and "SSE-C" in encryption.value.blocked
    refused = blocked or any(_refuses_customer_keys(each, declared) for each in _statements(state))
    actual = "so it is" if refused else "an upload with a key of its own is taken, and nobody reads it without that key"
    return judged(refused, "uploads that are encrypted with a key of the client's (SSE-C) are refused", actual)


def _refuses_customer_keys(each: Statement, declared: Declared) -> bool:
    met = all(holds(condition, _WITH_OWN_KEY) for condition in each.conditions)
    uploads = takes(each, ("s3:PutObject", declared.objects_arn))
    return each.effect == "Deny" and "*" in each.principals and uploads and met


def _lets_the_role(state: State, declared: Declared) -> Finding:
    needs_declared(declared.role, "role")
    statements = [each for each in _statements(state) if each.effect == "Deny"]
    said = {action: decide(statements, request(declared, action)) for action in NEEDS.values()}
    denied = [action for action, decision in said.items() if decision is AccessDecision.DENIED]
    expected = f"nothing that {declared.role} needs is denied"
    if not denied and (unclear := [action for action, decision in said.items() if decision is AccessDecision.DEPENDS]):
        why = doubts(statements, request(declared, unclear[0])) or "a session of the role may be meant"
        raise Undecided(Verdict.INCONCLUSIVE, f"whether {', '.join(unclear)} is denied depends: {why}")
    return judged(not denied, expected, f"denied: {', '.join(denied)}" if denied else "nothing is")


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "INF-009": _tls_only,
        "INF-010": _outsiders,
        "INF-011": _lets_the_role,
        "INF-019": _no_customer_keys,
        "INF-026": _services_for_others,
    }
)
