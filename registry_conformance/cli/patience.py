"""Tells on stderr that a command is still at work, where a target takes long to answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

PAUSE = 15.0
"""Seconds without a word after which a line is written, and after each further line."""
NAME = "patience"
"""The name of the thread that writes."""


@contextmanager
def patience(command: str, doing: str, pause: float = PAUSE) -> Iterator[None]:
    """Write a line each ``pause`` seconds while the block runs: which ``command`` is ``doing`` what, for how long."""
    over, began = threading.Event(), time.monotonic()

    def tell() -> None:
        while not over.wait(pause):
            click.echo(f"{command}: still {doing}, for {time.monotonic() - began:.0f} s", err=True)

    telling = threading.Thread(target=tell, name=NAME, daemon=True)
    telling.start()
    try:
        yield
    finally:
        over.set()
        telling.join()
