"""A sign-in page where the API should answer: for who sent no credential, and for who sent one all the same."""

from __future__ import annotations

import re

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.evidence.exchange import Exchange

_SENT = {"bearer": "a token", "basic": "a user and a password"}
"""Scheme of the Authorization header -> what was sent in it."""
_GUARDS = (
    (r"_oauth2_proxy", "in oauth2-proxy --skip-jwt-bearer-tokens, and --extra-jwt-issuers=ISSUER=AUDIENCE for others"),
    (r"mod_auth_openidc", "in mod_auth_openidc AuthType auth-openidc in place of openid-connect"),
    (r"AWSALBAuth", "in a load balancer of AWS a rule before the one that authenticates, by the header Authorization"),
    (r"CF_(?:AppSession|Authorization)", "in Cloudflare Access a policy with the action Service Auth, or Bypass"),
)
"""What a guard of browsers sets as a cookie, and how it lets programs in."""


def asked_to_sign_in(answer: Exchange, sentence: str, *seen: str, let_in: bool = False) -> Finding:
    """Return what a sign-in page, or a redirect to one, means to whom it is shown.

    ``let_in`` is whether the same credential was taken for other requests.
    """
    sent = _sent(answer)
    if not sent:
        return Finding(finding.LOGIN, sentence, finding.LOGIN.remedy, seen)
    known = "" if let_in else ", or does not know this credential"
    told = f"{sentence}, though {sent} was sent: it is not looked at there, where a browser's session is wanted{known}"
    kind = finding.LOGIN_ALL_THE_SAME
    cookies = " ".join(value for name, value in answer.response_headers if name.lower() == "set-cookie")
    own = next((line for cookie, line in _GUARDS if re.search(cookie, cookies)), "")
    return Finding(kind, told, f"{kind.remedy} ({own})" if own else kind.remedy, seen)


def _sent(answer: Exchange) -> str:
    """Return what was sent as a credential, empty if nothing was."""
    header = next((value for name, value in answer.request_headers if name.lower() == "authorization"), "")
    return _SENT.get(header.partition(" ")[0].lower(), "a signature") if header else ""
