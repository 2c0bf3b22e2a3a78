"""Untrusted text in printable form: every character is shown, none is interpreted."""

from __future__ import annotations

import re

_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and line feed: escapes, carriage return, bell, backspace
    "\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # what has no width, or turns the direction of what follows
    "\ud800-\udfff]"  # halves of a character, which no file can hold
)


def visible(text: str) -> str:
    """Return ``text`` with control characters and the like escaped, as ``\x1b``."""
    return _OBEYED.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
