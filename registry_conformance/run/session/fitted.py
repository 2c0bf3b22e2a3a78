"""Wraps lines to the terminal's width, between words; commands stay whole, so that they can be copied."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from _pytest.terminal import TerminalReporter

_NARROWEST = 40
_COMMANDS = ("rerun:", "aws ")


def fitting(terminal: TerminalReporter) -> Callable[[str], None]:
    """Return a function that writes a line to a terminal, wrapped; in a pipe each line stays whole."""
    width = terminal._tw.fullwidth  # no public way to ask for it

    def say(line: str) -> None:
        for each in folded(line, width) if terminal.isatty and width >= _NARROWEST else [line]:
            terminal.write_line(each)

    return say


def folded(line: str, width: int) -> list[str]:
    """Return a line as lines of at most ``width`` characters, except for longer words; following lines are indented."""
    told = line.lstrip()
    if len(line) <= width or told.startswith(_COMMANDS):
        return [line]
    indent = " " * (len(line) - len(told))
    return textwrap.wrap(
        told,
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
