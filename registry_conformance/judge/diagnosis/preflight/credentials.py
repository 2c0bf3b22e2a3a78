"""Whether the credential is accepted, and if not, who rejects it and with which message."""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus

from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.key_form import odd_form, surely_odd
from registry_conformance.judge.diagnosis.preflight.products import Product, author_of
from registry_conformance.judge.diagnosis.preflight.recognition import SEARCH
from registry_conformance.judge.diagnosis.preflight.refusal import REFUSALS, Refusal, alike
from registry_conformance.judge.diagnosis.preflight.token_lifetime import clocks_compared, is_too_early, out_of_time
from registry_conformance.judge.diagnosis.preflight.wording import refuser, words_of
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.credential import AwsSignature, Credential, Password, kind_of

_MISSING = re.compile(
    r"(?:missing|absent|no|without|requires?|provide) (?:an? |the |valid )?(?:(?:x-)?api[- ]?key|credentials?|token"
    r"|bearer|authorization)|not provided|no authorization|authorization header (?:is )?(?:missing|required|not)|"
    r"(?:api[- ]?key|token|credentials?) (?:is |are )?(?:missing|required|not (?:given|provided|supplied))",
    re.IGNORECASE,
)
"""How a refusal says that nothing was sent."""
_RIGHTS = re.compile(r"PERMISSION_DENIED|permission|not allowed|insufficient|scope|forbidden", re.IGNORECASE)
_AWS_SIGNATURE = re.compile(r"requires '?(?:Credential|Signature)'? parameter|not a valid key=value pair")
"""How AWS says that it looks for a signature of its own in the Authorization header."""
_SIGN = (
    "set MLFLOW_TRACKING_AWS_SIGV4=true, with AWS keys that may call it, and pip install requests-auth-aws-sigv4; or "
    "have the route take a key"
)
_SIGNED_FOR_NOTHING = (
    "if this registry takes a key or a password, unset MLFLOW_TRACKING_AWS_SIGV4: with it the MLflow client signs each "
    "request, and sends neither; else use AWS keys that may call it"
)
_SIGNING_KEY = re.compile(r"\bjwks?\b.{0,40}\bkey|signing key|\bkid\b", re.IGNORECASE)
"""How a refusal says that it does not know the key that a token is signed with."""
_OTHER_SIGNING_KEY = (
    "take a new token; if this one is new, have whoever checks tokens fetch the issuer's public keys (JWKS) anew: it "
    "does not know the one that this is signed with"
)
_OTHER_AUDIENCE = re.compile(r"\baud(?:iences?)?\b|\biss(?:uers?)?\b", re.IGNORECASE)
"""How a refusal says that a token is valid, and meant for another service or made by another issuer."""
_FOR_THIS = (
    "take a token that is issued for this registry: whoever checks tokens there expects another audience (aud) or "
    "issuer (iss) than this one has; the operator knows which"
)
_IDENTITY_AWARE = (
    "send an OpenID Connect ID token whose audience is the client ID of this IAP (gcloud auth print-identity-token "
    "--audiences=CLIENT_ID): Google's Identity-Aware Proxy takes no other key"
)
_SENT = ("bearer", "basic")
"""The schemes of credentials that the MLflow client sends."""
_OTHER_CARRIERS = ("kong", "aws-api-gateway", "azure-api", "apigee")
"""Products that take keys from a header or a query of their own unless told otherwise."""
_HEADER_NAMED = re.compile(
    r"\b(?!x-forwarded|x-request|x-real)"
    r"(?:x-[a-z-]*(?:key|token|auth\w*|secret)|ocp-apim-subscription-key|api-key(?= header))\b",
    re.IGNORECASE,
)
"""How a refusal names the header in which it looks for a key."""


def outbound_proxy(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that a forward proxy answers, and requires its own credentials."""
    if answer.status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return None
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    sentence = f"{asking.host} answers 407, as a proxy for going out does that wants credentials of its own{said}"
    return Finding(finding.OUTBOUND, sentence, finding.OUTBOUND.remedy, (str(answer),))


def refused(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding:
    """Return who rejects a request, with or without a credential, and with which message."""
    refusal = Refusal(asking, anonymous, answer, product)
    if product.id == "aws-api-gateway" and "Missing Authentication Token" in refusal.words:
        sentence = (
            f"no MLflow answers at {asking.url}: AWS API Gateway has no route for this path and method, "
            "or the route requires IAM signatures"
        )
        return refusal.found(finding.PATH, sentence + refusal.said)
    if asking.credential is None:
        return _nothing_given(refusal)
    if form := surely_odd(asking.credential):
        sentence = f"{_yours(asking.credential)} refused with {answer.status} by {refusal.who}{refusal.said}; {form}"
        return refusal.found(finding.UNLIKE_A_KEY, sentence, _alone(asking.credential, form))
    return _understood(refusal, asking.credential) or _compared(refusal, asking.credential)


def _alone(credential: Credential, form: str) -> str:
    """Return what to do about a credential that was given together with something else."""
    if isinstance(credential, Password):
        return f"give user and password alone: {form}"
    return f"set MLFLOW_TRACKING_TOKEN, or what the environment file takes it from, to the key alone: {form}"


def _nothing_given(refusal: Refusal) -> Finding:
    """Return what a rejection means for a client without a credential."""
    who, said = refusal.who, refusal.said
    if refusal.scheme.lower() == "basic":
        return refusal.found(finding.PASSWORD, f"{who} requires a user and a password, and none were given{said}")
    if refusal.answer.status == HTTPStatus.UNAUTHORIZED or refusal.about_keys:
        return refusal.found(finding.WANTED, f"{who} requires a key, and none was given{said}")
    status = refusal.answer.status
    sentence = f"{who} refuses a client without a key with {status}: it requires a key, or refuses everybody{said}"
    return refusal.found(finding.WANTED, sentence)


def _understood(refusal: Refusal, credential: Credential) -> Finding | None:
    """Return what the rejection of a credential means, if its lifetime, status or message tells."""
    what, who, said, status = _yours(credential), refusal.who, refusal.said, refusal.answer.status
    lapsed, remedy = out_of_time(credential, refusal.reasons)
    if is_too_early(credential, refusal.reasons):
        compared = clocks_compared(refusal.answer)
        sentence = (
            f"{who} refuses a token with {status} as not valid yet ({refusal.reasons!r}); {lapsed}: a clock is wrong, "
            "and not the key"
        )
        return refusal.found(finding.TOO_EARLY, f"{sentence}; {compared}" if compared else sentence, remedy)
    if lapsed:
        return refusal.found(finding.REFUSED, f"{what} refused with {status} by {who}{said}; {lapsed}", remedy)
    if other := _forbidden(refusal, credential, what):
        return other
    if other := _let_in_before(refusal, credential, what) or _of_another_kind(refusal, credential, what):
        return other
    if not (_MISSING.search(refusal.words) and refusal.alike):
        return None
    return _not_found(refusal, what)


def _forbidden(refusal: Refusal, credential: Credential, what: str) -> Finding | None:
    """Return what a 403 means to whom a stranger's refusal differs: a token for another service, a rule, a right."""
    who, said, status = refusal.who, refusal.said, refusal.answer.status
    if refusal.calls_token_invalid:
        sentence = f"{what} refused with {status} by {who}{said}"
        return refusal.found(finding.REFUSED, sentence, _remedy(refusal.reasons, credential))
    if status != HTTPStatus.FORBIDDEN or not _is_known(refusal.anonymous, refusal.answer, refusal.words):
        return None
    if refusal.without_reason:
        sentence = (
            f"{what} let in further than none, and {who} itself refuses with {status}, by a page that gives no reason: "
            "by a rule of its own, as a list of addresses is, or for a right that is missing"
        )
        return refusal.found(finding.RIGHTS_OR_RULE, sentence)
    return refusal.found(
        finding.RIGHTS, f"{what} known, and may not read experiments: {who} refuses with {status}{said}"
    )


def _not_found(refusal: Refusal, what: str) -> Finding:
    """Return that who rejects sees no credential: it looks for one elsewhere, or none arrives."""
    who, said, own = refusal.who, refusal.said, author_of(refusal.answer)
    if header := _HEADER_NAMED.search(refusal.words):
        sentence = f"{what} sent as the MLflow client sends it, and {who} looks for one in the header {header[0]}{said}"
        return refusal.found(finding.OTHER_HEADER, sentence)
    if own.id in _OTHER_CARRIERS:
        sentence = f"{what} sent as the MLflow client sends it, and {own.name} looks for one elsewhere{said}"
        remedy = f"have {own.name} take the key from the Authorization header: the MLflow client sends it in no other"
        return refusal.found(finding.LOST, sentence, remedy)
    return refusal.found(finding.LOST, f"{what} sent, and {who} does not see it{said}")


def _compared(refusal: Refusal, credential: Credential) -> Finding:
    """Return what the rejection of a credential means, by comparison with no credential and an invalid one."""
    who, said, status, product = refusal.who, refusal.said, refusal.answer.status, refusal.product
    decoy = _decoy(credential)
    as_everybody = refusal.alike and (
        decoy is None or alike(refusal.anonymous, refusal.asking.ask(SEARCH, keyed=True, decoy=decoy))
    )
    also = "without a credential, and with an invalid one, the response is the same" if as_everybody and decoy else ""
    if as_everybody and status == HTTPStatus.FORBIDDEN and refusal.by_an_authorizer:
        sentence = (
            f"{product.name} refuses everybody alike with an empty 403, as it does where the service that it asks "
            "(ext_authz) refuses, or does not answer"
        )
        return refusal.found(finding.AUTHORIZER, sentence, also=also)
    if as_everybody and status == HTTPStatus.FORBIDDEN and not refusal.about_keys:
        sentence = f"{who} refuses everybody alike with {status}, with your credential, another one and none{said}"
        return refusal.found(finding.BARRED, sentence, also=also)
    sentence, remedy = (
        f"{_yours(credential)} refused with {status} by {who}{said}",
        _remedy(refusal.reasons, credential),
    )
    if (form := odd_form(credential)) and also:
        sentence, remedy = f"{sentence}; {form}", _alone(credential, form)
        return refusal.found(finding.REFUSED, sentence, remedy, also)
    if refusal.scheme and refusal.scheme.lower() not in _SENT:
        sentence += f"; it requires the scheme {refusal.scheme}, and the MLflow client sends Bearer or Basic"
        remedy = "ask the operator for a route that accepts a key or a password"
    elif also and (before := refusal.before):
        sentence += f", as without a key: it is not valid there, or {before} drops the Authorization header"
        remedy += f"; if it is valid, have {before} pass the Authorization header on"
        return refusal.found(finding.REFUSED_OR_LOST, sentence, remedy, also)
    return refusal.found(finding.REFUSED, sentence, remedy, also)


def _of_another_kind(refusal: Refusal, credential: Credential, what: str) -> Finding | None:
    """Return that a credential of another kind is wanted: user and password, or a signature by AWS keys."""
    refused_by = f"{what} refused with {refusal.answer.status} by {refusal.who}"
    if _AWS_SIGNATURE.search(refusal.words) and not isinstance(credential, AwsSignature):
        sentence = f"{refused_by}, which requires requests signed with AWS keys (IAM){refusal.said}"
        return refusal.found(finding.REFUSED, sentence, _SIGN)
    if refusal.scheme.lower() == "bearer" and isinstance(credential, Password):
        remedy = "set MLFLOW_TRACKING_TOKEN, and unset MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        return refusal.found(finding.REFUSED, f"{refused_by}, which requires a token (Bearer){refusal.said}", remedy)
    if refusal.scheme.lower() == "basic" and isinstance(credential, str):
        sentence = f"{refused_by}, which requires a user and a password{refusal.said}"
        return refusal.found(finding.PASSWORD, sentence)
    return None


def _let_in_before(refusal: Refusal, credential: Credential, what: str) -> Finding | None:
    """Return that who refuses strangers lets the credential in, and another part behind it refuses it."""
    first, second = refuser(refusal.anonymous, refusal.product), refusal.who
    if refusal.anonymous.status not in REFUSALS or first == second or refusal.answer.status not in REFUSALS:
        return None
    decoy = _decoy(credential)
    invalid = refusal.asking.ask(SEARCH, keyed=True, decoy=decoy) if decoy else None
    if invalid is None or not alike(refusal.anonymous, invalid):
        return None
    sentence = (
        f"{what} let in by {first}, which refuses others, and refused with {refusal.answer.status} by {second} behind "
        f"it{refusal.said}"
    )
    return refusal.found(finding.REFUSED_BEHIND, sentence, also=str(refusal.anonymous))


def _is_known(anonymous: Exchange, answer: Exchange, words: str) -> bool:
    """Return whether the credential is known but lacks a right: others are rejected differently."""
    if anonymous.status == HTTPStatus.UNAUTHORIZED:
        return True
    return bool(_RIGHTS.search(words)) and anonymous.text != answer.text


def _yours(credential: Credential) -> str:
    """Return a credential as the subject of a sentence, with its verb."""
    if isinstance(credential, str):
        return "your key is"
    return "your user and password are" if isinstance(credential, Password) else f"{kind_of(credential)} is"


def _remedy(words: str, credential: Credential) -> str:
    if isinstance(credential, Password):
        return "correct MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or ask the operator for them"
    if _SIGNING_KEY.search(words):
        return _OTHER_SIGNING_KEY
    if words.startswith("Invalid IAP credentials"):
        return _IDENTITY_AWARE
    if _OTHER_AUDIENCE.search(words):
        return _FOR_THIS
    if re.search(r"expired", words, re.IGNORECASE):
        return "use a key that has not expired; ask the operator for a new one"
    return _SIGNED_FOR_NOTHING if isinstance(credential, AwsSignature) else finding.REFUSED.remedy


def _decoy(credential: Credential) -> Credential | None:
    """Return an invalid credential of the same kind, ``None`` if that kind has none."""
    if isinstance(credential, str):
        return secrets.token_hex(16)
    return Password("nobody", secrets.token_hex(8)) if isinstance(credential, Password) else None
