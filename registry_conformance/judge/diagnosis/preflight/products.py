"""Recognises products by their own error pages, messages and headers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from registry_conformance.judge.evidence.exchange import Exchange

UNKNOWN = "unknown"
APPLICATION = "application"
"""The server of a Python application: nothing stands before it."""
NAMES = {
    "envoy": "Envoy",
    "nginx": "nginx",
    "caddy": "Caddy",
    "haproxy": "HAProxy",
    "apache": "Apache httpd",
    "traefik": "Traefik",
    "aws-alb": "an AWS load balancer",
    "aws-api-gateway": "AWS API Gateway",
    "cloudfront": "CloudFront",
    "cloudflare": "Cloudflare",
    "azure": "Azure Application Gateway",
    "google": "a Google load balancer",
    "kong": "Kong",
    "istio": "Istio",
    "oauth2-proxy": "oauth2-proxy",
    "squid": "Squid",
    "varnish": "Varnish",
    "fastly": "Fastly",
    "akamai": "Akamai",
    "azure-front-door": "Azure Front Door",
    "azure-api": "Azure API Management",
    "apigee": "Apigee",
    "heroku": "Heroku's router",
    "openshift": "OpenShift's router",
    "ngrok": "ngrok",
    "iis": "IIS",
    "go": "a Go server",
    APPLICATION: "the application's own server",
    UNKNOWN: "something that does not say what it is",
}
"""Product -> its name in a sentence."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product, and the text that identified it."""

    id: str = UNKNOWN
    how: str = ""

    @property
    def name(self) -> str:
        """The product's name in a sentence."""
        return NAMES[self.id]

    def __bool__(self) -> bool:
        return self.id != UNKNOWN


@dataclass(frozen=True, slots=True)
class Answered:
    """The considered properties of a response: status, headers by lower-case name, and body text."""

    status: int | None
    headers: tuple[tuple[str, str], ...]
    text: str

    def header(self, name: str) -> str:
        """Return the first header of that name, empty if there is none."""
        return next((value for known, value in self.headers if known.lower() == name), "")


_HEADERS = (
    ("cloudflare", "server", r"cloudflare"),
    ("cloudflare", "cf-ray", r"."),
    ("cloudfront", "server", r"CloudFront"),
    ("cloudfront", "x-amz-cf-id", r"."),
    ("aws-api-gateway", "x-amz-apigw-id", r"."),
    ("aws-api-gateway", "apigw-requestid", r"."),
    ("squid", "x-squid-error", r"."),
    ("squid", "server", r"squid"),
    ("varnish", "via", r"varnish"),
    ("varnish", "server", r"Varnish"),
    ("akamai", "server", r"AkamaiGHost"),
    ("azure-front-door", "x-azure-ref", r"."),
    ("ngrok", "ngrok-error-code", r"."),
    ("heroku", "server", r"Heroku"),
    ("aws-alb", "server", r"awselb"),
    ("azure", "server", r"Microsoft-Azure-Application-Gateway"),
    ("google", "via", r"1\.1 google"),
    ("google", "server", r"Google Frontend"),
    ("google", "x-goog-iap-generated-response", r"."),
    ("istio", "server", r"istio-envoy"),
    ("kong", "via", r"kong"),
    ("kong", "server", r"kong"),
    ("envoy", "server", r"^envoy"),
    ("nginx", "server", r"nginx|openresty"),
    ("apache", "server", r"Apache(?!-Coyote)"),
    ("traefik", "server", r"traefik"),
    ("caddy", "via", r"\bCaddy"),
    ("haproxy", "via", r"haproxy"),
    ("envoy", "x-envoy-upstream-service-time", r"."),
    ("caddy", "server", r"Caddy"),
    ("iis", "server", r"Microsoft-IIS"),
    (APPLICATION, "server", r"uvicorn|gunicorn|hypercorn|daphne|waitress|Werkzeug|SimpleHTTP|BaseHTTP|WSGIServer"),
)
"""Product, the header that gives it away, and what its value holds; what stands before others comes first."""
_BODIES = (
    ("nginx", r"<center>(?:nginx|openresty)"),
    ("azure", r"<center>Microsoft-Azure-Application-Gateway"),
    ("haproxy", r"Your browser sent an invalid request|No server is available to handle this request"),
    ("haproxy", r"You have sent too many requests in a given amount of time"),
    ("haproxy", r"A request was made of a resource using a request method not supported"),
    ("haproxy", r"You need a valid user and password to access this content"),
    ("haproxy", r"<h1>403 Forbidden</h1>\s*Request forbidden by administrative rules"),
    ("haproxy", r"The server didn't respond in time|The server returned an invalid or incomplete response"),
    ("apache", r"Your browser sent a request that this server could not understand"),
    ("apache", r"due to maintenance downtime or capacity|The proxy server (?:received|could not)"),
    ("apache", r"This server could not verify that you\s+are authorized"),
    ("envoy", r"upstream connect error or disconnect|no healthy upstream|upstream request timeout"),
    ("envoy", r"RBAC: access denied|^local_rate_limited"),
    ("envoy", r"^Jwt (?:is|issuer|verification|header)|^Jwks (?:doesn|remote)|^Audiences in Jwt"),
    ("kong", r"no Route matched with those values|No API key found in request|failure to get a peer from"),
    ("kong", r"An invalid response was received from the upstream server|The upstream server is timing out"),
    ("kong", r"\"message\": ?\"(?:API rate limit exceeded|name resolution failed)\""),
    ("aws-api-gateway", r"\"message\": ?\"(?:Missing Authentication Token|Endpoint request timed out)\""),
    ("azure-api", r"missing subscription key|invalid subscription key"),
    ("apigee", r"\"faultstring\""),
    ("traefik", r"^no available server\n?$"),
    ("google", r"<h1>Error: (?:Server Error|Forbidden|Unauthorized)</h1>|Error 404 \(Not Found\)!!1|Invalid IAP"),
    ("squid", r"Generated [^<]*\(squid/"),
    ("varnish", r"Varnish cache server"),
    ("fastly", r"Fastly error: "),
    ("azure-front-door", r"Azure Front Door|x-azure-ref"),
    ("heroku", r"herokucdn\.com/error-pages"),
    ("openshift", r"The application is currently not serving requests at this endpoint"),
    ("ngrok", r"ERR_NGROK_\d+"),
    ("oauth2-proxy", r"/oauth2/(?:start|sign_in)\b"),
    ("cloudflare", r"<title>[^<]*\| Cloudflare|cf-error-details|^error code: \d+$"),
    ("cloudfront", r"Generated by cloudfront"),
    (APPLICATION, r"^Invalid HTTP request received\.|<p>Bad Request</p>|gunicorn"),
)
"""Product, and what only its own pages hold."""
_OWN_HEADERS = (
    ("aws-alb", "server", r"awselb"),
    ("aws-api-gateway", "x-amzn-errortype", r"."),
    ("azure", "server", r"Microsoft-Azure-Application-Gateway"),
    ("akamai", "server", r"AkamaiGHost"),
    ("squid", "x-squid-error", r"."),
    ("ngrok", "ngrok-error-code", r"."),
    ("google", "x-goog-iap-generated-response", r"."),
)
"""Product, and the header that only errors of its own have: it passes other answers on with their sender's headers."""
_PLAIN_TEXT_400 = re.compile(r"400 Bad Request(?:: .*)?\n?")


def product_of(answers: Iterable[Answered]) -> Product:
    """Return the product in front, by the first response that identifies one.

    A response to a malformed request, which no product forwards, is best.
    """
    found = [product for answer in answers if (product := _of(answer))]
    named = [product for product in found if product.id != "go"]
    return next(iter([*named, *found]), Product())


def author_of(answer: Exchange) -> Product:
    """Return the product that wrote an error, unknown if it may come from behind it.

    Headers that a product adds to forwarded responses do not count.
    """
    told = _of(Answered(answer.status, (), answer.text))
    if told:
        return told
    for product, header, pattern in _OWN_HEADERS:
        value = answer.header(header)
        if answer.status is not None and answer.status >= 400 and re.search(pattern, value, re.IGNORECASE) and value:
            return Product(product, f"the header {header}: {_short(value)}")
    return Product()


def _of(answer: Answered) -> Product:
    if answer.status is not None and answer.status >= 400:
        for product, pattern in _BODIES:
            if found := re.search(pattern, answer.text[:4000]):
                return Product(product, f"its error page says {_short(found[0])!r}")
    for product, header, pattern in _HEADERS:
        value = answer.header(header)
        if value and re.search(pattern, value, re.IGNORECASE):
            return Product(product, f"the header {header}: {_short(value)}")
    if answer.status == 400 and _PLAIN_TEXT_400.fullmatch(answer.text):
        return Product("go", f"its error page says {_short(answer.text)!r}")
    return Product()


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}..."
