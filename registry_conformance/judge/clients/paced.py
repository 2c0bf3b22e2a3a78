"""Bodies that come slowly, as over a thin line, or are too large to be held."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

_PIECES_A_SECOND = 10
_MIB = 1 << 20


def paced(payload: bytes, rate: float) -> Iterator[bytes]:
    """Yield bytes at ``rate`` bytes a second, in ten pieces a second."""
    size = max(1, int(rate / _PIECES_A_SECOND))
    began = time.monotonic()
    for start in range(0, len(payload), size):
        early = began + start / rate - time.monotonic()
        if early > 0:
            time.sleep(early)
        yield payload[start : start + size]


def made_up(size: int) -> Iterator[bytes]:
    """Yield that many bytes that nothing compresses, the same each time, in pieces of a MiB: none is held whole."""
    numbers = random.Random(size)  # noqa: S311 - they hold no secret
    for start in range(0, size, _MIB):
        yield numbers.randbytes(min(_MIB, size - start))
