"""What a fact is about: a step of a registration, another promise, or a matter of form."""

from __future__ import annotations

import enum
import re


class Grade(enum.IntEnum):
    """How much a fact or a requirement matters to whoever wants to register a model; the lower, the more."""

    STEP = 0
    PROMISE = 1
    FORM = 2


_STEPS = re.compile(
    r"reach\.|doors\.(search|health|version)|key\.bearer|meta\.|put|stored|list|get|presign|follow|multipart|size|ladder|"
    r"chunked|empty|text|cross|route\.(upload|download|listing|presigned|multipart|rest|api3|logged)|tls\.(handshake|"
    r"search)|client\.|search\.|health\.|alive|location|repeat|deployed|version\.|head\.agent|together|held|pace|seed|first\."
)
_FORMS = re.compile(r"error\.|head\.(?!agent|long)|log\.|seen\.host|browser\.")
_NOISE = re.compile(r"pace\.|together\.|held\.|log\.|settings\.|rest\.")


def grade_of(name: str) -> Grade:
    """Return the grade of a fact, or of a requirement that failed (``red.REG-001``)."""
    kind, _, rest = name.partition(".")
    if kind == "red":
        return Grade.STEP if rest.startswith("REG-") else Grade.FORM if rest.startswith("ERR-") else Grade.PROMISE
    if _FORMS.match(name):
        return Grade.FORM
    return Grade.STEP if _STEPS.match(name) else Grade.PROMISE


def steady(name: str) -> bool:
    """Return whether a fact does not depend on how busy the machines are, or on what else is logged."""
    return _NOISE.match(name) is None
