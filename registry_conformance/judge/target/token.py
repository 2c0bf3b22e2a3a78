"""Tokens that a command prints: cached while they are valid, and renewed before they expire."""

from __future__ import annotations

import base64
import json
import os
import selectors
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry_conformance.judge.target.credential import CommandToken

PATIENCE = 60.0
_NAMES = ("access_token", "accessToken", "id_token", "token")
"""The fields that hold a token in the output of commands, the first that is there counts."""
_EARLY = 60.0
"""Seconds before its expiry at which a token is renewed, at most a quarter of its lifetime."""
_LARGEST, _PIECE = 1 << 20, 1 << 16


class TokenError(RuntimeError):
    """A command gave no token; the message names the command and its result."""


class TooMuchError(ValueError):
    """A command printed more than any secret has."""


@dataclass(slots=True)
class _Held:
    token: str
    until: float


_held: dict[CommandToken, _Held] = {}
_taken: set[str] = set()


def token_of(source: CommandToken) -> str:
    """Return a valid token, from the command if none is cached; raise ``TokenError`` if there is none."""
    held = _held.get(source)
    if held is None or time.monotonic() >= held.until:
        token, lasts = _new_token(source)
        early = min(_EARLY, lasts / 4) if lasts else 0.0
        held = _held[source] = _Held(token, time.monotonic() + lasts - early if lasts else float("inf"))
        _taken.add(token)
    return held.token


def taken() -> frozenset[str]:
    """Return every token that this process knows, for redaction."""
    return frozenset(_taken)


def learn(tokens: Iterable[str]) -> None:
    """Register tokens that another process of the run has taken."""
    _taken.update(tokens)


def _new_token(source: CommandToken) -> tuple[str, float]:
    """Return a new token and its lifetime in seconds, 0 if unknown."""
    program = source.command[0]
    try:
        code, printed = output_of(source.command, PATIENCE, source.folder)
    except subprocess.TimeoutExpired:
        raise TokenError(f"the command {program} gave no token within {PATIENCE:.0f} s") from None
    except TooMuchError:
        raise TokenError(f"the command {program} prints more than any token has") from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "its output is not UTF-8"
        raise TokenError(f"the command {program} cannot be run: {reason}") from problem
    if code:
        raise TokenError(f"the command {program} ended with exit code {code}; run it by hand")
    return _read(printed.strip(), source)


def _read(output: str, source: CommandToken) -> tuple[str, float]:
    """Return the token in a command's output, plain or as a JSON token response, and its lifetime."""
    token, lasts = output, 0.0
    if output.startswith("{"):
        document = _json(output)
        token = next((str(document[name]) for name in _NAMES if document.get(name)), "")
        lasts = _seconds(document.get("expires_in"))
    if not token or any(not character.isprintable() or character.isspace() for character in token):
        raise TokenError(
            f"the command {source.command[0]} printed no token: give one that prints the token alone, or JSON with "
            + ", ".join(_NAMES)
        )
    return token, lasts or _life_of(token) or source.seconds


def output_of(command: Sequence[str], seconds: float, folder: Path | None = None) -> tuple[int, str]:
    """Return a command's exit code and what it printed, without its errors; ``folder`` is where it runs.

    Raises ``subprocess.TimeoutExpired``, ``OSError``, and ``ValueError`` for output that is too much or no UTF-8.
    """
    end, found, quiet = time.monotonic() + seconds, bytearray(), subprocess.DEVNULL
    with (
        subprocess.Popen(list(command), stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, cwd=folder) as process,
        selectors.DefaultSelector() as selector,
    ):
        assert process.stdout is not None, "it is a pipe"
        selector.register(process.stdout, selectors.EVENT_READ)
        try:
            while len(found) <= _LARGEST and selector.select(max(end - time.monotonic(), 0)):
                if not (piece := os.read(process.stdout.fileno(), _PIECE)):
                    return process.wait(max(end - time.monotonic(), 0.1)), found.decode("utf-8")
                found += piece
        finally:
            process.kill()  # of one that has ended it does nothing
    if len(found) > _LARGEST:
        raise TooMuchError("it prints more than any secret has")
    raise subprocess.TimeoutExpired(process.args, seconds)


def times_of(token: str) -> tuple[float, float]:
    """Return start and end of a JSON Web Token's validity, in seconds since 1970, 0 if not stated."""
    claims = _claims_of(token)
    return _seconds(claims.get("nbf")) or _seconds(claims.get("iat")), _seconds(claims.get("exp"))


def _claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JSON Web Token, empty if it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        return _json(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode())
    except ValueError:
        return {}


def _life_of(token: str) -> float:
    """Return the remaining lifetime of a JSON Web Token in seconds, 0 if it is none or does not say.

    The clocks of this machine and the issuer may differ: the shorter of the issued lifetime and what this clock leaves
    of it counts, and at least a second, so that a wrong clock only runs the command more often.
    """
    claims = _claims_of(token)
    expires, issued = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    if not expires:
        return 0.0
    left = expires - time.time()
    return max(min(left, expires - issued) if issued else left, 1.0)


def _json(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return 0.0
    try:
        return max(float(value), 0.0)
    except (ValueError, OverflowError):
        return 0.0
