"""Requests that are refused for their form, not for who sends them: too long, in another protocol, by another name."""

from __future__ import annotations

import re

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import Product, author_of
from registry_conformance.judge.diagnosis.preflight.wording import words_of
from registry_conformance.judge.evidence.exchange import Exchange

_TOO_LARGE = "header too large"
_REASONS = {
    408: ("it waited in vain for a small request", "look at what stands between this client and it, and its timeouts"),
    411: (
        "it wants a length that a request without a body has none of",
        "have it accept GET requests without a length",
    ),
    413: ("a body too large, though a search has none", "have it accept bodies as large as a model"),
    414: ("an address too long, at less than 200 characters", "raise its limit for the length of an address"),
    417: ("an expectation that no request held", "have it accept requests without Expect"),
    421: (
        "a host name that it does not serve on this connection",
        "have it serve this host name, or use the name that it serves",
    ),
    426: (
        "it wants another protocol than HTTP/1.1, which the MLflow client speaks",
        "have it accept HTTP/1.1, or have a proxy that does stand before it",
    ),
    _TOO_LARGE: ("headers too large", "raise its limit for headers; the key is sent in one"),
    451: ("legal reasons", "ask the operator: what answers may not serve this place"),
}
"""Status or kind -> what is said of it, and what mends it."""
_HOST_CHECK = re.compile(r"Invalid Host header|DisallowedHost|[Hh]ost (?:\(.{0,80}\) )?is not allowed", re.DOTALL)
_HEADER_SIZE = re.compile(
    r"Request Header(?: Fields| Or Cookie)? Too (?:Large|Long)|Size of a request header field", re.IGNORECASE
)
_CLIENT_CERTIFICATE = re.compile(
    r"No required SSL certificate was sent|client certificate (?:is )?required|SSL certificate error", re.IGNORECASE
)


def refused_for_form(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding | None:
    """Return that a request is refused for its form: the host that it names, its size, its protocol."""
    if answer.status is None or not 400 <= answer.status < 500:
        return None
    return _host_refused(asking, answer) or _certificate_wanted(answer) or _unfit(asking, anonymous, answer, product)


def _host_refused(asking: Asking, answer: Exchange) -> Finding | None:
    found = _HOST_CHECK.search(answer.text[:4000])
    if found is None:
        return None
    host = asking.root.partition("//")[2]
    if "DNS rebinding" in answer.text:
        sentence = f"MLflow refuses the host name {host} with {answer.status}; it says: {words_of(answer)!r}"
        return Finding(finding.HOST, sentence, finding.HOST.remedy, (str(answer),))
    sentence = f"what answers refuses the host name {host} with {answer.status}; it says: {words_of(answer)!r}"
    remedy = f"have it accept the host name {host}, or have the proxy set the Host header to a name that it accepts"
    return Finding(finding.UNFIT, sentence, remedy, (str(answer),))


def _certificate_wanted(answer: Exchange) -> Finding | None:
    if _CLIENT_CERTIFICATE.search(answer.text[:4000]) is None:
        return None
    who = author_of(answer).name if author_of(answer) else "what answers"
    sentence = f"{who} wants a client certificate, and none was given; it says: {words_of(answer)!r}"
    return Finding(finding.CLIENT_CERTIFICATE, sentence, finding.CLIENT_CERTIFICATE.remedy, (str(answer),))


def _unfit(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding | None:
    large = answer.status == 431 or _HEADER_SIZE.search(answer.text[:4000]) is not None
    reason, remedy = _REASONS.get(_TOO_LARGE if large else answer.status or 0, ("", ""))
    if not reason:
        return None
    author = author_of(answer) or product
    who = author.name if author else "what answers"
    if large and anonymous.status != answer.status and isinstance(asking.credential, str):
        reason = (
            f"headers too large: your key of {len(asking.credential)} characters is, without it another answer comes"
        )
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    sentence = f"{who} refuses even a small search with {answer.status}: {reason}{said}"
    return Finding(finding.UNFIT, sentence, remedy, (str(answer),))
