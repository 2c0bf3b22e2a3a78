"""Whether the credential is accepted, and if not, who rejects it and with which message."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from http import HTTPStatus

from registry_conformance.judge.clients.signing import taken_token
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.asking import OTHER_AGENT, Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding, Kind
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, Product, author_of
from registry_conformance.judge.diagnosis.preflight.recognition import SEARCH
from registry_conformance.judge.diagnosis.preflight.wording import refuser, words_of
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.target.credential import AwsSignature, CommandToken, Credential, Password, kind_of
from registry_conformance.judge.target.token import times_of

REFUSALS = frozenset({401, 403})
_MISSING = re.compile(
    r"(?:missing|absent|no|without|requires?|provide) (?:an? |the |valid )?(?:(?:x-)?api[- ]?key|credentials?|token"
    r"|bearer|authorization)|not provided|no authorization|authorization header (?:is )?(?:missing|required|not)|"
    r"(?:api[- ]?key|token|credentials?) (?:is |are )?(?:missing|required|not (?:given|provided|supplied))",
    re.IGNORECASE,
)
"""How a refusal says that nothing was sent."""
_ABOUT_KEYS = re.compile(
    r"api[- ]?key|token|credential|unauth|authenticat|authorization|password|\blog ?in|sign ?in|\bjwt\b|bearer|"
    r"(?:subscription|access|invalid|your) key|signature|expired|PERMISSION_DENIED",
    re.IGNORECASE,
)
"""How a refusal says that it is about who asks."""
_RIGHTS = re.compile(r"PERMISSION_DENIED|permission|not allowed|insufficient|scope|forbidden", re.IGNORECASE)

_PASSED = (
    ("CloudFront", "via", "cloudfront"),
    ("Cloudflare", "cf-ray", "-"),
    ("Fastly", "x-served-by", "cache-"),
    ("Azure Front Door", "x-azure-ref", ""),
    ("a proxy", "via", "."),
)
"""Who adds a header to what passes through it: name, header, and what that holds."""
_AWS_SIGNATURE = re.compile(r"requires '?(?:Credential|Signature)'? parameter|not a valid key=value pair")
"""How AWS says that it looks for a signature of its own in the Authorization header."""
_SIGN = (
    "set MLFLOW_TRACKING_AWS_SIGV4=true, with AWS keys that may call it, and pip install requests-auth-aws-sigv4; or "
    "have the route take a key"
)
_OUT_OF_TIME = (
    "take a new token; if this one is new, the clocks of this machine and of who issues tokens differ: set both by NTP"
)
_TOO_EARLY = re.compile(
    r"not yet valid|used before issued|issued in the future|\b(?:iat|nbf)\b.{0,40}(?:future|early|yet)", re.IGNORECASE
)
"""How a refusal says that a token is good only later."""
_GOOD_HERE = "by this machine's clock it is good"
_CLOCKS = "have the clock of who checks tokens set by NTP: it is behind that of who issues them; or wait, and try again"
_NOT_YET = "who checks it says that it is not valid yet"
_BOTH_CLOCKS = "compare both clocks, of who issues it and of who checks it, and have them set by NTP"
_SIGNING_KEY = re.compile(r"\bjwks?\b.{0,40}\bkey|signing key|\bkid\b", re.IGNORECASE)
"""How a refusal says that it does not know the key that a token is signed with."""
_OTHER_SIGNING_KEY = (
    "take a new token; if this one is new, have whoever checks tokens fetch the issuer's public keys (JWKS) anew: it "
    "does not know the one that this is signed with"
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
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def client_name_refused(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that only the User-Agent is rejected: the same request with another one is not."""
    if answer.status is None or answer.status < 400:
        return None
    other = asking.ask(SEARCH, keyed=True, agent=OTHER_AGENT)
    if other.status is None or other.status == answer.status or other.status >= 500 or other.status == 429:
        return None
    if asking.ask(SEARCH, keyed=True).status != answer.status:
        return None  # it fails now and then, under whichever name
    sentence = (
        f"{_host(asking)} refuses the User-Agent of the MLflow client with {answer.status}; "
        f"the same request under another name is answered {other.status}"
    )
    return Finding(finding.AGENT, sentence, finding.AGENT.remedy, (str(answer), str(other)))


def client_name_dropped(asking: Asking, silent: Exchange) -> Finding | None:
    """Return that connections are closed, or left without an answer, for the User-Agent alone."""
    other = asking.ask(SEARCH, agent=OTHER_AGENT)
    if other.status is None or asking.ask(SEARCH).status is not None:
        return None
    sentence = (
        f"{_host(asking)} gives no answer to the User-Agent of the MLflow client; the same request under another name "
        f"is answered {other.status}"
    )
    return Finding(finding.AGENT, sentence, finding.AGENT.remedy, (str(silent), str(other)))


def outbound_proxy(asking: Asking, answer: Exchange) -> Finding | None:
    """Return that a forward proxy answers, and requires its own credentials."""
    if answer.status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return None
    words = words_of(answer)
    said = f"; it says: {words!r}" if words else ""
    sentence = f"{_host(asking)} answers 407, as a proxy for going out does that wants credentials of its own{said}"
    return Finding(finding.OUTBOUND, sentence, finding.OUTBOUND.remedy, (str(answer),))


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A rejection: the requests, the responses with and without the credential, and who sent them."""

    asking: Asking
    anonymous: Exchange
    answer: Exchange
    product: Product

    @property
    def who(self) -> str:
        """Who rejects, in words."""
        return refuser(self.answer, self.product)

    @property
    def words(self) -> str:
        """Its own message."""
        return words_of(self.answer)

    @property
    def said(self) -> str:
        """Its own message as the end of a sentence, empty if there is none."""
        return f"; it says: {self.words!r}" if self.words else ""

    @property
    def scheme(self) -> str:
        """The authentication scheme that it requires, empty if it names none."""
        return self.answer.header("www-authenticate").partition(" ")[0]

    @property
    def about_keys(self) -> bool:
        """Whether its message is about authentication."""
        return bool(self.scheme) or _ABOUT_KEYS.search(self.answer.text[:4000]) is not None

    @property
    def alike(self) -> bool:
        """Whether requests without a credential get the same response."""
        return _alike(self.anonymous, self.answer)

    def found(self, kind: Kind, sentence: str, remedy: str = "", also: str = "") -> Finding:
        """Return a finding with the evidence of the refusal; ``also`` is more of it."""
        challenge = self.answer.header("www-authenticate")
        seen = (str(self.answer), f"WWW-Authenticate: {challenge[:160]}" if challenge else "", also)
        return Finding(kind, sentence, remedy or kind.remedy, tuple(each for each in seen if each))


def refused(asking: Asking, anonymous: Exchange, answer: Exchange, product: Product) -> Finding:
    """Return who rejects a request, with or without a credential, and with which message."""
    refusal = _Refusal(asking, anonymous, answer, product)
    if product.id == "aws-api-gateway" and "Missing Authentication Token" in refusal.words:
        sentence = (
            f"no MLflow answers at {asking.url}: AWS API Gateway has no route for this path and method, "
            "or the route requires IAM signatures"
        )
        return refusal.found(finding.PATH, sentence + refusal.said)
    if asking.credential is None:
        return _nothing_given(refusal)
    return _understood(refusal, asking.credential) or _compared(refusal, asking.credential)


def _nothing_given(refusal: _Refusal) -> Finding:
    """Return what a rejection means for a client without a credential."""
    who, said = refusal.who, refusal.said
    if refusal.scheme.lower() == "basic":
        return refusal.found(finding.PASSWORD, f"{who} requires a user and a password, and none were given{said}")
    if refusal.answer.status == HTTPStatus.UNAUTHORIZED or refusal.about_keys:
        return refusal.found(finding.WANTED, f"{who} requires a key, and none was given{said}")
    status = refusal.answer.status
    sentence = f"{who} refuses a client without a key with {status}: it requires a key, or refuses everybody{said}"
    return refusal.found(finding.WANTED, sentence)


def _understood(refusal: _Refusal, credential: Credential) -> Finding | None:
    """Return what the rejection of a credential means, if its lifetime, status or message tells."""
    what, who, said, status = _yours(credential), refusal.who, refusal.said, refusal.answer.status
    out_of_time, remedy = _out_of_time(credential), _OUT_OF_TIME
    if not out_of_time and _TOO_EARLY.search(refusal.words):
        out_of_time, remedy = (_GOOD_HERE, _CLOCKS) if _has_begun(credential) else (_NOT_YET, _BOTH_CLOCKS)
    if out_of_time:
        return refusal.found(finding.REFUSED, f"{what} refused with {status} by {who}{said}; {out_of_time}", remedy)
    if status == HTTPStatus.FORBIDDEN and _is_known(refusal.anonymous, refusal.answer, refusal.words):
        sentence = f"{what} known, and may not read experiments: {who} refuses with {status}{said}"
        return refusal.found(finding.RIGHTS, sentence)
    if other := _let_in_before(refusal, credential, what) or _of_another_kind(refusal, credential, what):
        return other
    if not (_MISSING.search(refusal.words) and refusal.alike):
        return None
    return _not_found(refusal, what)


def _not_found(refusal: _Refusal, what: str) -> Finding:
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


def _compared(refusal: _Refusal, credential: Credential) -> Finding:
    """Return what the rejection of a credential means, by comparison with no credential and an invalid one."""
    who, said, status, product = refusal.who, refusal.said, refusal.answer.status, refusal.product
    decoy = _decoy(credential)
    alike = refusal.alike and (
        decoy is None or _alike(refusal.anonymous, refusal.asking.ask(SEARCH, keyed=True, decoy=decoy))
    )
    also = "without a credential, and with an invalid one, the response is the same" if alike and decoy else ""
    if alike and status == HTTPStatus.FORBIDDEN and _by_an_authorizer(refusal):
        sentence = (
            f"{product.name} refuses everybody alike with an empty 403, as it does where the service that it asks "
            "(ext_authz) refuses, or does not answer"
        )
        return refusal.found(finding.AUTHORIZER, sentence, also=also)
    if alike and status == HTTPStatus.FORBIDDEN and not refusal.about_keys:
        sentence = f"{who} refuses everybody alike with {status}, with your credential, another one and none{said}"
        return refusal.found(finding.BARRED, sentence, also=also)
    sentence, remedy = f"{_yours(credential)} refused with {status} by {who}{said}", _remedy(refusal.words, credential)
    if (form := _odd_form(credential)) and also:
        sentence, remedy = f"{sentence}; {form}", f"set MLFLOW_TRACKING_TOKEN to the key alone: {form}"
        return refusal.found(finding.REFUSED, sentence, remedy, also)
    if refusal.scheme and refusal.scheme.lower() not in _SENT:
        sentence += f"; it requires the scheme {refusal.scheme}, and the MLflow client sends Bearer or Basic"
        remedy = "ask the operator for a route that accepts a key or a password"
    elif also and (before := _before(refusal.answer, product)):
        sentence += f", as without a key: it is not valid there, or {before} drops the Authorization header"
        remedy += f"; if it is valid, have {before} pass the Authorization header on"
        return refusal.found(finding.REFUSED_OR_LOST, sentence, remedy, also)
    return refusal.found(finding.REFUSED, sentence, remedy, also)


def _by_an_authorizer(refusal: _Refusal) -> bool:
    """Return whether Envoy makes a refusal itself, and says nothing: so it refuses for who it asks for leave."""
    behind = refusal.answer.header("x-envoy-upstream-service-time")
    return refusal.product.id in ("envoy", "istio") and not refusal.answer.response_body.size and not behind


def _of_another_kind(refusal: _Refusal, credential: Credential, what: str) -> Finding | None:
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


def _let_in_before(refusal: _Refusal, credential: Credential, what: str) -> Finding | None:
    """Return that who refuses strangers lets the credential in, and another part behind it refuses it."""
    first, second = refuser(refusal.anonymous, refusal.product), refusal.who
    if refusal.anonymous.status not in REFUSALS or first == second or refusal.answer.status not in REFUSALS:
        return None
    decoy = _decoy(credential)
    invalid = refusal.asking.ask(SEARCH, keyed=True, decoy=decoy) if decoy else None
    if invalid is None or not _alike(refusal.anonymous, invalid):
        return None
    sentence = (
        f"{what} let in by {first}, which refuses others, and refused with {refusal.answer.status} by {second} behind "
        f"it{refusal.said}"
    )
    return refusal.found(finding.REFUSED_BEHIND, sentence, also=str(refusal.anonymous))


def _out_of_time(credential: Credential) -> str:
    """Return that a token has expired or is not yet valid, by this machine's clock; empty if unknown."""
    begins, ends = _times(credential)
    now = time.time()
    if ends and ends <= now:
        return f"it expired {_how_long(now - ends)} ago, by its own word and this machine's clock"
    if begins > now + 1:
        return f"it is good only in {_how_long(begins - now)}, by its own word and this machine's clock"
    return ""


def _has_begun(credential: Credential) -> bool:
    """Return whether a token has a start of validity that has passed, by this machine's clock."""
    begins, _ = _times(credential)
    return 0 < begins <= time.time()


def _times(credential: Credential) -> tuple[float, float]:
    """Return start and end of a credential's validity, 0 if not stated."""
    token = taken_token(credential) if isinstance(credential, CommandToken) else credential
    return times_of(token) if isinstance(token, str) else (0.0, 0.0)


def _how_long(seconds: float) -> str:
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    number = round(seconds / size)
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _before(answer: Exchange, product: Product) -> str:
    """Return who stands before the rejecting part, and may have dropped the credential; empty if nobody shows."""
    own = author_of(answer)
    said = bool(answer.response_body.size)  # a proxy's own refusal is often empty
    if said and product and product.id not in (APPLICATION, own.id):
        return f"{product.name}, which stands before it,"
    signs = ((name, answer.header(header).lower(), sign) for name, header, sign in _PASSED)
    passed = next((name for name, value, sign in signs if value and sign in value), "")
    return f"{passed}, through which it came," if passed else ""


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
    if re.search(r"expired", words, re.IGNORECASE):
        return "use a key that has not expired; ask the operator for a new one"
    return finding.REFUSED.remedy


def _odd_form(credential: Credential) -> str:
    """Return what stands around a key that is no part of it, in words; empty if nothing does."""
    if not isinstance(credential, str) or not credential:
        return ""
    if found := re.match(r"(?:Authorization: *)?(Bearer|Basic|Token|ApiKey) ", credential, re.IGNORECASE):
        return f"it begins with {found[1]!r}, and the MLflow client adds 'Bearer' itself"
    if credential[0] == credential[-1] and credential[0] in "\"'`":
        return "it stands in quotes, which are sent with it"
    return (
        "it is the name of a variable that was not filled in" if re.match(r"\$\{?\w+\}?$|<[^>]+>$", credential) else ""
    )


def _alike(one: Exchange, other: Exchange) -> bool:
    return one.status == other.status and words_of(one) == words_of(other)


def _decoy(credential: Credential) -> Credential | None:
    """Return an invalid credential of the same kind, ``None`` if that kind has none."""
    if isinstance(credential, str):
        return secrets.token_hex(16)
    return Password("nobody", secrets.token_hex(8)) if isinstance(credential, Password) else None


def _host(asking: Asking) -> str:
    return asking.root.partition("//")[2]
