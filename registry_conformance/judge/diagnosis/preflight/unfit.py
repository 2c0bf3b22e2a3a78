"""Requests that are refused for their form, not for who sends them: too long, in another protocol, by another name."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import Product, author_of
from registry_conformance.judge.diagnosis.preflight.wording import words_of
from registry_conformance.judge.evidence.exchange import Exchange

_TOO_LARGE = "header too large"
_REASONS = {
    408: ("it came too slowly", "look at what stands between this client and it, and its timeouts"),
    411: ("it wants to be told a length", "have it accept requests without a Content-Length, and bodies in chunks"),
    413: ("its body is too large", "take the limit for bodies off, at least for the artifact paths"),
    414: ("its address is too long", "raise the limit for the length of an address"),
    415: ("its content type is not taken", "have any content type accepted, at least for the artifact paths"),
    417: ("it expects an interim answer", "have requests with Expect: 100-continue accepted"),
    421: (
        "it names a host that is not served on this connection",
        "have this host name served, or use the name that is",
    ),
    426: (
        "it is in HTTP/1.1, which is all that the MLflow client speaks",
        "have HTTP/1.1 accepted, by a proxy before it if need be",
    ),
    _TOO_LARGE: ("its headers are too large", "raise the limit for headers; the key is sent in one"),
    451: ("legal reasons", "ask the operator: what answers may not serve this place"),
}
"""Status, or another sign, -> what is wrong with a request, and what mends it."""
_HOST_CHECK = re.compile(r"Invalid Host header|DisallowedHost|[Hh]ost (?:\(.{0,80}\) )?is not allowed", re.DOTALL)
_HEADER_SIZE = re.compile(
    r"Request Header(?: Fields| Or Cookie)? Too (?:Large|Long)|Size of a request header field", re.IGNORECASE
)
_GUNICORN = re.compile(r"<h1><p>[^<]{0,80}</p></h1>\s*(?P<said>[^<]{0,400})", re.IGNORECASE)
"""How gunicorn's own error page looks, whatever stands before it: a title, and what it says."""
_GUNICORNS_STATUSES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE})
"""What gunicorn says of a request that it cannot read, before any application is asked."""
_GUNICORNS = "where gunicorn is started, which is MLflow's own server most likely: mlflow server --gunicorn-opts"
_GUNICORNS_LIMITS = (
    (r"request line", f"raise the limit for the first line of a request {_GUNICORNS} '--limit-request-line 8190'"),
    (r"number of header", f"raise the limit for the number of headers {_GUNICORNS} '--limit-request-fields 100'"),
    (
        r"header|field",
        f"raise the limit for one header, in which the key is sent, {_GUNICORNS} '--limit-request-field_size 32768'",
    ),
    (r"", "read the log of gunicorn, which is MLflow's own server most likely: it refuses what it cannot read"),
)
"""What gunicorn says of a request that it refuses, and what mends it."""
_CLIENT_CERTIFICATE = re.compile(
    r"No required SSL certificate was sent|client certificate (?:is )?required", re.IGNORECASE
)
_CLIENT_CERTIFICATE_REFUSED = re.compile(r"SSL certificate error", re.IGNORECASE)
"""How nginx says that a client certificate was given, and is not accepted."""

_MISSING = re.compile(
    r"Missing value for required parameter '(?P<name>\w+)'|Invalid value 0 for parameter '(?P<none>\w+)'"
)
"""How MLflow says that it was asked without a parameter; a number that is missing is 0 for it."""
_NO_DOCUMENT = re.compile(
    r"Content-Type must be one of|The request body could not be decoded|Failed to decode JSON object"
)


def refused_for_form(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding | None:
    """Return that the client's search is refused for its form: the host that it names, its size, its protocol."""
    key = asking.credential if anonymous.status != answer.status else None
    return form_refused(answer, "even a small search", product, len(key) if isinstance(key, str) else 0)


def form_refused(answer: Exchange, what: str, product: Product | None = None, key: int = 0) -> Finding | None:
    """Return that ``what`` was asked is refused for its form; ``key`` is the length of a key that makes it so."""
    if answer.status is None or not 400 <= answer.status < 500:
        return None
    found = _host_refused(answer, what) or _certificate_wanted(answer) or _by_gunicorn(answer, what, key)
    found = found or _unfit(answer, what, product, key)
    return found or _incomplete(answer, what)


def _incomplete(answer: Exchange, what: str) -> Finding | None:
    """Return that MLflow says it was asked without something that was sent: the query, the body or its media type."""
    words = words_of(answer) if answer.error_code else ""
    missing = _MISSING.search(words)
    if missing is not None:
        name = missing["name"] or missing["none"]
        sent = parse_qs(urlsplit(answer.url).query)
        part = "query" if name in sent else "body"
        if (missing["none"] and sent.get(name) in (None, ["0"])) or (part == "body" and answer.method == "GET"):
            return None
    elif _NO_DOCUMENT.search(words):
        part = "body or its Content-Type"
    else:
        return None
    sentence = f"{what} reaches MLflow without its {part}, which was sent; MLflow says: {words!r}"
    return Finding(finding.INCOMPLETE, sentence, finding.INCOMPLETE.remedy, (str(answer),))


def _host_refused(answer: Exchange, what: str) -> Finding | None:
    if "Cross-origin request blocked" in answer.text[:200]:
        sentence = f"MLflow refuses {what} with {answer.status} for its Origin; it says: {words_of(answer)!r}"
        return Finding(finding.ORIGIN, sentence, finding.ORIGIN.remedy, (str(answer),))
    if _HOST_CHECK.search(answer.text[:4000]) is None:
        return None
    host, said = urlsplit(answer.url).netloc, f"; it says: {words_of(answer)!r}"
    if "DNS rebinding" in answer.text:
        sentence = f"MLflow refuses the host name {host} with {answer.status}{said}"
        return Finding(finding.HOST, sentence, finding.HOST.remedy, (str(answer),))
    sentence = f"what answers refuses {what} with {answer.status} for the host name {host}{said}"
    remedy = f"have the host name {host} accepted, or have the proxy set the Host header to a name that is"
    return Finding(finding.UNFIT, sentence, remedy, (str(answer),))


def _certificate_wanted(answer: Exchange) -> Finding | None:
    who = author_of(answer).name if author_of(answer) else "what answers"
    if _CLIENT_CERTIFICATE_REFUSED.search(answer.text[:4000]):
        sentence = f"{who} does not accept the client certificate that it was given; it says: {words_of(answer)!r}"
        remedy = (
            "name a certificate that has not expired, of the authority that it trusts, in "
            "MLFLOW_TRACKING_CLIENT_CERT_PATH; the operator issues it"
        )
        return Finding(finding.CLIENT_CERTIFICATE, sentence, remedy, (str(answer),))
    if _CLIENT_CERTIFICATE.search(answer.text[:4000]) is None:
        return None
    sentence = f"{who} wants a client certificate, and none was given; it says: {words_of(answer)!r}"
    return Finding(finding.CLIENT_CERTIFICATE, sentence, finding.CLIENT_CERTIFICATE.remedy, (str(answer),))


def _unfit(answer: Exchange, what: str, product: Product | None, key: int) -> Finding | None:
    large = answer.status == 431 or _HEADER_SIZE.search(answer.text[:4000]) is not None
    reason, remedy = _REASONS.get(_TOO_LARGE if large else answer.status or 0, ("", ""))
    if not reason:
        return None
    author, words = author_of(answer) or product, words_of(answer)
    who = author.name if author else "what answers"
    if large and key:
        reason += _long_key(key)
    said = f"; it says: {words!r}" if words else ""
    sentence = f"{who} refuses {what} with {answer.status}: {reason}{said}"
    return Finding(finding.UNFIT, sentence, remedy, (str(answer),))


def is_by_gunicorn(answer: Exchange) -> bool:
    """Return whether a page is gunicorn's own, whatever stands before it."""
    return _GUNICORN.search(answer.text[:4000]) is not None


def _by_gunicorn(answer: Exchange, what: str, key: int) -> Finding | None:
    """Return that gunicorn itself refuses ``what``: its page gives the reason below the title."""
    page = _GUNICORN.search(answer.text[:4000]) if answer.status in _GUNICORNS_STATUSES else None
    if page is None:
        return None
    said = " ".join(html.unescape(page["said"]).split()) or words_of(answer)
    limits = answer.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE or re.search("header", said, re.IGNORECASE)
    reason = ": its headers are too large" if limits else ""
    if limits and key:
        reason += _long_key(key)
    remedy = next(told for pattern, told in _GUNICORNS_LIMITS if re.search(pattern, said, re.IGNORECASE))
    sentence = f"gunicorn refuses {what} with {answer.status}{reason}; it says: {said!r}"
    kind = replace(finding.UNFIT, layer="mlflow", sure=False)
    return Finding(kind, sentence, remedy, (str(answer),))


def _long_key(characters: int) -> str:
    return f": your key has {characters} characters, and without it another answer comes"
