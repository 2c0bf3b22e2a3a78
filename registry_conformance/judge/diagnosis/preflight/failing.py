"""What fails on everything it is asked: MLflow itself, what stands before it, a limit, a page for maintenance."""

from __future__ import annotations

import re
from http import HTTPStatus

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding, Kind
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, Product, author_of
from registry_conformance.judge.diagnosis.preflight.server_words import server_words
from registry_conformance.judge.diagnosis.preflight.wording import words_of
from registry_conformance.judge.evidence.exchange import Exchange

TOO_MANY = 429
_BEHIND = {
    502: "gets no usable answer from its upstream",
    503: "does not pass requests on to its upstream",
    504: "gets no answer in time from its upstream",
    520: "gets no usable answer from its upstream",
    521: "does not reach its upstream",
    522: "gets no answer in time from its upstream",
    523: "does not reach its upstream",
    524: "gets no answer in time from its upstream",
    525: "does not agree on TLS with its upstream",
    526: "does not trust the certificate of its upstream",
    530: "does not find its upstream",
}
"""What a proxy says by its status of what stands behind it."""
_SELF = frozenset({"nginx", "caddy", "fastly", "akamai", APPLICATION})
"""Products whose own 503 may be meant: a limit, maintenance, a rule."""
OWN_FAILURE = (
    "its auth_request gets no answer, or another status than 2xx, 401 and 403; or it cannot write its temporary files; "
    "or its rewrites form a loop"
)
"""When nginx makes a page of 500 itself; its error log tells which."""
OWN_FAILURE_BY_SIZE = (
    "small uploads pass: it cannot write its temporary files, or what its auth_request asks has a lower limit for "
    "bodies"
)
"""The same, where it depends on the size of an upload."""
OWN_FAILURE_OF_ANY = (
    "neither a limit for bodies nor a path is the reason; its auth_request gets no answer at times, or another status "
    "than 2xx, 401 and 403"
)
"""The same, where it fails at times whatever is asked."""
_OWN_LIMIT = (
    "its limit of requests or connections is met (limit_req, limit_conn), or a rule of its own returns 503; what "
    "stands behind it was not asked"
)
"""When nginx makes a page of 503 itself."""
_ARTIFACTS_ONLY = "`--artifacts-only` mode"
_FLASK_S = re.compile(r"The server encountered an internal error and was unable to complete your request\. Either")
"""How the framework that MLflow is built on fails."""
_OTHERS = (f"{REST}/registered-models/search?max_results=1", f"{REST}/experiments/get-by-name?experiment_name=Default")


def fails(answer: Exchange) -> bool:
    """Return whether an answer is a failure of whoever answers, and no refusal."""
    return answer.status is not None and (answer.status >= 500 or answer.status == TOO_MANY)


def alive_alone(asking: Asking, silent: Exchange) -> Finding | None:
    """Return that MLflow answers what needs no database at once, and a search not at all."""
    told = asking.ask("/version", keyed=True) if silent.error.startswith("timeout") else silent
    if not (told.ok and re.fullmatch(r"\d+\.\d+[\w.]*", told.text.strip())):
        return None
    sentence = (
        f"MLflow {told.text.strip()} answers what needs no database at once, and a search not within "
        f"{silent.seconds:.0f} s: what it asks, its database most likely, gives no answer"
    )
    return Finding(finding.FAILS, sentence, finding.FAILS.remedy, (str(silent), str(told)))


def fails_on_everything(asking: Asking, answer: Exchange, product: Product) -> Finding | None:
    """Return what fails on everything it is asked; nothing if other requests are answered."""
    others = [asking.ask(path, keyed=True) for path in _OTHERS]
    if not all(fails(other) or other.status is None for other in others):
        return None
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    kind, sentence = _artifacts_alone(answer) or _behind_mlflow(answer) or _failure(answer, product)
    later = _try_again(answer.header("retry-after"))
    return Finding(kind, sentence + said, kind.remedy + later, tuple(str(exchange) for exchange in (answer, *others)))


def _try_again(after: str) -> str:
    """Return when to try again in words, by ``Retry-After``: seconds or a date; empty without it."""
    if not after:
        return ""
    return f"; try again after {after} s" if after.isdigit() else f"; try again after {after}"


def says_of_itself(answer: Exchange) -> str:
    """Return what a proxy's own page of 500 means, empty if it is none, or that of a product that makes none itself."""
    own = author_of(answer)
    return OWN_FAILURE if own and own.id == "nginx" and answer.status == HTTPStatus.INTERNAL_SERVER_ERROR else ""


def limits_itself(answer: Exchange) -> str:
    """Return what nginx's own page of 503 means, empty if it is none: for what stands behind it has 502 and 504."""
    own = author_of(answer)
    return _OWN_LIMIT if own and own.id == "nginx" and answer.status == HTTPStatus.SERVICE_UNAVAILABLE else ""


def says_of_behind(answer: Exchange) -> str:
    """Return what a proxy says by a status of its own of what stands behind it, empty if nothing."""
    return _BEHIND.get(answer.status or 0, "")


def _artifacts_alone(answer: Exchange) -> tuple[Kind, str] | None:
    """Return that MLflow says it serves no metadata, ``None`` if it does not."""
    if _ARTIFACTS_ONLY not in answer.text[:4000]:
        return None
    return finding.ARTIFACTS_ONLY, "this MLflow serves artifacts alone: it was started with --artifacts-only"


def _behind_mlflow(answer: Exchange) -> tuple[Kind, str] | None:
    """Return which part behind MLflow it says is at fault, ``None`` if it says nothing of one."""
    kind = server_words(answer.text[:4000]) if _is_document(answer) else None
    return None if kind is None else (kind, f"{kind.title}: MLflow answers {answer.status} to every request")


def _failure(answer: Exchange, product: Product) -> tuple[Kind, str]:
    """Return what kind of failure an answer is, and in words who fails."""
    who, own = who_fails(answer, product), author_of(answer)
    if answer.status == TOO_MANY:
        return finding.THROTTLED, f"every request is answered 429, too many requests, by {who}"
    gateway = answer.status in _BEHIND and answer.status != HTTPStatus.SERVICE_UNAVAILABLE
    if gateway or (answer.status == HTTPStatus.SERVICE_UNAVAILABLE and own and own.id not in _SELF):
        return finding.BEHIND, f"{who} answers {answer.status} to every request: it {_BEHIND[answer.status or 0]}"
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return finding.UNAVAILABLE, f"every request is answered 503, unavailable, by {who}"
    if not own and _is_mlflow_s(answer):
        return finding.FAILS, f"MLflow itself fails: it answers {answer.status} to every request"
    if words := says_of_itself(answer):
        return finding.FAILS_BEFORE, f"every request is answered 500 by {who}, not by MLflow: {words}"
    return finding.FAILING, f"every request is answered {answer.status} by {who}"


def who_fails(answer: Exchange, product: Product) -> str:
    """Return who answers with a failure: the product whose own page it is, else what stands behind it."""
    own = author_of(answer)
    if own:
        return own.name
    if answer.status in _BEHIND and answer.status != HTTPStatus.SERVICE_UNAVAILABLE and product:
        return product.name
    if _is_document(answer):
        return "MLflow, or another part in MLflow's error form"
    return f"{product.name}, or its upstream" if product else "the part that answers there"


def _is_mlflow_s(answer: Exchange) -> bool:
    """Return whether a failure is told in words of MLflow's; its form alone may be anybody's."""
    known = _is_document(answer) and server_words(answer.text[:4000]) is not None
    return known or _FLASK_S.search(answer.text[:4000]) is not None


def _is_document(answer: Exchange) -> bool:
    """Return whether an error has MLflow's form."""
    document = answer.json()
    return isinstance(document, dict) and "error_code" in document
