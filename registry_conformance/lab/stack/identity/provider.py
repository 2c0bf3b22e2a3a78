"""The provider: discovery, its public key, and tokens for programs and for persons with a browser (RFC 6749)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

GROUP = "mlflow-admin"
"""The group that everybody who signs in is in."""
_BITS = 2048
_DISCOVERY = "/.well-known/openid-configuration"
_FORM = """<title>Sign in</title><form method="post"><label>User <input name="user"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>"""


@dataclass(frozen=True, slots=True)
class _SignedIn:
    """What a code stands for, once: where it was sent, the challenge of who asked (RFC 7636), and the nonce."""

    redirect: str
    challenge: str
    nonce: str


@dataclass(frozen=True)
class Provider:
    """An issuer with one client, which gets tokens by its secret.

    A person who signs in with a browser has the client's id and secret as user and password. A token lasts
    ``seconds``. Its times are those of a clock that is ``skew`` seconds ahead.
    """

    issuer: str
    client: str
    secret: str = field(repr=False)
    seconds: int = 3600
    skew: int = 0
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(_BITS, {"kid": secrets.token_hex(8), "use": "sig"}))
    _codes: dict[str, _SignedIn] = field(default_factory=dict, init=False, repr=False)

    def application(self) -> Starlette:
        """Return the provider as an ASGI application."""
        return Starlette(
            routes=[
                Route(_DISCOVERY, self._discovery),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
                Route("/authorize", self._sign_in, methods=["GET", "POST"]),
            ]
        )

    def token(self, nonce: str = "") -> str:
        """Return a signed token for the client, valid from now, with the ``nonce`` if one is given."""
        now = int(time.time()) + self.skew
        user = f"{self.client}@example.com"
        claims: jwt.Claims = {
            "iss": self.issuer,
            "sub": self.client,
            "aud": self.client,
            "iat": now,
            "nbf": now,
            "exp": now + self.seconds,
            "email": user,
            "email_verified": True,
            "preferred_username": user,
            "name": self.client,
            "groups": [GROUP],
        }
        if nonce:
            claims["nonce"] = nonce
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    async def _discovery(self, request: Request) -> Response:
        del request
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "grant_types_supported": ["client_credentials", "authorization_code"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        del request
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        grant = form.get("grant_type")
        if grant not in ("client_credentials", "authorization_code"):
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        client, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if not self._knows(client, secret):
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": 'Basic realm="provider"'})
        issued = {"token_type": "Bearer", "expires_in": self.seconds}
        if grant == "client_credentials":
            return JSONResponse(issued | {"access_token": self.token()})
        signed_in = self._codes.pop(form.get("code", ""), None)
        if signed_in is None or not _fits(signed_in, form):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(issued | {"access_token": self.token(), "id_token": self.token(signed_in.nonce)})

    async def _sign_in(self, request: Request) -> Response:
        """Return the sign-in page for a browser; redirect back with a code once user and password are right."""
        asked = request.query_params
        redirect = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.client or urlsplit(redirect).hostname != urlsplit(self.issuer).hostname:
            return HTMLResponse("<title>Unknown client</title>", 400)
        form = await _form(request)
        if request.method == "GET" or not self._knows(form.get("user", ""), form.get("password", "")):
            return HTMLResponse(_FORM)
        code = secrets.token_urlsafe(16)
        self._codes[code] = _SignedIn(redirect, asked.get("code_challenge", ""), asked.get("nonce", ""))
        return RedirectResponse(f"{redirect}?{urlencode({'code': code, 'state': asked.get('state', '')})}", 303)

    def _knows(self, name: str, secret: str) -> bool:
        """Return whether a name and a secret are those of the one client, or of the one person."""
        return name == self.client and secrets.compare_digest(secret.encode(), self.secret.encode())


async def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}


def _fits(signed_in: _SignedIn, form: dict[str, str]) -> bool:
    """Return whether a code comes from who it was sent to, with what the challenge was made from."""
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    made = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return form.get("redirect_uri") == signed_in.redirect and signed_in.challenge in ("", made)


def _basic(request: Request) -> tuple[str, str] | None:
    """Return client id and secret of a request's Basic header, ``None`` if it has none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return unquote(client), unquote(secret)
