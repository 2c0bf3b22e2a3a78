"""Polling: the one way in which this project waits for something that sends no notification."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
ENDLESS = math.inf
"""A time limit for events that are certain to happen."""
_PAUSE = 0.05


def awaited(look: Callable[[], T], seconds: float, *, enough: Callable[[T], object] = bool, pause: float = _PAUSE) -> T:
    """Return the result of ``look`` as soon as it is good enough, or the last result when the time is over.

    There is at least one look, and one after the time is over: on a slow machine a result that came in time is seen. By
    default any true value is enough. ``seconds`` and ``pause``, the time between two looks, are seconds.
    """
    give_up, over = time.monotonic() + seconds, seconds <= 0
    while not enough(found := look()) and not over:
        left = give_up - time.monotonic()
        time.sleep(max(0.0, min(pause, left)))
        over = time.monotonic() >= give_up
    return found


async def awaited_beside_others(
    look: Callable[[], Awaitable[bool]], seconds: float, *, first_pause: float = 0.005, longest_pause: float = _PAUSE
) -> bool:
    """Return whether ``look`` succeeded in time, without blocking the event loop.

    Pauses grow from the first to the longest.
    """
    give_up, pause, over = time.monotonic() + seconds, first_pause, seconds <= 0
    while not (found := await look()) and not over:
        left = give_up - time.monotonic()
        await asyncio.sleep(max(0.0, min(pause, left)))
        pause = min(pause * 1.5, longest_pause)
        over = time.monotonic() >= give_up
    return found
