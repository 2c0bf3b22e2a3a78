"""The provider: discovery, its public key, and tokens by the client-credentials grant (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

GROUP = "mlflow-admin"
"""The group that everybody who signs in is in."""
_BITS = 2048
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Provider:
    """An issuer with one client, which gets tokens by its secret.

    A token lasts ``seconds``. Its times are those of a clock that is ``skew`` seconds ahead.
    """

    issuer: str
    client: str
    secret: str = field(repr=False)
    seconds: int = 3600
    skew: int = 0
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(_BITS, {"kid": secrets.token_hex(8), "use": "sig"}))

    def application(self) -> Starlette:
        """Return the provider as an ASGI application."""
        return Starlette(
            routes=[
                Route(_DISCOVERY, self._discovery),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
                Route("/authorize", self._sign_in),
            ]
        )

    def token(self) -> str:
        """Return a signed token for the client, valid from now."""
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
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    async def _discovery(self, request: Request) -> Response:
        del request
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        del request
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        client, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        if not (client == self.client and secrets.compare_digest(secret, self.secret)):
            return JSONResponse({"error": "invalid_client"}, 401, {"WWW-Authenticate": 'Basic realm="provider"'})
        token = self.token()
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": self.seconds})

    async def _sign_in(self, request: Request) -> Response:
        """Return the sign-in page for a browser; nobody can sign in here."""
        del request
        return HTMLResponse("<title>Sign in</title><form action='/authorize'><input type='password'></form>")


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
