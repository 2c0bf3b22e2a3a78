"""Decodes bytes by the names of their content codings (RFC 9110, section 8.4), as they come."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

FORMATS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""Coding -> the formats of zlib that go by its name."""
MOST = 64 << 20
"""Bytes that a body is unpacked to at most: a few that are packed well could keep this machine busy for hours."""
_PIECE = 256 * 1024


def codings(label: str) -> list[str]:
    """Return the codings that a Content-Encoding names, in lower case and in the order of packing."""
    return [name for each in label.split(",") if (name := each.strip().lower())]


class Unpacking:
    """Unpacks a stream by its Content-Encoding ``label``, up to ``most`` bytes, a piece at a time.

    ``packed`` is whether the label names any coding but ``identity``; ``wrong`` that the bytes are not packed as the
    label says; ``overlong`` that there are more than ``most``.
    """

    def __init__(self, label: str, most: int = MOST) -> None:
        names = [name for name in codings(label) if name != "identity"]
        self.packed = bool(names)
        self.wrong = any(name not in FORMATS for name in names)
        self.overlong = False
        self._left = most
        self._layers = [] if self.wrong else [_Layer(FORMATS[name]) for name in reversed(names)]

    @property
    def whole(self) -> bool:
        """Whether something was packed, as the label says, and all of it has come."""
        return self.packed and not self.wrong and not self.overlong and all(layer.ended for layer in self._layers)

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what the next bytes are unpacked to, in pieces of at most 256 KiB."""
        try:
            for piece in self._through(chunk, 0):
                self._left -= len(piece)
                if self._left < 0:
                    self.overlong = True
                if self.wrong or self.overlong:
                    return
                yield piece
        except zlib.error:
            self.wrong = True

    def _through(self, chunk: bytes, depth: int) -> Iterator[bytes]:
        if self.wrong or self.overlong:
            return
        if depth == len(self._layers):
            yield chunk
            return
        for piece in self._layers[depth].parts(chunk):
            yield from self._through(piece, depth + 1)


class _Layer:
    """One coding of a stream, in the first of some formats of zlib that its beginning has."""

    def __init__(self, formats: tuple[int, ...]) -> None:
        self._formats = formats
        self._inflating = zlib.decompressobj(formats[0])
        self._begun = False

    @property
    def ended(self) -> bool:
        """Whether what was packed has come to its end."""
        return self._inflating.eof

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what bytes are unpacked to; raise ``zlib.error`` if they are not packed so."""
        while chunk and not self.ended:
            yield self._inflated(chunk)
            chunk = self._inflating.unconsumed_tail

    def _inflated(self, chunk: bytes) -> bytes:
        if self._begun:
            return self._inflating.decompress(chunk, _PIECE)
        for wbits in self._formats:
            self._inflating = zlib.decompressobj(wbits)
            try:
                found = self._inflating.decompress(chunk, _PIECE)
            except zlib.error:
                continue
            self._begun = True
            return found
        raise zlib.error("another format")
