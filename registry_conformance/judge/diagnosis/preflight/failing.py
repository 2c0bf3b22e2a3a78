"""What fails on everything it is asked: MLflow itself, what stands before it, a limit, a page for maintenance."""

from __future__ import annotations

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.credentials import words_of
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import Answered, Product, product_of
from registry_conformance.judge.evidence.exchange import Exchange

TOO_MANY = 429
_GATEWAY = frozenset({502, 504, 520, 521, 522, 523, 524, 525, 526})
"""Statuses by which a proxy says that what stands behind it does not answer."""
_OTHERS = (f"{REST}/registered-models/search?max_results=1", f"{REST}/experiments/get-by-name?experiment_name=Default")


def fails(answer: Exchange) -> bool:
    """Return whether an answer is a failure of whoever answers, and no refusal."""
    return answer.status is not None and (answer.status >= 500 or answer.status == TOO_MANY)


def fails_on_everything(asking: Asking, answer: Exchange, product: Product) -> Finding | None:
    """Return what fails on everything it is asked; nothing if other requests are answered."""
    others = [asking.ask(path, keyed=True) for path in _OTHERS]
    if not all(fails(other) or other.status is None for other in others):
        return None
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    who = who_fails(answer, product)
    seen = tuple(str(exchange) for exchange in (answer, *others))
    wait = answer.header("retry-after")
    later = f"; try again after {wait} s" if wait.isdigit() else f"; try again after {wait}" if wait else ""
    if answer.status == TOO_MANY:
        sentence = f"every request is answered 429, too many requests, by {who}{said}"
        return Finding(finding.THROTTLED, sentence, finding.THROTTLED.remedy + later, seen)
    own = product_of([Answered(answer.status, (), answer.text)])
    if answer.status in _GATEWAY or own.id in ("envoy", "haproxy") or (own and answer.status == 503):
        sentence = f"{who} answers {answer.status} to everything: it does not reach what stands behind it{said}"
        return Finding(finding.BEHIND, sentence, finding.BEHIND.remedy + later, seen)
    if answer.status == 503:
        sentence = f"every request is answered 503, unavailable, by {who}{said}"
        return Finding(finding.UNAVAILABLE, sentence, finding.UNAVAILABLE.remedy + later, seen)
    sentence = f"MLflow itself fails: it answers {answer.status} to everything it is asked{said}"
    return Finding(finding.FAILS, sentence, finding.FAILS.remedy + later, seen)


def who_fails(answer: Exchange, product: Product) -> str:
    """Return who answers with a failure: the product whose own page it is, else what stands behind it."""
    own = product_of([Answered(answer.status, (), answer.text)])
    if own:
        return own.name
    if answer.status in _GATEWAY and product:
        return product.name
    document = answer.json()
    if isinstance(document, dict) and "error_code" in document:
        return "MLflow or what answers in its form"
    return f"{product.name}, or what stands behind it" if product else "what answers there"
