"""A small real server in MLflow's place: it tells what reached it, and misbehaves if the path asks it to.

The last part of the path says what: ``status-CODE-KIND`` an error, ``trickle`` half an answer until ``/release`` is
asked for, ``flaky-N-NAME`` N times 503, ``slow`` an answer after a second, ``redirect`` one to another path,
``big-MIB`` that many MiB. ``/seen`` tells how many bytes of the current upload have arrived and how often each flaky
name was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
KINDS = {
    "html": ("text/html", "<html>see http://internal.example:9000/</html>"),
    "text": ("text/plain; charset=utf-8", 'A "bad" thing at http://internal.example:9000/x'),
    "detail": ("application/json", '{"detail": "Artifact serving is disabled"}'),
    "mlflow": ("application/json", '{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No run \\u00fc"}'),
    "none": ("", ""),
}
asked: dict[str, int] = {}
arrived = 0
released = asyncio.Event()


async def anything(request: Request) -> Response:
    """Answer as the path asks."""
    global arrived  # noqa: PLW0603 - one upload at a time is watched
    arrived = 0
    body = bytearray()
    async for chunk in request.stream():
        arrived += len(chunk)
        body += chunk[: 1024 - len(body)]
    asked_for, *details = request.url.path.rpartition("/")[2].split("-", 2)
    if asked_for == "status":
        kind, text = KINDS[details[1]]
        return Response(text, int(details[0]), headers={"content-type": kind} if kind else {})
    if asked_for == "flaky":
        asked[details[1]] = asked.get(details[1], 0) + 1
        if asked[details[1]] <= int(details[0]):
            return Response("busy", 503)
    if asked_for == "redirect":
        return Response(status_code=307, headers={"location": f"http://{request.headers['host']}/there/"})
    if asked_for == "trickle":
        return StreamingResponse(_trickle(), media_type="application/octet-stream")
    if asked_for == "big":
        return Response(bytes(int(details[0]) << 20), media_type="application/octet-stream")
    if asked_for == "slow":
        await asyncio.sleep(1)
    return JSONResponse(
        {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "headers": [[name, value] for name, value in request.headers.items()],
            "length": arrived,
            "body": bytes(body).decode("latin-1"),
        },
        headers={"x-powered-by": "echo"},
    )


async def _trickle() -> AsyncIterator[bytes]:
    released.clear()
    yield b"first"
    await released.wait()
    yield b"second"


async def release(_: Request) -> Response:
    """Let the trickle end."""
    released.set()
    return Response()


async def seen(_: Request) -> Response:
    """Tell what has arrived."""
    return JSONResponse({"arrived": arrived, "asked": asked})


app = Starlette(
    routes=[Route("/release", release), Route("/seen", seen), Route("/{path:path}", anything, methods=METHODS)]
)
