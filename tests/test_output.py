"""Kind: text that a terminal obeys, and a reader that goes away. Output is shown, and breaks nothing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

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


COMMAND = f"{sys.executable} -m registry_conformance --version"
FULL = Path("/dev/full")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell, its output kept."""
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(("redirected", "told"), [(">", "stderr"), ("2>&1 >", "stdout")])
def test_output_to_a_full_disk_is_told(redirected: str, told: str) -> None:
    """Output that is lost is told once on the other stream, and the exit code is not 0."""
    done = shell(f"{COMMAND} {redirected} {FULL}")
    said = str(getattr(done, told))
    assert done.returncode == 4
    assert said.startswith("standard output could not be written (No space left on device)")
    assert len(said.splitlines()) == 1


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_code_that_says_more_is_kept() -> None:
    """Errors that cannot be written are told on the standard output; the command's own exit code stays."""
    done = shell(f"{sys.executable} -m registry_conformance compare 2> {FULL}")
    assert done.returncode == 4
    assert "standard error could not be written" in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_leads_nowhere(closed: str) -> None:
    """A command whose output was closed by its caller does its work and ends without a traceback."""
    done = shell(f"{COMMAND} {closed}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_stops_reading_is_silent() -> None:
    """The reader of a pipe that takes nothing is no loss of output."""
    done = shell(f"({COMMAND}; echo $? >&2) | true")
    assert done.stderr == "0\n"
