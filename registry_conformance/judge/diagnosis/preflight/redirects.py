"""Where a redirect leads: to https, to another host, to a page to sign in, round in a circle."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.evidence.exchange import Exchange

STATUSES = frozenset({301, 302, 303, 307, 308})
_SIGN_IN_PATH = re.compile(
    r"/(?:log-?in|sign-?in|sso|saml2?|cas|oauth2?|oidc|openid|authorize|auth|dex|realms|adfs|_?login)\b|"
    r"/(?:accounts?|users?)/(?:login|sign)",
    re.IGNORECASE,
)
_SIGN_IN_HOST = re.compile(
    r"(?:^|\.)(?:login|sso|auth|idp|id|accounts|signin|okta|auth0|onelogin|keycloak|cognito|amazoncognito|"
    r"microsoftonline|duosecurity|cloudflareaccess|pingidentity)\b",
    re.IGNORECASE,
)
_SIGN_IN_QUERY = re.compile(r"(?:^|&)(?:client_id|response_type|SAMLRequest|redirect_uri|rd|return_to|next)=")


def is_redirect(answer: Exchange) -> bool:
    """Return whether an answer sends its client elsewhere."""
    return answer.status in STATUSES and bool(answer.header("location"))


def redirected(url: str, answer: Exchange) -> Finding:
    """Return what the redirect of a request means for a tracking URI ``url``."""
    goal = urljoin(answer.url, answer.header("location"))
    here, there = urlsplit(answer.url), urlsplit(goal)
    seen = (f"{answer.status} with Location: {_shown(goal)}",)
    if leads_to_sign_in(answer):
        sentence = f"{here.netloc} sends its clients to a page to sign in, at {there.netloc}{there.path[:80]}"
        return Finding(finding.LOGIN, sentence, finding.LOGIN.remedy, seen)
    suggested = _tracking_uri(url, answer.url, goal)
    if here.hostname != there.hostname:
        sentence = (
            f"{here.netloc} redirects ({answer.status}) to another host, {there.netloc}; the key is not sent there"
        )
        remedy = f"if {there.netloc} is yours, use {suggested}"
        return Finding(finding.ELSEWHERE, sentence, remedy, seen)
    if here.scheme == "http" and there.scheme == "https":
        sentence = f"{here.netloc} redirects ({answer.status}) from http to https, at {there.netloc}"
        return Finding(finding.TO_HTTPS, sentence, f"use {suggested}", seen)
    if (here.scheme, here.netloc, here.path) == (there.scheme, there.netloc, there.path):
        sentence = f"{here.netloc} redirects ({answer.status}) to the same address, round in a circle"
        return Finding(finding.REDIRECT, sentence, "correct the redirect: it names the address that was asked", seen)
    sentence = f"{here.netloc} redirects ({answer.status}) to {_shown(goal)}"
    return Finding(finding.REDIRECT, sentence, f"use {suggested}", seen)


def leads_to_sign_in(answer: Exchange) -> bool:
    """Return whether a redirect leads to a page where a person signs in."""
    if not is_redirect(answer):
        return False
    here, there = urlsplit(answer.url), urlsplit(urljoin(answer.url, answer.header("location")))
    if there.path.endswith(here.path) and here.path.strip("/"):
        return False  # the same request elsewhere: a move, no page to sign in
    signs = (
        bool(_SIGN_IN_PATH.search(there.path)),
        bool(_SIGN_IN_HOST.search(there.hostname or "")) and there.hostname != here.hostname,
        bool(_SIGN_IN_QUERY.search(there.query)),
    )
    return any(signs)


def _tracking_uri(url: str, asked: str, goal: str) -> str:
    """Return the tracking URI that a redirect comes to: where it leads, less what was asked below the old one."""
    below = urlsplit(asked).path.removeprefix(urlsplit(url).path.rstrip("/"))
    parts = urlsplit(goal)
    path = parts.path.removesuffix("/").removesuffix(below)
    return parts._replace(path=path, query="", fragment="").geturl()


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()[:160]
