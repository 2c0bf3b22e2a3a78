"""Reads a tracking URI as users give it, or rejects it with a sentence that shows a valid one."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

EXAMPLE = "https://HOST/api/mlflow"
_API_PATH = re.compile(r"/(?:ajax-)?api/[23]\.0(?:/.*)?$")
_PAGE = re.compile(r"/?#.*$", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?")
_HIGHEST_PORT = 65535
_LONGEST = 4000
"""Characters of a tracking URI: usual servers read 8,000 of a request's first line, MLflow's own path included."""
_HALVES = frozenset(map(chr, range(0xD800, 0xE000)))
"""What Python makes of bytes that are no UTF-8, and halves of characters: nothing can send them."""
_UNQUOTED = "!$%&'()*+,/:;=@~"
"""Characters of a path that the MLflow client leaves as they are, besides letters, digits and ``-._``."""


class AddressError(ValueError):
    """A text is not a tracking URI; the message says why, and shows a valid one."""


@dataclass(frozen=True, slots=True)
class Address:
    """A tracking URI, and what was changed in the given text, empty if nothing."""

    url: str
    changed: str = ""


def read_address(text: str) -> Address:
    """Return the tracking URI in a text; raise ``AddressError`` if it is none.

    Only what the MLflow client drops too is dropped: leading white space, and a trailing slash. The client appends its
    paths to everything else, so that with a ``#`` no path is sent at all.
    """
    trimmed = text.lstrip()
    if not trimmed.strip():
        raise AddressError(f"'': the address is empty; a tracking URI looks like {EXAMPLE}")
    if trimmed != trimmed.rstrip():
        raise AddressError(
            f"{_shown(trimmed)!r}: white space stands at its end, and the MLflow client sends it; "
            f"leave it out: {_shown(trimmed.rstrip())}"
        )
    if any(letter in _HALVES for letter in trimmed):
        raise AddressError(f"{_shown(trimmed)!a}: a byte that is no UTF-8 in it; a tracking URI looks like {EXAMPLE}")
    if found := re.search(r"[\s\x00-\x1f\x7f\\]", trimmed):
        raise AddressError(f"{_shown(trimmed)!r}: {_character(found[0])} in it; a tracking URI looks like {EXAMPLE}")
    if len(trimmed) > _LONGEST:
        raise AddressError(
            f"{_shown(trimmed)[:60]!r}...: {len(trimmed)} characters, which no server accepts; "
            f"a tracking URI looks like {EXAMPLE}"
        )
    if holds_credential(trimmed):
        raise AddressError(f"{_shown(trimmed)!r}: {_credential_problem(trimmed)}")
    parts = _split(trimmed)
    _refuse_place(parts, trimmed)
    if "#" in trimmed:
        raise AddressError(
            f"{_shown(trimmed)!r}: the address of a page of MLflow's, as a browser shows it; of what stands behind '#' "
            f"the MLflow client sends nothing, its own paths included; leave it out: {_PAGE.sub('', _shown(trimmed))}"
        )
    if _API_PATH.search(parts.path):
        shorter = parts._replace(path=_API_PATH.sub("", parts.path), query="").geturl()
        raise AddressError(
            f"{_shown(trimmed)!r}: it ends in the path of MLflow's API, which clients add themselves; "
            f"give the tracking URI without it: {shorter}"
        )
    if parts.query:
        without = parts._replace(query="").geturl()
        raise AddressError(f"{_shown(trimmed)!r}: not a tracking URI, it has a query; leave it out: {without}")
    changed = "white space before it was dropped" if trimmed != text else ""
    return Address(_as_sent(parts).geturl().rstrip("/"), changed)


def _as_sent(parts: SplitResult) -> SplitResult:
    """Return a URL as the MLflow client sends it, in ASCII: its host in IDNA, its path percent-encoded."""
    place = parts.netloc
    if not place.isascii():
        port = f":{parts.port}" if parts.port else ""
        place = (parts.hostname or "").encode("idna").decode() + port
    return parts._replace(netloc=place, path=quote(parts.path, safe=_UNQUOTED))


def _split(text: str) -> SplitResult:
    """Return the parsed parts of a URL."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as problem:
        raise AddressError(
            f"{_shown(text)!r}: {_place_problem(text)}; a tracking URI looks like {EXAMPLE}"
        ) from problem
    if port == 0:
        raise AddressError(f"{_shown(text)!r}: port 0 is none; use one from 1 to {_HIGHEST_PORT}, or leave it out")
    return parts


def _place_problem(text: str) -> str:
    """Return why the host and port of a URL cannot be read."""
    place = _place(text)
    if "[" in place or "]" in place:
        return "its square brackets do not hold an IPv6 address"
    if place.count(":") > 1:
        return "an IPv6 address must be in square brackets, as in http://[::1]:5000"
    return f"its port is not a number from 1 to {_HIGHEST_PORT}"


def _refuse_place(parts: SplitResult, text: str) -> None:
    """Raise ``AddressError`` for a URL whose scheme or host no client can use."""
    shown = _shown(text)
    if parts.scheme not in ("http", "https"):
        raise AddressError(f"{shown!r}: {_scheme_problem(parts, text)}")
    if not parts.hostname:
        rest = text.partition(":")[2].lstrip("/")
        meant = f"{parts.scheme}://{rest}" if rest else EXAMPLE
        raise AddressError(f"{shown!r}: no host in it; a tracking URI looks like {meant}")
    if not _is_host(parts.hostname):
        raise AddressError(f"{shown!r}: {parts.hostname!r} is no host name; a tracking URI looks like {EXAMPLE}")


def _scheme_problem(parts: SplitResult, text: str) -> str:
    """Return what is wrong with the scheme of a URL, and the URL that was probably meant."""
    mistyped = re.match(r"(h?t?tps?)(?::|;)?/{0,3}(?=[^/])", text)
    bare = re.match(r"[A-Za-z0-9.-]+(?::\d+)?(?:/|$)", text)
    if parts.scheme in ("", "localhost") or bare:
        rest = text.lstrip("/")
        return f"not a tracking URI, the scheme is missing; it looks like https://{rest}, or http://{rest}"
    if mistyped and ("//" not in text or parts.scheme in ("ttp", "ttps", "htp", "htps", "htt")):
        return f"not a tracking URI, its scheme is mistyped; it looks like https://{text[mistyped.end() :]}"
    return f"not a tracking URI, {parts.scheme!r} is no scheme of a tracking server; it looks like {EXAMPLE}"


def _is_host(name: str) -> bool:
    if ":" in name:
        try:
            ipaddress.IPv6Address(name.partition("%")[0])
        except ValueError:
            return False
        return True
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError:
        return False
    return bool(_HOST.fullmatch(ascii_name)) and ".." not in name


def _character(character: str) -> str:
    names = {" ": "a space", "\n": "a line break", "\r": "a line break", "\t": "a tab", "\\": "a backslash"}
    return names.get(character, "a control character")


def _place(text: str) -> str:
    """Return what a client reads as host and port, a user and a password before them."""
    return re.sub(r"^(?:[^/?#]*//)?([^/?#]*).*", r"\1", text, flags=re.DOTALL)


def holds_credential(text: str) -> bool:
    """Return whether a user or a password stands in a URL, or may: a ``#``, ``/`` or ``?`` in it ends the host."""
    place = _place(text)
    path_follows = re.match(r"(?:[^/?#]*//)?[^/?#]*(?::\d+|\])/", text)
    return "@" in place or (":" in place and "@" in text and not path_follows)


def _credential_problem(text: str) -> str:
    cut = "" if "@" in _place(text) else "; with '#', '/' or '?' in it as they are, no client finds the host"
    return (
        "not a tracking URI, it holds a user or a password; put them into MLFLOW_TRACKING_USERNAME and "
        f"MLFLOW_TRACKING_PASSWORD{cut}"
    )


def _shown(text: str) -> str:
    """Return a URL for display: no user, no password, no query values, at most 200 characters."""
    shown = re.sub(r"^((?:[^/?#@]*//)?).*@", r"\1", text, flags=re.DOTALL) if holds_credential(text) else text
    return re.sub(r"=[^&#]*", "=...", shown)[:200]
