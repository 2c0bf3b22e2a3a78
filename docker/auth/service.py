"""The ASGI application: one decision for each request that the proxy asks about."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import decision_log
import httpx
from carriers import NoKeyError, find_key
from denials import Denial, forbidden, unauthenticated
from key_client import Identity, KeyClient
from rights import need
from settings import Settings
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

PREFIX = "/check"
"""What the proxy puts before the path that it asks about (``path_prefix`` in ``docker/proxy/listeners.yaml``)."""


class _Anything(Convertor[str]):
    """Any path, line breaks included: a mount leaves those to a 404, which would read as an outage."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())


def create_app(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """Return the service; ``transport`` takes the questions to the key service, the network by default."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4.0)
    # trust_env: a proxy variable or a netrc entry must not redirect or replace a caller's key.
    http = httpx.AsyncClient(transport=transport, limits=limits, timeout=settings.timeout, trust_env=False)
    keys = KeyClient(
        http, settings.key_service_url, settings.service_id, timeout=settings.timeout, cache=settings.cache
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with http:
            yield

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    questions = Route(f"{PREFIX}{{path:anything}}", Decider(settings, keys))
    return Starlette(routes=[Route("/healthz", healthz), questions], lifespan=lifespan)


class Decider:
    """Decides about a request by its method, path and key: 200 with the validated identity, or a denial."""

    def __init__(self, settings: Settings, keys: KeyClient) -> None:
        self._policy = settings.policy
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question of the proxy and log the decision."""
        started = time.perf_counter()
        request = Request(scope, receive)
        path = str(scope["path"])[len(PREFIX) :] or "/"
        decision = decision_log.Decision(request.headers.get("x-request-id", ""), request.method, path)
        response = await self._decide(request, path, decision)
        decision.status = response.status_code
        decision.ms = round((time.perf_counter() - started) * 1000, 2)
        decision_log.write(decision)
        await response(scope, receive, send)

    async def _decide(self, request: Request, path: str, decision: decision_log.Decision) -> Response:
        try:
            identity = await self._identity(request, self._policy.inside(path), decision)
        except Denial as denial:
            decision.reason = denial.reason
            return denial.response()
        decision.decision = "allow"
        if identity is None:
            return Response()
        headers = {"X-Hokusai-User-Id": identity.user_id, "X-Hokusai-API-Key-Id": identity.key_id}
        return Response(headers=headers)

    async def _identity(self, request: Request, path: str, decision: decision_log.Decision) -> Identity | None:
        """Return who may do this, ``None`` where anybody may; raise a ``Denial``."""
        if request.method == "OPTIONS" or (request.method in ("GET", "HEAD") and path in self._policy.open):
            decision.reason = "open"
            return None
        needed = need(request.method, path)
        decision.need = needed.right
        try:
            presented = find_key(request.headers, request.url.query)
        except NoKeyError as problem:
            reason = "no usable key" if problem.presented else "no key"
            raise unauthenticated(str(problem), reason=reason, presented=problem.presented) from problem
        decision.carrier = presented.carrier
        identity = await self._keys.identify(presented.key, request.headers.get("x-hokusai-client-ip", ""))
        roles = self._policy.roles_of(identity.scopes)
        decision.key_id, decision.user_id = identity.key_id, identity.user_id
        decision.roles = tuple(role.name for role in roles)
        if not any(needed.right in role.rights for role in roles):
            raise forbidden(needed.right)
        return identity
