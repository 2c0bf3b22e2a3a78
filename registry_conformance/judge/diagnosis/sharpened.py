"""What other facts add to the words in which a failed step of a registration was answered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.gave_up import (
    GAVE_UP,
    longest_wait,
    pace,
    receive_longer,
    wait_longer,
    waited,
)
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.failing import (
    OWN_FAILURE,
    OWN_FAILURE_BY_SIZE,
    OWN_FAILURE_OF_ANY,
)
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import author_of
from registry_conformance.judge.diagnosis.small_uploads import small_failures
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.items import ExchangeItem

_METHODS = (
    "have it pass PUT, PATCH and DELETE on as well: MLflow needs GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS (a "
    "firewall with the usual rules lets GET, HEAD, POST and OPTIONS pass alone)"
)
_ROOM_FOR_BODIES = (
    "give nginx's client_body_temp_path room, and the rights of its worker, or set proxy_request_buffering off; if it "
    "asks an auth service for leave, let the limit for bodies hold there too; its error log tells which"
)
_LEAVE = (
    "read nginx's error log (auth request unexpected status): if it asks an auth service for leave, look what that "
    "answers beside 2xx, 401 and 403, as 429 where it limits requests; have nginx keep its answers for some seconds "
    "(proxy_cache at that location, by the Authorization header), or raise the limit"
)
_OWN_PAGE = re.compile(r"500 html nginx")
"""How a fact says that nginx made a page of 500 itself."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_UNREACHED = frozenset({502, 503, None})
_IN_A_ROW, _KINDS = 6, 3
"""So many requests, of so many kinds, that nobody answers one after another, show that nobody was there."""
_HANGS = 5.0
"""Seconds in which MLflow answers whatever is about a few rows of its database, on any machine."""
_SHARE = 10
"""Such a part of all requests has to have passed before the first failure, to be worth a word."""
_REFUSED_BY = {
    "type": "have requests below /api/2.0/mlflow-artifacts/ passed on whatever their Content-Type is: the MLflow "
    "client sends text/plain, application/octet-stream and others, by the endings of files",
    "content": "have requests below /api/2.0/mlflow-artifacts/ exempted from whatever looks into bodies: models are "
    "binary files (pickles), and none of those rules is made for them",
    "name": "have every path below /api/2.0/mlflow-artifacts/ passed on before any rule for names",
}
"""By what a file was seen to be refused -> what mends it."""
_ANY_LENGTH = (
    "have bodies of any size pass below /api/2.0/mlflow-artifacts/, and below /api/2.0/mlflow/ those of some MB: look "
    "for a limit, and for a firewall's rule (in the managed rules of AWS WAF it is SizeRestrictions_BODY)"
)
_CROSS_SITE = (
    "exempt requests with an Authorization header, or the paths below /api/, from the check of tokens against "
    "cross-site requests: browsers send these, and no MLflow client does"
)
_ADD_RULES = (
    "add every path below /api/2.0/mlflow/ and /api/2.0/mlflow-artifacts/, with all methods, to the rules of its "
    "RBAC filter (in Istio the AuthorizationPolicy)"
)
_RULES = ((re.compile(r"[xc]srf", re.IGNORECASE), _CROSS_SITE), (re.compile(r"RBAC: access denied"), _ADD_RULES))
"""What a refusal says of the rule by which it was made -> what mends it."""
_EXEMPT = (
    "ask those who run this filter (your network's administrators, not the registry's operator) for an exception for "
    "uploads to this host"
)
_LACKING = "404 json RESOURCE_DOES_NOT_EXIST"
"""The answer of MLflow to whoever asks for a thing that its database does not have."""


def sharpened(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what was found in the answer to a failed step, with what the other facts say of it."""
    for look in (
        _by_method,
        _by_length,
        _by_its_words,
        _by_size,
        _by_route,
        _waited,
        _gone_at_times,
        _too_slow,
        _unread,
        _refused_by,
    ):
        found = look(facts, found, answer)
    return found


def _by_method(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a PUT, with that PATCH and DELETE are answered so as well, if they are."""
    others = [facts.value(f"route.{family}.P") for family in ("rest-patch", "rest-delete")]
    alike = all(re.match(rf"all {answer.status} (?:html|text|empty)", value) for value in others)
    if found.kind is not finding.STEP_ANSWERED or answer.method != "PUT" or not alike:
        return found
    sentence = f"{found.sentence}; PATCH and DELETE are answered so too, GET and POST are not"
    return replace(found, sentence=sentence, remedy=_METHODS)


def _by_length(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a refused upload, with the size from which uploads are refused, if small ones pass."""
    ladder = facts.get("ladder.put.P")
    if found.kind is not finding.STEP_ANSWERED or ladder is None or not facts.value("put.P").startswith("200"):
        return found
    size, _, how = ladder.value.partition(" ")
    if not how.startswith(str(answer.status)):
        return found
    sentence = f"{found.sentence}; small uploads pass, and those of {size} are refused: it goes by the size of bodies"
    return replace(found, sentence=sentence, remedy=_ANY_LENGTH)


def _by_its_words(_: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a refusal, with what mends it, if it says by which rule it was made."""
    if found.kind not in (finding.STEP_ANSWERED, finding.STEP_REFUSED):
        return found
    remedy = next((each for words, each in _RULES if words.search(answer.text[:4000])), found.remedy)
    return replace(found, remedy=remedy)


def _by_size(facts: Facts, found: Finding, _: Exchange) -> Finding:
    """Return what is told of nginx's own page of 500, with what it means if small uploads pass."""
    if found.kind is not finding.FAILS_BEFORE or not facts.value("put.P").startswith("200"):
        return found
    sentence = found.sentence.replace(OWN_FAILURE, OWN_FAILURE_BY_SIZE)
    if sentence == found.sentence:
        return found
    if told := _whatever_is_asked(facts):
        sentence = found.sentence.replace(OWN_FAILURE, f"{told}: {OWN_FAILURE_OF_ANY}")
        return replace(found, sentence=sentence, remedy=_LEAVE)
    if small_failures(facts, HTTPStatus.INTERNAL_SERVER_ERROR):
        return found
    return replace(found, sentence=sentence, remedy=_ROOM_FOR_BODIES)


def _by_route(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a host name that MLflow refuses, with what it means if it takes that name elsewhere."""
    if found.kind is not finding.HOST or not facts.value("doors.search.P").startswith("all 200"):
        return found
    place = urlsplit(answer.url)
    sentence = (
        f"another Host header than {place.netloc} reaches MLflow at {place.path[:60]}, and MLflow refuses it with "
        f"{answer.status}; with {place.netloc} itself other requests pass"
    )
    return replace(found, kind=finding.HOST_CHANGED, sentence=sentence, remedy=finding.HOST_CHANGED.remedy)


def _whatever_is_asked(facts: Facts) -> str:
    """Return how many requests nginx answers so, if metadata without a body is among them; else empty."""
    items = {
        (item["started"], item["method"], item["url"]): (item, _OWN_PAGE.search(fact.value) is not None)
        for fact in facts.values()
        for item in fact.evidence
        if item["kind"] == "exchange" and "started" in item and fact.name.endswith(".P") and item["status"]
    }
    failed = [item for item, own in items.values() if own and item["status"] == HTTPStatus.INTERNAL_SERVER_ERROR]
    if not any(item["method"] in _WITHOUT_BODY and "artifact" not in item["url"] for item in failed):
        return ""
    began = min(item["started"] for item in failed)
    before = sum(item["started"] < began for item, _ in items.values())
    since = f", and none of the first {before}" if before > len(items) // _SHARE else ""
    return f"so it does {len(failed)} of {len(items)} requests, with a body or without{since}"


def _waited(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a proxy that gave up, with the time that it was seen to wait, and what sets that time."""
    status = answer.status or 0
    if found.kind is not finding.STEP_UNSERVED or status not in GAVE_UP:
        return found
    when = waited(facts, status)
    if not when:
        return found
    own = author_of(answer)
    product = own.id if own else facts.value("first.product.P")
    sentence = found.sentence.replace(f" with {status}", f" with {status} {when}", 1) + pace(facts, status)
    if _hangs_alone(facts, answer, longest_wait(facts, status)):
        sentence += "; MLflow answers others, and hangs on this one: its database, most likely"
        return replace(found, kind=finding.STEP_SILENT, sentence=sentence, remedy=finding.STEP_SILENT.remedy)
    return replace(found, sentence=sentence, remedy=wait_longer(product))


def _hangs_alone(facts: Facts, answer: Exchange, seconds: float) -> bool:
    """Return whether a request of a few bytes got no answer for longer than any takes, and others like it did."""
    others = any(fact.seen and fact.normal and fact.name.startswith("meta.") for fact in facts.values())
    return f"{REST}/" in urlsplit(answer.url).path and seconds >= _HANGS and others


def _gone_at_times(facts: Facts, found: Finding, _: Exchange) -> Finding:
    """Return what is told of a proxy that reaches nobody, with that it reached MLflow before and after that.

    Where one of several servers is down, others answer in between.
    """
    if found.kind is not finding.STEP_UNSERVED:
        return found
    met = sorted({(item["started"], item["method"], item["url"]): item for item in _through(facts)}.items())
    answered = [item["status"] not in _UNREACHED for _, item in met]
    kinds = [(item["method"], urlsplit(item["url"]).path) for _, item in met]
    for begin, end in _gaps(answered):
        if end - begin >= _IN_A_ROW and len(set(kinds[begin:end])) >= _KINDS and any(answered[end:]):
            sentence = (
                f"{found.sentence}; so it did {end - begin} requests of all kinds in a row, and MLflow answered before "
                "and after them: it ended, and was started anew"
            )
            return replace(found, kind=finding.GONE_AT_TIMES, sentence=sentence, remedy=finding.GONE_AT_TIMES.remedy)
    return found


def _gaps(answered: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the beginning and the end of each row of requests that nobody answered, after one that was answered."""
    begin = 0
    for place, each in enumerate((*answered, True)):
        if each:
            if 0 < begin < place:
                yield begin, place
            begin = place + 1


def _through(facts: Facts) -> Iterator[ExchangeItem]:
    """Yield what was asked through the proxy, and when."""
    for fact in facts.values():
        for item in fact.evidence if fact.name.endswith(".P") else ():
            if item["kind"] == "exchange" and "started" in item:
                yield item


def _too_slow(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a request that came too slowly, with the time that it was given, and what sets that."""
    status = HTTPStatus.REQUEST_TIMEOUT
    when = waited(facts, status) if answer.status == status and found.kind is finding.UNFIT else ""
    if not when:
        return found
    own = author_of(answer)
    product = own.id if own else facts.value("first.product.P")
    sentence = found.sentence.replace(f" with {status}", f" with {status} {when}", 1) + pace(facts, status)
    return replace(found, sentence=sentence, remedy=receive_longer(product))


def _refused_by(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a model's file that is refused, with what it was seen to be refused for."""
    fact = facts.get("register.refused-by.P")
    if fact is None or answer.method != "PUT" or "/artifacts/" not in answer.url:
        return found
    remedy = _EXEMPT if found.kind is finding.FILTER else _REFUSED_BY.get(fact.value.partition(" ")[0], found.remedy)
    return replace(found, sentence=found.sentence + f"; {fact.sentence}" * bool(fact.sentence), remedy=remedy)


def _unread(facts: Facts, found: Finding, answer: Exchange) -> Finding:
    """Return what is told of a thing that is not found, with that nothing is found that was just made, if so."""
    steady = facts.get("meta.steady.P")
    if found.kind is not finding.STEP_REFUSED or answer.error_code != "RESOURCE_DOES_NOT_EXIST":
        return found
    if steady is None or not steady.value.startswith(_LACKING):
        return found
    kind = finding.STEP_UNREAD
    sentence = f"what was just made is not found, though MLflow said that it made it: {found.sentence}"
    return Finding(kind, sentence, kind.remedy, (*found.observations, steady.sentence))
