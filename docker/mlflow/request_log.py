"""One JSON line on stdout for each request that MLflow answered, and clear words if the store failed it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from store_faults import StoreFault, gathered

RETRY_AFTER = "5"
"""Seconds after which a client is asked to try again, while the store is unavailable."""


class RequestLog:
    """An ASGI application that logs what another one answers, and mends its answer if the store failed.

    The line holds request id, method, path (no query string, which might hold a key), status, milliseconds until the
    answer began, and under ``store`` each S3 call that failed or was repeated: operation, bucket, key, error code and
    message, attempts. The client is told neither bucket nor key: a store that is unavailable is a 503 with
    ``Retry-After``; one that refuses is the error that MLflow makes of it, in JSON if MLflow gives none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and log it before its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        faults = gathered()
        mended: list[Message] = []

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                mended.extend(_mended(message, faults))
                _log(scope, (mended or [message])[0]["status"], time.monotonic() - began, faults)
                for part in mended or [message]:
                    await send(_last_on_its_connection(part))
            elif not mended:
                await send(message)

        await self._app(scope, receive, answer)


def _last_on_its_connection(message: Message) -> Message:
    """Have a failed answer say that its connection ends: uvicorn ends it after an exception, and would not say so.

    Who sends the next request into a connection that is just being closed cannot know whether it was served.
    """
    if message["type"] != "http.response.start" or message["status"] < 500:
        return message
    return {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}


def _log(scope: Scope, status: int, seconds: float, faults: Iterable[StoreFault]) -> None:
    line = {
        "request_id": Headers(scope=scope).get("x-request-id", ""),
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    if told := [asdict(fault) for fault in faults]:
        line["store"] = told
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _mended(start: Message, faults: list[StoreFault]) -> list[Message]:
    """Return the answer to give in place of one that begins like this, nothing if that one is right."""
    failed = [fault for fault in faults if fault.code]
    if start["status"] < 500 or not failed:
        return []
    # What fails after an outage, like giving an upload up, is its consequence.
    fault = next((fault for fault in failed if fault.unavailable), failed[-1])
    if fault.unavailable:
        again = [(b"retry-after", RETRY_AFTER.encode())]
        said = f"{fault.code}: {fault.message}" if fault.message else fault.code
        message = f"The artifact storage is unavailable ({said}); try again."
        return _error(503, "TEMPORARILY_UNAVAILABLE", message, again)
    if Headers(raw=start["headers"]).get("content-type", "").startswith("application/json"):
        return []
    message = f"The artifact storage refused {fault.operation} with {fault.code}."
    return _error(start["status"], "INTERNAL_ERROR", message, [])


def _error(status: int, code: str, message: str, headers: list[tuple[bytes, bytes]]) -> list[Message]:
    """Return an answer in MLflow's error form."""
    body = json.dumps({"error_code": code, "message": message}).encode()
    framed = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    return [
        {"type": "http.response.start", "status": status, "headers": framed},
        {"type": "http.response.body", "body": body},
    ]
