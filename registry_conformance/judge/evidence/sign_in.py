"""Whether a response asks for a browser sign-in, by redirect or by page."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from registry_conformance.judge.evidence.exchange import Exchange

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PATH = re.compile(
    r"/(?:_?log-?in|sign[-_]?in|sso|saml2?|cas|oauth2?|oidc|openid|authorize|auth|dex|realms|adfs|"
    r"(?:accounts?|users?)/(?:log[-_]?in|sign[-_]?in))(?:\.(?:html?|php|aspx?|jsp))?(?=/|$|\?)",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?:^|\.)(?:login|sso|auth|idp|id|accounts|signin|okta|auth0|onelogin|keycloak|cognito|amazoncognito|"
    r"microsoftonline|duosecurity|cloudflareaccess|pingidentity)(?=\.|$)",
    re.IGNORECASE,
)
_QUERY = re.compile(r"(?:^|&)(?:client_id|response_type|SAMLRequest|redirect_uri)=")
_SIGNED = re.compile(r"(?:^|&)(?:X-(?:Amz|Goog)-Signature|Signature|sig)=", re.IGNORECASE)
"""A URL that carries its own right leads to the thing itself, whatever its path looks like."""
_FORM = re.compile(
    r"type=[\"']?password|<form[^>]*(?:login|sign-?in|sso|saml)|<form[^>]*/oauth2/start|"
    r"<(?:title|button|a)\b[^>]{0,500}>(?:(?!</(?:title|button|a)>).){0,300}?(?:log|sign) ?in (?:to|with)",
    re.DOTALL,
)
_WITH_A_FORM = re.compile(r"(?:log|sign) ?in (?:to|with)")
"""What a text may say in passing, and a page with a form says of itself."""
_PORTS = {"http": 80, "https": 443}
_LOOKED_AT = 50_000


def is_redirect(answer: Exchange) -> bool:
    """Return whether a response is a redirect."""
    return answer.status in REDIRECTS and bool(answer.header("location"))


def goal_of(answer: Exchange) -> SplitResult | None:
    """Return the target URL of a redirect, ``None`` if its Location is no web address."""
    try:
        there = urlsplit(urljoin(answer.url, answer.header("location")))
        _ = there.port
    except ValueError:
        return None
    return there if there.scheme in ("http", "https") and there.hostname else None


def carries_away(answer: Exchange) -> bool:
    """Return whether a redirect leads a client, possibly with its credential, to another host or out of TLS.

    A presigned URL needs no credential, and does not count.
    """
    here, there = urlsplit(answer.url), goal_of(answer)
    if not is_redirect(answer) or there is None or _SIGNED.search(there.query):
        return False
    return _host_of(there) != _host_of(here) or (here.scheme == "https" and there.scheme != "https")


def _host_of(address: SplitResult) -> tuple[str, int | None]:
    """Return host and port of a URL in comparable form."""
    return (address.hostname or "").lower(), address.port or _PORTS.get(address.scheme)


def leads_to_sign_in(answer: Exchange) -> bool:
    """Return whether a redirect leads to a sign-in page."""
    if not is_redirect(answer):
        return False
    here, there = urlsplit(answer.url), goal_of(answer)
    if there is None:
        return False
    if there.path.endswith(here.path) and here.path.strip("/"):
        return False  # the same request elsewhere: a move, no sign-in page
    if _SIGNED.search(there.query):
        return False
    signs = (
        bool(_PATH.search(there.path)),
        bool(_HOST.search(there.hostname or "")) and there.hostname != here.hostname,
        bool(_QUERY.search(there.query)),
    )
    return any(signs)


def is_sign_in_page(answer: Exchange) -> bool:
    """Return whether a response is a sign-in page, whatever its status."""
    if not (answer.ok or answer.status in (401, 403)) or "html" not in answer.content_type:
        return False
    text = answer.text[:_LOOKED_AT].lower()
    return bool(_FORM.search(text)) or ("<form" in text and bool(_WITH_A_FORM.search(text)))


def asks_to_sign_in(answer: Exchange) -> bool:
    """Return whether a response is a sign-in page or leads to one, instead of the requested content."""
    return leads_to_sign_in(answer) or is_sign_in_page(answer)
