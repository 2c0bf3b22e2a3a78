"""Relays one connection of a link: requests one way, responses the other, each exchange by its plan."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from pathlib import Path
from typing import Any

from registry_conformance.lab.disturbance import (
    ANSWER,
    REQUEST,
    Answer,
    Break,
    Delay,
    OneAtATime,
    Remember,
    Stall,
    Twice,
)
from registry_conformance.lab.stack.link.active_rules import LinkPlan, Rulebook
from registry_conformance.lab.stack.link.edits import edited_body, edited_head, edits_body, with_header, with_length
from registry_conformance.lab.stack.link.endpoint import DisconnectedError, End
from registry_conformance.lab.stack.link.message import CHUNK, HEAD_LIMIT, Message, hold_body, pass_body, read_head

_ID = re.compile(r"(?im)^x-request-id:[ \t]*(.*?)[ \t]*\r$")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HTTP2 = "PRI * HTTP/2.0\r\n\r\n"
_TLS = b"\x16"
"""The first byte of a TLS connection: no line follows it that could be waited for."""


class RelayedConnection:
    """A client's connection and the connection to the server opened for it."""

    def __init__(self, client: End, server: End, rulebook: Rulebook, record: Path) -> None:
        self._client = client
        self._server = server
        self._rulebook = rulebook
        self._record = record
        self._asked: asyncio.Queue[tuple[Message, LinkPlan] | None] = asyncio.Queue()
        self._turn: LinkPlan | None = None
        self._place = 0
        self._under_way = 0
        self._last: LinkPlan | None = None

    async def run(self) -> None:
        """Relay requests and responses until one side ends; traffic that is not HTTP/1 is relayed unchanged."""
        both = [asyncio.create_task(self._requests()), asyncio.create_task(self._answers())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self._end_turn(self._turn)
            self._rulebook.under_way -= self._under_way
            if self._last is not None:
                self._rulebook.over(self._last)

    async def _requests(self) -> None:
        begun = await self._client.reader.read(1)
        if begun == _TLS:
            await self._relay_raw(begun)
        while head := await read_head(self._client.reader, begun):
            begun = b""
            if head == _HTTP2:
                await self._relay_raw(head.encode("latin-1"))
            request = Message(head)
            self._place += 1
            self._count(1)
            plan = self._last = self._rulebook.plan(request, self._place)
            if plan.first(OneAtATime):
                await self._rulebook.queue.acquire()
                self._turn = plan
            if delay := plan.first(Delay):
                await asyncio.sleep(delay.seconds)  # type: ignore[union-attr] # first() gave a Delay
            self._asked.put_nowait((request, plan))
            try:
                await self._request(request, plan)
            finally:
                request.passed.set()
        self._asked.put_nowait(None)

    async def _relay_raw(self, begun: bytes) -> None:
        """Relay a connection that is not HTTP/1 unchanged, from its beginning."""
        self._server.writer.write(begun)
        await asyncio.gather(_relay(self._client, self._server), _relay(self._server, self._client))

    async def _request(self, request: Message, plan: LinkPlan) -> None:
        """Relay one request, or hold it back if the link answers itself."""
        if self._answer_of(request, plan) is not None:
            if request.header("expect"):
                await asyncio.Event().wait()  # the refusal is the answer; what comes next is not a request
            request.take(await hold_body(request, self._client.reader, until_close=False))
            return
        head = request.at_server = edited_head(request.head, plan.acts, REQUEST)
        if edits_body(plan.acts, REQUEST) or plan.first(Twice):
            if request.header("expect"):
                self._client.writer.write(_CONTINUE)
            held = await hold_body(request, self._client.reader, until_close=False)
            body = request.take(edited_body(held, plan.acts, REQUEST))
            framed = held or request.header("content-length") or request.header("transfer-encoding")
            request.at_server = with_length(with_header(head, "expect", None), len(body)) if framed else head
            raw = request.at_server.encode("latin-1")
            if plan.first(Twice):
                await self._send_before(raw + body)
            self._server.writer.write(raw + body)
            await self._server.writer.drain()
            return
        self._server.writer.write(head.encode("latin-1"))
        await self._interrupt(plan, REQUEST, self._client, self._server)
        await pass_body(request, self._client.reader, self._server.writer, until_close=False)

    async def _send_before(self, raw: bytes) -> None:
        """Send a request over a separate connection and wait for the response."""
        host, port = self._server.writer.get_extra_info("peername")[:2]
        reader, writer = await asyncio.open_connection(host, port, limit=HEAD_LIMIT)
        writer.write(raw)
        await read_head(reader)
        writer.close()

    async def _answers(self) -> None:
        while asked := await self._next():
            request, plan = asked
            try:
                answer = await self._answer(request, plan)
            finally:
                self._end_turn(plan)
                self._count(-1)
                self._rulebook.over(plan)
            await request.passed.wait()  # MLflow may answer before it has read the body
            self._write(request, answer, plan)

    def _count(self, change: int) -> None:
        """Count a request of this connection as open or answered."""
        self._under_way += change
        self._rulebook.under_way += change

    def _end_turn(self, plan: LinkPlan | None) -> None:
        """Release the queue, if the exchange of this plan holds it."""
        if plan is not None and self._turn is plan:
            self._turn = None
            self._rulebook.queue.release()

    async def _next(self) -> tuple[Message, LinkPlan] | None:
        """Return the next request; raise ``DisconnectedError`` if the server disconnects first."""
        if not self._asked.empty():
            return self._asked.get_nowait()
        return await self._server.while_there(self._asked.get())

    async def _answer(self, request: Message, plan: LinkPlan) -> Message:
        """Relay one response with its interim responses, or send the link's own."""
        given = self._answer_of(request, plan)
        if given is not None:
            return await self._give(request, given, plan)
        while head := await read_head(self._server.reader):
            answer = Message(head)
            if not answer.status.startswith("1"):
                break
            if not (edits_body(plan.acts, REQUEST) or plan.first(Twice)):
                self._client.writer.write(head.encode("latin-1"))
        else:
            raise asyncio.IncompleteReadError(b"", None)
        self._rulebook.answered(plan, answer.status)
        answer.at_server = head
        answer.head = edited_head(head, plan.acts, ANSWER)
        bare = request.head.startswith("HEAD ") or answer.status in ("204", "304")
        if not bare and (edits_body(plan.acts, ANSWER) or plan.first(Remember)):
            await self._hold(request, answer, plan)
            return answer
        self._client.writer.write(answer.head.encode("latin-1"))
        await self._interrupt(plan, ANSWER, self._server, self._client)
        if not bare:
            await pass_body(answer, self._server.reader, self._client.writer, until_close=True)
        await self._client.writer.drain()
        return answer

    async def _hold(self, request: Message, answer: Message, plan: LinkPlan) -> None:
        """Relay a buffered response with its body changed; remember it if a rule says so."""
        held = answer.take(await hold_body(answer, self._server.reader, until_close=True))
        body = edited_body(held, plan.acts, ANSWER)
        raw = with_length(answer.head, len(body)).encode("latin-1") + body
        if plan.first(Remember) and answer.status == "200":
            self._rulebook.remembered[_asked_for(request)] = raw
        self._client.writer.write(raw)
        await self._client.writer.drain()

    async def _interrupt(self, plan: LinkPlan, side: str, source: End, sink: End) -> None:
        """Reset or stall an exchange after some bytes, if its plan says so; then raise ``DisconnectedError``."""
        act = plan.first(Break, side) or plan.first(Stall, side)
        if not isinstance(act, Break | Stall):
            return
        left = act.after
        while left and (data := await source.reader.read(min(left, CHUNK))):
            sink.writer.write(data)
            left -= len(data)
        with contextlib.suppress(ConnectionError):
            await sink.writer.drain()
        if isinstance(act, Stall):
            await asyncio.sleep(act.seconds)
        for end in (source, sink):
            end.reset()
        raise DisconnectedError

    def _answer_of(self, request: Message, plan: LinkPlan) -> Answer | bytes | None:
        """Return what the link answers itself, ``None`` if the server is asked."""
        if plan.first(Remember) and (known := self._rulebook.remembered.get(_asked_for(request))):
            return known
        given = plan.first(Answer)
        return given if isinstance(given, Answer) else None

    async def _give(self, request: Message, given: Answer | bytes, plan: LinkPlan) -> Message:
        closes = bool(request.header("expect"))
        if isinstance(given, Answer):
            await asyncio.sleep(given.delay)
            body = given.body.encode()
            fields = [("Content-Type", given.content_type), *given.headers, ("Content-Length", str(len(body)))]
            fields += [("Connection", "close")] if closes else []
            lines = [f"HTTP/1.1 {given.status} Disturbed", *(f"{name}: {value}" for name, value in fields if value)]
            given = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
        head, end, body = given.partition(b"\r\n\r\n")
        answer = Message((head + end).decode("latin-1"))
        answer.head = edited_head(answer.head, plan.acts, ANSWER)
        raw = answer.head.encode("latin-1")
        self._client.writer.write(raw if request.head.startswith("HEAD ") else raw + answer.take(body))
        await self._client.writer.drain()
        if closes:
            request.passed.set()
            self._write(request, answer, plan)
            raise DisconnectedError
        return answer

    def _write(self, request: Message, answer: Message, plan: LinkPlan) -> None:
        found = _ID.search(request.head)
        line: dict[str, Any] = {"id": found[1] if found else ""}
        line |= {"request": request.record(), "response": answer.record()}
        line |= {"place": plan.place, "at_once": plan.at_once}
        if plan.rules:
            line["rules"] = plan.rules
        with self._record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


async def _relay(source: End, sink: End) -> None:
    """Relay bytes unchanged until the end."""
    while data := await source.reader.read(CHUNK):
        sink.writer.write(data)
        await sink.writer.drain()
    raise DisconnectedError


def _asked_for(request: Message) -> str:
    return " ".join(request.head.split(" ", 2)[:2])
