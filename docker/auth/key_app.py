"""The ASGI application of the stand-in key service: one answer for each question, by the platform's contract."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from key_record import Question, Record
from key_store import Key, KeyStore, StoreError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def create_app(keys_file: Path, record_file: Path) -> Starlette:
    """Return the service; raise ``StoreError`` if the keys cannot be read or the record not be written."""
    store = KeyStore(keys_file)
    record = Record(record_file)

    async def validate(request: Request) -> Response:
        body = await request.body()
        question = Question.of(request.method, request.url.path, request.headers, request.url.query, body)
        try:
            store.refresh()
        except StoreError as problem:
            response: Response = JSONResponse({"detail": str(problem)}, status_code=500)
        else:
            is_json = request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
            response = await _answer(store, question if is_json else replace(question, body=None))
        record.append(question, response.status_code, store.digests)
        return response

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [Route("/healthz", healthz), Route("/api/v1/keys/validate", validate, methods=["POST"])]
    return Starlette(routes=routes)


async def _answer(store: KeyStore, question: Question) -> Response:
    if store.answer is not None:
        await asyncio.sleep(store.answer.delay)
        response = Response(store.answer.body, status_code=store.answer.status)
        response.headers["content-type"] = store.answer.content_type
        for name, value in store.answer.headers:
            response.headers.append(name, value)
        return response
    if not isinstance(question.body, dict) or not isinstance(question.body.get("service_id"), str):
        return JSONResponse({"detail": "service_id is required"}, status_code=422)
    if question.carrier not in ("authorization-bearer", "authorization-apikey", "x-api-key"):
        return JSONResponse({"detail": "API key required"}, status_code=401)
    return _verdict(store.keys.get(question.digest), question.body["service_id"])


def _verdict(key: Key | None, service_id: str) -> Response:
    if key is None or key.state in ("expired", "revoked"):
        return JSONResponse({"detail": "Invalid or expired API key"}, status_code=401)
    if key.service_id != service_id:
        return JSONResponse({"detail": "API key is not valid for this service"}, status_code=401)
    if key.state == "throttled":
        return JSONResponse({"detail": "Rate limit exceeded"}, status_code=429, headers={"Retry-After": "30"})
    return JSONResponse({"is_valid": True, **key.described()})
