"""Generated bodies: slow ones, and ones too large for memory."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

_PIECES_A_SECOND = 10
_MIB = 1 << 20


def paced(payload: bytes, rate: float) -> Iterator[bytes]:
    """Yield bytes at ``rate`` bytes per second, ten times a second."""
    size = max(1, int(rate / _PIECES_A_SECOND))
    began = time.monotonic()
    for start in range(0, len(payload), size):
        early = began + start / rate - time.monotonic()
        if early > 0:
            time.sleep(early)
        yield payload[start : start + size]


def made_up(size: int) -> Iterator[bytes]:
    """Yield this many incompressible bytes, always the same, in pieces of 1 MiB."""
    numbers = random.Random(size)  # noqa: S311 - they hold no secret
    for start in range(0, size, _MIB):
        yield numbers.randbytes(min(_MIB, size - start))
