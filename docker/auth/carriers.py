"""Where a request carries its API key: ``Authorization: Bearer``, ``Authorization: ApiKey``, ``X-API-Key``.

The first match wins, in this order. A key in the query string is refused, for it ends up in logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import Headers

LONGEST_KEY = 8192
"""A longer key is malformed: no question is asked about it."""

_SPACE = " \t"
"""What may stand around a header's value; Python's own idea of it has control characters."""
_SCHEMES = ("bearer", "apikey")
# Visible ASCII; a comma would be two headers that a proxy joined into one.
_KEY_FORM = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_QUERY_NAMES = frozenset({"api_key", "apikey", "api-key", "x-api-key", "access_token", "authorization"})


class NoKeyError(ValueError):
    """The request carries no key that can be asked about; the message says so without quoting it.

    ``presented`` is whether something was sent as a key at all.
    """

    def __init__(self, message: str, *, presented: bool = True) -> None:
        super().__init__(message)
        self.presented = presented


@dataclass(frozen=True, slots=True, repr=False)
class Presented:
    """A key and the carrier that brought it; its ``repr`` does not exist, for it would show the key."""

    key: str
    carrier: str


def find_key(headers: Headers, query: str) -> Presented:
    """Return the key of a request; raise ``NoKeyError`` if there is none, two, or one that cannot be a key."""
    if any(name.lower() in _QUERY_NAMES for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise NoKeyError("An API key in the query string is refused: send it as 'Authorization: Bearer KEY'.")
    authorizations = headers.getlist("authorization")
    if len(authorizations) > 1:
        raise NoKeyError("The request has more than one Authorization header.")
    offers = [value.strip(_SPACE).partition(" ") for value in authorizations]
    for scheme in _SCHEMES:
        for offered, _, key in offers:
            if offered.lower() == scheme:
                return _checked(key.strip(_SPACE), f"authorization-{scheme}")
    api_keys = headers.getlist("x-api-key")
    if len(api_keys) > 1:
        raise NoKeyError("The request has more than one X-API-Key header.")
    for key in api_keys:
        return _checked(key.strip(_SPACE), "x-api-key")
    raise NoKeyError("An API key is required: send it as 'Authorization: Bearer KEY'.", presented=False)


def _checked(key: str, carrier: str) -> Presented:
    if len(key) > LONGEST_KEY or not _KEY_FORM.fullmatch(key):
        raise NoKeyError("The API key is malformed.")
    return Presented(key, carrier)
