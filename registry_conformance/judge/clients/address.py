"""This machine's address as a door sees it, and URLs that responses contain."""

from __future__ import annotations

import socket
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from registry_conformance.judge.target.target import Door


def address_towards(door: Door) -> str:
    """Return this machine's source address for connections to a door; nothing is sent."""
    parts = urlsplit(door.url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((parts.hostname or "", parts.port or 9))
        return str(way.getsockname()[0])


def is_web_address(value: Any) -> TypeGuard[str]:
    """Return whether a text from a response is an ``http`` or ``https`` URL with a host."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
