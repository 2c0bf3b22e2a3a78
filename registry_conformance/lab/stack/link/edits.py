"""Applies the acts of a rule to heads and bodies, as pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry_conformance.lab.disturbance import Act, CutBody, EditBody, FlipByte, Rewrite, SetHeader, SetStatus

EDITS_OF_BODIES = (CutBody, EditBody, FlipByte)
_REASON = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


def edited_head(head: str, acts: Iterable[Act], side: str) -> str:
    """Return a head after all acts on heads of this side."""
    for act in acts:
        match act:
            case Rewrite() if side == "request":
                method, target, rest = head.split(" ", 2)
                head = f"{method} {re.sub(act.pattern, act.replacement, target)} {rest}"
            case SetStatus() if side == "answer":
                version, _, rest = head.split(" ", 2)
                _, _, rest = rest.partition("\r\n")
                head = f"{version} {act.status} {_REASON.get(act.status, 'Disturbed')}\r\n{rest}"
            case SetHeader() if act.side == side:
                head = with_header(head, act.name, act.value, added=act.added)
    return head


def with_header(head: str, name: str, value: str | None, *, added: bool = False) -> str:
    """Return a head with one header set, or removed if the value is ``None``."""
    if not added:
        head = re.sub(rf"(?im)^{re.escape(name)}:.*\r\n", "", head)
    return head if value is None else head.removesuffix("\r\n") + f"{name}: {value}\r\n\r\n"


def with_length(head: str, length: int) -> str:
    """Return a head with this Content-Length, replacing any other framing."""
    return with_header(with_header(head, "transfer-encoding", None), "content-length", str(length))


def edits_body(acts: Iterable[Act], side: str) -> bool:
    """Return whether some act changes the body of this side."""
    return any(isinstance(act, EDITS_OF_BODIES) and act.side == side for act in acts)


def edited_body(body: bytes, acts: Iterable[Act], side: str) -> bytes:
    """Return a body after all acts on bodies of this side."""
    for act in acts:
        match act:
            case CutBody() if act.side == side:
                body = body[: act.keep]
            case FlipByte() if act.side == side and len(body) > act.at:
                body = body[: act.at] + bytes([body[act.at] ^ 0xFF]) + body[act.at + 1 :]
            case EditBody() if act.side == side:
                pattern, replacement = act.pattern.encode("latin-1"), act.replacement.encode("latin-1")
                body = re.sub(pattern, replacement, body)
    return body
