"""What is read has a limit, and what could not be written whole is not left behind."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from registry_conformance.cli.main import run
from registry_conformance.judge.limited_reading import read_text
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.live.reader import read
from registry_conformance.judge.owned_file import whole, write_owned
from registry_conformance.judge.report.summary import conclusion, in_brief, summary
from registry_conformance.judge.target.credential import CommandToken
from registry_conformance.judge.target.token import TokenError, TooMuchError, output_of, token_of
from tests.report_runs import mixed

ENDLESS = (sys.executable, "-c", "while True: print('y' * 9999)")


def test_a_device_without_end_is_no_environment() -> None:
    """It is refused after a few megabytes."""
    with pytest.raises(EnvironmentFileError, match="larger than 4 MB"):
        read(Path("/dev/zero"))
    assert run(["janitor", "--env-file", "/dev/zero"]) == 4


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    """Editors of Windows write one; TOML has none."""
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1\r\n")

    assert read_text(file) == "a = 1\n"


def test_a_command_without_end_is_stopped() -> None:
    """Whether it prints a secret, or a token."""
    with pytest.raises(TooMuchError):
        output_of(ENDLESS, 30)
    with pytest.raises(TokenError, match="prints more than any token has"):
        token_of(CommandToken(ENDLESS, Path.cwd()))


def test_a_secret_by_a_command_without_end_is_refused(tmp_path: Path) -> None:
    """The message names the command, and the line."""
    file = tmp_path / "x.toml"
    command = ", ".join(repr(word) for word in ENDLESS[:2]) + """, "while True: print('y' * 9999)\""""
    file.write_text(
        'description = "x"\naccess = "sandboxed"\n[doors.canonical]\nurl = "http://127.0.0.1:9"\n'
        f'[keys.writer]\nuser = "me"\npassword = {{ command = [{command}] }}\n'
    )
    assert run(["janitor", "--env-file", str(file), "--report-dir", str(tmp_path)]) == 4


def test_what_a_command_prints_and_its_exit_code_are_returned(tmp_path: Path) -> None:
    """In its folder, without its errors, up to its time."""
    code = "import os, sys; print(os.getcwd()); print('no', file=sys.stderr); sys.exit(3)"

    assert output_of((sys.executable, "-c", code), 30, tmp_path) == (3, f"{tmp_path}\n")


def _owned(file: Path) -> None:
    write_owned(file, "x" * (1 << 20))


def _plain(file: Path) -> None:
    with whole(file):
        file.write_text("x" * (1 << 20))


@pytest.mark.parametrize("write", [_owned, _plain])
def test_what_does_not_fit_is_not_left_behind(write: Callable[[Path], None], tmp_path: Path) -> None:
    """The next attempt would be told that the file is there already; one that was there stays."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "old").touch()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, usual[1]))
    try:
        for name in ("new", "old"):
            with pytest.raises(OSError, match="too large"):
                write(tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    assert [each.name for each in tmp_path.iterdir()] == ["old"]


def test_no_report_is_named_where_none_was_written() -> None:
    """Neither as the whole, nor for the checks that have no place."""
    for told in (summary, conclusion, in_brief):
        assert "/index.html" not in "\n".join(told(mixed(), ""))
