"""Kind: text that a terminal obeys, and a reader that goes away. Output is shown, and breaks nothing."""

from __future__ import annotations

import io
import os

import pytest

from registry_conformance.judge.output import RobustOutput
from registry_conformance.judge.visible import visible
from tests.doubles.hostile_content import ESCAPES


def written(text: str) -> str:
    """Return what comes of a text on its way to a terminal."""
    stream = io.StringIO(newline="")
    RobustOutput(stream).write(text)
    return stream.getvalue()


def test_what_a_terminal_would_obey_is_spelled_out() -> None:
    """Escapes, carriage returns, and marks that turn the direction of writing are seen, and not obeyed."""
    shown = written(f"actual: {ESCAPES}")
    for character in ("\x1b[2J", "\x1b]", "\x07", "\r", "\x08", "\x9b", "\u202e", "\u2066"):
        assert character not in shown, repr(character)
    assert "\\x1b[2J\\x1b]0;owned\\x07" in shown
    assert visible(visible(ESCAPES)) == visible(ESCAPES)


@pytest.mark.parametrize("text", ["plain\n", "\x1b[31mred\x1b[0m\n", "\r  12 of 20 checks", "\x1b[K", "tab\tä ✓\n"])
def test_what_we_write_ourselves_passes(text: str) -> None:
    """Colours, the line that is written anew, and every letter of every language pass as they are."""
    assert written(text) == text


def test_what_no_file_can_hold_is_written_all_the_same() -> None:
    """Halves of characters are spelled out; a stream that knows fewer letters gets them spelled out too."""
    assert written("\ud800") == "\\ud800"
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    RobustOutput(narrow).write("ä")
    assert narrow.buffer.getvalue() == b"\\xe4"


def test_a_reader_that_is_gone_is_no_error() -> None:
    """What is written after the reader of a pipe went away vanishes, and so does what else goes there."""
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w", buffering=1) as stream:
        output = RobustOutput(stream)
        output.write("one\n")
        output.write("two\n")
        output.flush()
        stream.write("three\n")
