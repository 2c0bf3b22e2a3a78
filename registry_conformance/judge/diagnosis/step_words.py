"""What is said to the first step of a registration that fails: by which product or in whose form, in which words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlsplit

from registry_conformance.judge.diagnosis.fact_names import Grade, came_late, grade_of
from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.applications import title_of
from registry_conformance.judge.diagnosis.preflight.barriers import firewall, held_back
from registry_conformance.judge.diagnosis.preflight.failing import (
    TOO_MANY,
    limits_itself,
    says_of_behind,
    says_of_itself,
)
from registry_conformance.judge.diagnosis.preflight.finding import Finding, Kind
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, author_of
from registry_conformance.judge.diagnosis.preflight.server_words import passed_on, server_words
from registry_conformance.judge.diagnosis.preflight.sign_in import asked_to_sign_in
from registry_conformance.judge.diagnosis.preflight.unfit import form_refused, is_by_gunicorn
from registry_conformance.judge.diagnosis.preflight.wording import words_of
from registry_conformance.judge.diagnosis.sharpened import sharpened
from registry_conformance.judge.diagnosis.steps import STEPS
from registry_conformance.judge.diagnosis.summarize import form
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.evidence.items import ExchangeItem
from registry_conformance.judge.evidence.responder import is_framework_page, is_permission_denied
from registry_conformance.judge.evidence.sign_in import is_redirect, is_sign_in_page, leads_to_sign_in

PRODUCT_KINDS = frozenset(
    kind.id
    for kind in (
        finding.FIREWALL, finding.FILTER, finding.TUNNEL, finding.CAPTIVE, finding.THROTTLED, finding.FAILS_BEFORE,
        finding.STEP_ANSWERED, finding.STEP_UNSERVED, finding.STEP_REDIRECTED,
    )
)  # fmt: skip
"""What only the words of a product before MLflow tell."""
_GATEWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
"""What only a gateway says, and not of itself; in MLflow's form it may be that of what a deployment adds to it."""
_RIGHTS = re.compile(r"insufficient[_ ]scope|read[- ]?only|permission|privilege|not allowed to|role", re.IGNORECASE)
"""How a refusal says that who asks is known, and may not do this."""
_NO_RULE = re.compile(
    r"\bno (?:\w+ )?(?:rule|policy|mapping)\b|\b(?:route|path|endpoint|url|uri)\b.{0,80}\b(?:not|is un)"
    r"(?: |-)?(?:mapped|configured|registered|known|white-?listed|allow-?listed)|unknown (?:route|path|endpoint)",
    re.IGNORECASE | re.DOTALL,
)
"""How it says that nobody thought of what is asked."""

_SIGN_IN = re.compile(r"(?:sign|log)[ -]?in\b", re.IGNORECASE)
"""How the title of a sign-in page begins; of long pages no more than the beginning is kept."""


@dataclass(frozen=True, slots=True)
class StepWords:
    """The ``fact`` of the first step that fails, and what is found in the words of its answer.

    ``located`` is whether these words show a layer: those of a product do, those of a document may be anybody's.
    """

    fact: Fact
    finding: Finding
    located: bool


def step_words(facts: Facts) -> StepWords | None:
    """Return what the answer to the first failed step says of itself, ``None`` if it says nothing that is known.

    If each step works, the first answer counts to what else a registration needs. If the first step met no answer, an
    answer to the same request at another time counts.
    """
    failed = [fact for fact in facts.anomalies if not came_late(fact.name, fact.value)]
    wrong = {fact.name: fact for fact in failed if grade_of(fact.name) is Grade.STEP}
    steps = {each.fact: each.words for each in STEPS if each.fact in wrong}
    silent: tuple[str, str] | None = None
    for name in dict.fromkeys((*steps, *wrong)):
        exchanges = [item for item in wrong[name].evidence if item["kind"] == "exchange"]
        answer = next((each for item in exchanges if (each := _failed(item)) is not None), None)
        if answer is None and any(item["status"] for item in exchanges):
            return None
        if answer is None:
            silent = silent or next((_request(item["method"], item["url"]) for item in exchanges), None)
            continue
        if silent and _request(answer.method, answer.url) != silent:
            continue  # what fails after a step without an answer is its consequence
        words = steps.get(name) or next(iter(steps.values()), f"{answer.method} {urlsplit(answer.url).path}")
        told = _told(words, wrong[name], answer)
        if told is None:
            return None
        found = sharpened(facts, told.finding, answer)
        return replace(told, finding=found, located=told.located or found.kind is finding.STEP_UNREAD)
    return None


def _request(method: str, url: str) -> tuple[str, str]:
    """Return which request it is: the same may be answered another time."""
    return method, urlsplit(url).path


def _failed(item: object) -> Exchange | None:
    """Return an exchange as it was kept, if it failed, or if a page came in the place of an answer."""
    if not isinstance(item, dict) or item.get("kind") != "exchange":
        return None
    kept: ExchangeItem = item  # type: ignore[assignment] # told apart by its kind
    status, body = kept["status"], kept["response_body"]
    if status is None:
        return None
    answer = Exchange(
        kept["method"],
        kept["url"],
        kept["door"],
        status,
        tuple((str(name), str(value)) for name, value in kept.get("request_headers", ())),
        response_headers=tuple((str(name), str(value)) for name, value in kept["response_headers"]),
        response_body=Body(body["size"], body["sha256"], body.get("text", "").encode()),
    )
    return answer if status >= 300 or form(answer) == "html" else None


def _told(step: str, fact: Fact, answer: Exchange) -> StepWords | None:
    found = held_back(answer) or firewall(answer, step) or form_refused(answer, step)
    found = found or _redirected(step, answer) or _sign_in_page(step, answer) or _own_permissions(step, answer)
    if found is not None:
        return StepWords(fact, found, located=found.kind is not finding.UNFIT or bool(author_of(answer)))
    own, words = author_of(answer), words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    product = own.name if own and own.id != APPLICATION else ""
    if answer.status == TOO_MANY and (product or not answer.error_code):
        sentence = f"{step} is answered 429, too many requests, by {product or 'what stands before MLflow'}{said}"
        return StepWords(fact, _found(finding.THROTTLED, sentence, answer), located=True)
    if product:
        behind, itself = says_of_behind(answer), says_of_itself(answer)
        kind, why = finding.STEP_ANSWERED, ""
        if limits := limits_itself(answer):
            kind, why = finding.STEP_LIMITED, f": {limits}"
        elif behind:
            kind, why = finding.STEP_UNSERVED, f": it {behind}"
        elif itself:
            kind, why = finding.FAILS_BEFORE, f": {itself}"
        sentence = f"{product} itself answers {step} with {answer.status}{why}{said}"
        return StepWords(fact, _found(kind, sentence, answer), located=True)
    if foreign := _by_a_gateway(step, answer, said) or _by_a_page(step, answer, said):
        return StepWords(fact, foreign, located=True)
    if not (isinstance(answer.json(), dict) and words):
        return None
    return _in_a_document(step, fact, answer, said)


def _challenged(answer: Exchange) -> str:
    """Return the text of a refusal with its challenge."""
    return f"{answer.text[:4000]} {answer.header('www-authenticate')}"


def _redirected(step: str, answer: Exchange) -> Finding | None:
    """Return that a step is sent elsewhere: a POST that follows becomes a GET, and a PUT loses its body."""
    if not is_redirect(answer):
        return None
    if leads_to_sign_in(answer):
        sentence = f"{step} is sent to a sign-in page: {answer.status}, {answer.header('location')[:120]}"
        return asked_to_sign_in(answer, sentence, str(answer), let_in=True)
    sentence = f"{step} is redirected with {answer.status} to {answer.header('location')[:120]}"
    return _found(finding.STEP_REDIRECTED, sentence, answer)


def _sign_in_page(step: str, answer: Exchange) -> Finding | None:
    """Return that a sign-in page answers a step: who is let in with the key elsewhere is asked for more there."""
    if not (is_sign_in_page(answer) or (form(answer) == "html" and _SIGN_IN.match(title_of(answer)))):
        return None
    own, words = author_of(answer), words_of(answer)
    by = f" of {own.name}" if own and own.id != APPLICATION else ""
    titled = f", titled {words!r}" if words else ""
    sentence = f"a sign-in page{by} answers {step} with {answer.status}{titled}; requests before it were let in"
    return asked_to_sign_in(answer, sentence, str(answer), let_in=True)


def _own_permissions(step: str, answer: Exchange) -> Finding | None:
    """Return that MLflow itself refuses a step, since the user holds no permission."""
    if not is_permission_denied(answer.status, answer.text):
        return None
    sentence = f"MLflow's own permissions refuse {step} with 403; it says: 'Permission denied'"
    return _found(finding.OWN_PERMISSIONS, sentence, answer)


def _is_foreign_page(answer: Exchange) -> bool:
    """Return whether a page answers that is none of the framework's that MLflow is built on."""
    return form(answer) == "html" and not is_framework_page(answer.text)


def _by_a_gateway(step: str, answer: Exchange, said: str) -> Finding | None:
    """Return that a gateway that does not name itself gets no answer."""
    if answer.status not in _GATEWAY or answer.error_code:
        return None
    sentence = f"what stands before MLflow answers {step} with {answer.status}: it {says_of_behind(answer)}{said}"
    return _found(finding.STEP_UNSERVED, sentence, answer)


def _by_a_page(step: str, answer: Exchange, said: str) -> Finding | None:
    if not _is_foreign_page(answer):
        return None
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and is_by_gunicorn(answer):
        return _found(finding.WORKER_ENDED, f"gunicorn itself answers {step} with 500: its worker failed, or "
                      "was ended because it took too long", answer)  # fmt: skip
    return _found(finding.STEP_ANSWERED, f"a web page answers {step} with {answer.status}, before MLflow{said}", answer)


def _in_another_form(answer: Exchange) -> bool:
    """Return whether a document refuses a request without a code: MLflow names one, its plugins have detail."""
    refused = answer.status in range(400, 500) and answer.status != HTTPStatus.UNAUTHORIZED
    return refused and not answer.error_code and "detail" not in (answer.json() or {})


def _in_a_document(step: str, fact: Fact, answer: Exchange, said: str) -> StepWords:
    """Return what an error in the form of a document is about; only a known part behind MLflow shows a layer."""
    if answer.status == HTTPStatus.FORBIDDEN and not answer.error_code and _NO_RULE.search(answer.text[:4000]):
        sentence = f"{step} is refused with 403, for want of a rule that lets it pass{said}"
        return StepWords(fact, _found(finding.NO_RULE, sentence, answer), located=True)
    if answer.status == HTTPStatus.FORBIDDEN and not answer.error_code and _RIGHTS.search(_challenged(answer)):
        sentence = f"{step} is refused with 403, for a right that the key lacks{said}"
        return StepWords(fact, _found(finding.RIGHTS, sentence, answer), located=True)
    if answer.status == HTTPStatus.UNAUTHORIZED and re.search("expired", _challenged(answer), re.IGNORECASE):
        sentence = f"{step} is refused with 401, for a key that was let in before and has expired by now{said}"
        return StepWords(fact, _found(finding.REFUSED, sentence, answer), located=True)
    if _in_another_form(answer):
        told = f"is refused with {answer.status} by what stands before MLflow, whose own errors have another form"
        sentence = f"{step} {told}{said}"
        return StepWords(fact, _found(finding.STEP_ANSWERED, sentence, answer), located=True)
    fails = (answer.status or 0) >= 500
    known = server_words(answer.text) if fails or passed_on(answer.text) else None
    kind = known or (finding.STEP_FAILS if fails else finding.STEP_REFUSED)
    code = f"{answer.status} {answer.error_code[:60]}".strip()
    sentence = f"{step} {'fails' if fails else 'is refused'} with {code}{said}"
    if known is not None:
        sentence = f"{known.title}: {sentence}"
    return StepWords(fact, _found(kind, sentence, answer), located=known is not None)


def _found(kind: Kind, sentence: str, answer: Exchange) -> Finding:
    return Finding(kind, sentence, kind.remedy, (str(answer),))
