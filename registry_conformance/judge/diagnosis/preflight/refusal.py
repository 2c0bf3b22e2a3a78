"""One refusal of a request, read by its words, its scheme, its author, and by comparison with that of a stranger."""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry_conformance.judge.diagnosis.preflight.asking import Asking
from registry_conformance.judge.diagnosis.preflight.finding import Finding, Kind
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION, Product, author_of
from registry_conformance.judge.diagnosis.preflight.wording import refuser, words_of
from registry_conformance.judge.evidence.exchange import Exchange

REFUSALS = frozenset({401, 403})
_ABOUT_KEYS = re.compile(
    r"api[- ]?key|token|credential|unauth|authenticat|authorization|password|\blog ?in|sign ?in|\bjwt\b|bearer|"
    r"(?:subscription|access|invalid|your) key|signature|expired|PERMISSION_DENIED",
    re.IGNORECASE,
)
"""How a refusal says that it is about who asks."""
_PASSED = (
    ("CloudFront", "via", "cloudfront"),
    ("Cloudflare", "cf-ray", "-"),
    ("Fastly", "x-served-by", "cache-"),
    ("Azure Front Door", "x-azure-ref", ""),
    ("a proxy", "via", "."),
)
"""Who adds a header to what passes through it: name, header, and what that holds."""


@dataclass(frozen=True, slots=True)
class Refusal:
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
    def reasons(self) -> str:
        """Its own message, and the description in its challenge (RFC 6750, section 3), which a page may lack."""
        described = re.search(r'error_description="([^"]*)"', self.answer.header("www-authenticate"))
        return f"{self.words}; {described[1]}" if described else self.words

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
    def calls_token_invalid(self) -> bool:
        """Whether a 403 says by its challenge that the token is at fault, and no right (RFC 6750, section 3.1)."""
        return self.answer.status == 403 and 'error="invalid_token"' in self.answer.header("www-authenticate")

    @property
    def without_reason(self) -> bool:
        """Whether it is a page of a proxy's own that repeats the status and says no more."""
        own = author_of(self.answer)
        return bool(own) and own.id != APPLICATION and self.words.removeprefix("403").strip().lower() == "forbidden"

    @property
    def alike(self) -> bool:
        """Whether requests without a credential get the same response."""
        return alike(self.anonymous, self.answer)

    def found(self, kind: Kind, sentence: str, remedy: str = "", also: str = "") -> Finding:
        """Return a finding with the evidence of the refusal; ``also`` is more of it."""
        challenge = self.answer.header("www-authenticate")
        seen = (str(self.answer), f"WWW-Authenticate: {challenge[:160]}" if challenge else "", also)
        return Finding(kind, sentence, remedy or kind.remedy, tuple(each for each in seen if each))

    @property
    def by_an_authorizer(self) -> bool:
        """Whether Envoy makes it itself, and says nothing: so it refuses for who it asks for leave."""
        behind = self.answer.header("x-envoy-upstream-service-time")
        return self.product.id in ("envoy", "istio") and not self.answer.response_body.size and not behind

    @property
    def before(self) -> str:
        """Who stands before the rejecting part, and may have dropped the credential; empty if nobody shows."""
        own = author_of(self.answer)
        said = bool(self.answer.response_body.size)  # a proxy's own refusal is often empty
        if said and self.product and self.product.id not in (APPLICATION, own.id):
            return f"{self.product.name}, which stands before it,"
        signs = ((name, self.answer.header(header).lower(), sign) for name, header, sign in _PASSED)
        passed = next((name for name, value, sign in signs if value and sign in value), "")
        return f"{passed}, through which it came," if passed else ""


def alike(one: Exchange, other: Exchange) -> bool:
    """Return whether two answers have the same status and words."""
    return one.status == other.status and words_of(one) == words_of(other)
