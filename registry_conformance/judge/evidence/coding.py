"""Decodes bytes by the names of their content codings (RFC 9110, section 8.4), as they come."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_FORMATS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""Coding -> the formats of zlib that go by its name."""
MOST = 64 << 20
"""Bytes that a body is unpacked to at most: a few that are packed well could keep this machine busy for hours."""
_PIECE = 256 * 1024


class Unpacking:
    """Unpacks a stream by its Content-Encoding ``label``, up to ``most`` bytes, a piece at a time.

    ``packed`` is whether the label names any coding but ``identity``; ``wrong`` that the bytes are not packed as the
    label says; ``overlong`` that there are more than ``most``.
    """

    def __init__(self, label: str, most: int = MOST) -> None:
        names = [name for each in label.split(",") if (name := each.strip().lower()) not in ("", "identity")]
        self.packed = bool(names)
        self.wrong = any(name not in _FORMATS for name in names)
        self.overlong, self._left = False, most
        self._layers = [] if self.wrong else [_Layer(_FORMATS[name]) for name in reversed(names)]

    @property
    def whole(self) -> bool:
        """Whether something was packed, as the label says, and all of it has come."""
        return (
            self.packed and not self.wrong and not self.overlong and all(layer.inflating.eof for layer in self._layers)
        )

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what the next bytes are unpacked to, in pieces of at most 256 KiB; nothing if nothing is packed."""
        pieces = iter([chunk] if self.packed and not self.wrong and not self.overlong else [])
        for layer in self._layers:
            pieces = layer.parts(pieces)
        try:
            for piece in pieces:
                self._left -= len(piece)
                if self._left < 0:
                    self.overlong = True
                    return
                yield piece
        except zlib.error:
            self.wrong = True


class _Layer:
    """One coding of a stream, in the first of some formats of zlib that its beginning has."""

    def __init__(self, formats: tuple[int, ...]) -> None:
        self.inflating = zlib.decompressobj(formats[0])
        self._others = list(formats[1:])

    def parts(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield what bytes are unpacked to; raise ``zlib.error`` if they are not packed so."""
        for chunk in chunks:
            rest = chunk
            piece = b"more"
            while piece and not self.inflating.eof:
                piece = self._inflated(rest)
                yield piece
                rest = self.inflating.unconsumed_tail

    def _inflated(self, chunk: bytes) -> bytes:
        try:
            return self.inflating.decompress(chunk, _PIECE)
        except zlib.error:
            if not self._others:
                raise
        self.inflating = zlib.decompressobj(self._others.pop())
        return self.inflating.decompress(chunk, _PIECE)
