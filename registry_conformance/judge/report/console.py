"""Keeps this process's output clean: secrets are redacted, and control characters from targets are escaped.

This is done where text leaves the process: in the two standard streams and in the formatters of log handlers.
``keep_secret`` registers a secret for all later output.
"""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Iterable
from typing import TextIO, cast

from registry_conformance.judge.output import RobustOutput
from registry_conformance.judge.report.redact import SHORTEST, Redactor
from registry_conformance.judge.target.token import taken


class _Known:
    """The registered secrets of this process, and their redactor."""

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
    """Redact these secrets, too, in all later output of this process."""
    _KNOWN.add(secrets)


def clean(text: str) -> str:
    """Return ``text`` with registered secrets redacted and control characters escaped."""
    return _redactor().text(text)


class CleanStream(RobustOutput):
    """A text stream that cleans everything written to it."""

    def write(self, text: str) -> int:
        """Write ``text`` cleaned and return its length."""
        super().write(_redactor().masked(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)


class CleanFormatter(logging.Formatter):
    """Cleans the message and traceback of another formatter."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the formatted record, cleaned."""
        plain = copy.copy(record)
        plain.msg, plain.args = clean(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            plain.exc_text = self._inner.formatException(record.exc_info)
        plain.exc_text = clean(plain.exc_text) if plain.exc_text else plain.exc_text
        plain.stack_info = clean(record.stack_info) if record.stack_info else record.stack_info
        return self._inner.format(plain)


def guard_streams() -> None:
    """Clean standard output and standard error from now on."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, CleanStream):
            setattr(sys, name, cast("TextIO", CleanStream(stream)))


def guard_handler(handler: logging.Handler) -> None:
    """Clean the output of a log handler from now on."""
    if not isinstance(handler.formatter, CleanFormatter):
        handler.setFormatter(CleanFormatter(handler.formatter or logging.Formatter()))


def _redactor() -> Redactor:
    """Return the redactor of all registered secrets, including tokens taken meanwhile."""
    _KNOWN.add(taken())
    return _KNOWN.redactor
