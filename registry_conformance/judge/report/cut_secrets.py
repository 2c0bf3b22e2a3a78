"""Finds parts of secrets in truncated texts: the remaining part of a truncated secret is secret too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SHORTEST_PIECE = 6
"""A shorter part reveals nothing, and could occur in any text by chance."""

_LEAST_UNMARKED = 12
"""The same where nothing but the end of a line says that something was left out: it may be a word."""
_GOES_ON = r"""\s[^'"]{0,160}['"]"""
_CUT = re.compile(rf"""\.\.\.|…|'(?={_GOES_ON})|"(?={_GOES_ON})|\n""")
"""What follows a piece, but for the end of the text: the rest was left out, or a literal that goes on ended its line.

Each alternative begins with a character of its own: so ``re`` leaps from one of these to the next.
"""
_RESUMED = re.compile(rf"""\.\.\.|…|'{_GOES_ON}|"{_GOES_ON}""")
"""What precedes a piece, but for the beginning of the text: it was left out, or a literal goes on in another line."""
_LEFT_OUT = ("...", "…")


_RUN = re.compile(rf"[A-Za-z0-9+/_=.~-]{{{_LEAST_UNMARKED},}}")
"""What a long piece stands in, wherever that is: between colours, or the lines of a comparison."""


class Pieces:
    """Finds parts of secrets next to the cuts of a truncated text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted(secrets)
        self._longest = max((len(secret) for secret in self._secrets), default=0)
        self._shortest_pieces = frozenset(
            secret[at : at + SHORTEST_PIECE]
            for secret in self._secrets
            for at in range(len(secret) - SHORTEST_PIECE + 1)
        )

        self._long_pieces = frozenset(
            secret[at : at + _LEAST_UNMARKED]
            for secret in self._secrets
            for at in range(len(secret) - _LEAST_UNMARKED + 1)
        )

    def masked(self, text: str, mask: str) -> str:
        """Return ``text`` with ``mask`` for each part of a secret next to a cut."""
        if not self._secrets:
            return text
        done, kept = 0, []
        for begin, end in sorted(self._found(text)):
            if begin >= done:
                kept += [text[done:begin], mask]
                done = end
        return "".join((*kept, text[done:])) if kept else text

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of the longest part before each cut and after it."""
        for cut in _CUT.finditer(text):
            end = cut.start()
            if cut[0] in _LEFT_OUT and text[end - 1 : end].isspace():
                end -= 1
            yield from self._before(text, end, _LEAST_UNMARKED if cut[0] == "\n" else SHORTEST_PIECE)
        yield from self._before(text, len(text), _LEAST_UNMARKED)
        yield from self._after(text, 0)
        for resumed in _RESUMED.finditer(text):
            yield from self._after(text, resumed.end())
        for run in _RUN.finditer(text):
            yield from self._within(text, run.start(), run.end())

    def _before(self, text: str, end: int, least: int) -> Iterator[tuple[int, int]]:
        """Yield the longest part that ends at a position, if it has ``least`` characters."""
        if text[max(end - SHORTEST_PIECE, 0) : end] in self._shortest_pieces:
            length = self._longest_of(text[begin:end] for begin in self._starts(end))
            if length >= least:
                yield end - length, end

    def _after(self, text: str, begin: int) -> Iterator[tuple[int, int]]:
        """Yield the longest part that begins at a position."""
        if text[begin : begin + SHORTEST_PIECE] in self._shortest_pieces:
            yield begin, begin + self._longest_of(text[begin : begin + size] for size in self._sizes())

    def _within(self, text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the long parts between two positions."""
        while begin <= end - _LEAST_UNMARKED:
            if text[begin : begin + _LEAST_UNMARKED] in self._long_pieces:
                size = self._longest_of(text[begin : begin + size] for size in self._sizes())
                yield begin, begin + size
                begin += size
            else:
                begin += 1

    def _starts(self, end: int) -> range:
        return range(max(end - self._longest, 0), end)

    def _sizes(self) -> range:
        return range(self._longest, 0, -1)

    def _longest_of(self, pieces: Iterable[str]) -> int:
        """Return the length of the first of these, longest first, that is part of a secret."""
        return next(len(piece) for piece in pieces if self._is_part(piece))

    def _is_part(self, piece: str) -> bool:
        return any(piece in secret for secret in self._secrets)
