"""What this process says: every secret that it knows is redacted, and what others wrote is shown, not obeyed.

It is done where text leaves: at the two standard streams and at the formatters of log handlers. What a process knows
is told by ``keep_secret``, and holds from then on for whatever it writes.
"""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Iterable
from typing import TextIO, cast

from registry_conformance.judge.output import SteadyOutput
from registry_conformance.judge.report.redact import SHORTEST, Redactor
from registry_conformance.judge.target.token import taken


class _Known:
    """The secrets of this process, and the redactor of them."""

    def __init__(self) -> None:
        self.secrets: frozenset[str] = frozenset()
        self.redactor = Redactor(())

    def add(self, secrets: Iterable[str]) -> None:
        long_enough = frozenset(secret for secret in secrets if len(secret) >= SHORTEST)
        if not long_enough <= self.secrets:
            self.secrets |= long_enough
            self.redactor = Redactor(self.secrets)


_KNOWN = _Known()


def keep_secret(secrets: Iterable[str]) -> None:
    """Keep these secrets, too, out of whatever this process writes from now on."""
    _KNOWN.add(secrets)


def clean(text: str) -> str:
    """Return ``text`` without any secret that this process knows, and with control characters as escapes."""
    return _redactor().text(text)


class CleanStream(SteadyOutput):
    """A text stream that is clean whatever is written to it."""

    def write(self, text: str) -> int:
        """Write ``text`` without secrets and return its length."""
        super().write(_redactor().masked(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)


class CleanFormatter(logging.Formatter):
    """Formats as another formatter does, with a clean message and traceback."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the lines, of a record."""
        plain = copy.copy(record)
        plain.msg, plain.args = clean(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            plain.exc_text = self._inner.formatException(record.exc_info)
        plain.exc_text = clean(plain.exc_text) if plain.exc_text else plain.exc_text
        plain.stack_info = clean(record.stack_info) if record.stack_info else record.stack_info
        return self._inner.format(plain)


def guard_streams() -> None:
    """Let standard output and standard error be clean from now on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, CleanStream):
            setattr(sys, name, cast("TextIO", CleanStream(stream)))


def guard_handler(handler: logging.Handler) -> None:
    """Let what a log handler writes be clean from now on."""
    if not isinstance(handler.formatter, CleanFormatter):
        handler.setFormatter(CleanFormatter(handler.formatter or logging.Formatter()))


def _redactor() -> Redactor:
    """Return the redactor of all that is known by now, the tokens that were taken since included."""
    _KNOWN.add(taken())
    return _KNOWN.redactor
