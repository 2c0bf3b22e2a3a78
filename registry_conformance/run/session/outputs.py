"""Keeps secrets out of everything that pytest prints and writes: reports, logs and streams."""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ExceptionRepr, TerminalRepr

from registry_conformance.judge.report.console import clean, guard_handler, guard_streams
from registry_conformance.judge.suggestion import nearest

_HANDLERS = ("caplog_handler", "report_handler", "log_file_handler", "log_cli_handler")
_OWNERS = 0o600


class Outputs:
    """Cleans pytest's output; registered in each process of a run before all other reporting plugins.

    Reports are cleaned before any other plugin sees them: terminal, JUnit file, debugger and the controller of a
    worker. Streams and log handlers are cleaned when they write.
    """

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Clean pytest's log handlers and debug file, and make their files readable by the owner only."""
        _close_to_others(config)
        logging_plugin = config.pluginmanager.getplugin("logging-plugin")
        for name in _HANDLERS:
            if handler := getattr(logging_plugin, name, None):
                guard_handler(handler)
        tracer = config.trace.root
        if (write := getattr(tracer, "_writer", None)) is not None:  # of --debug
            tracer.setwriter(lambda text: write(clean(text)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Clean the report of a phase."""
        clean_report(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Clean the report of a collection."""
        clean_report(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: ExceptionRepr) -> None:
        """Clean pytest's report of an internal error."""
        _clean_fields(excrepr)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Make the files that pytest wrote readable by their owner only."""
        _close_to_others(config)


def _close_to_others(config: pytest.Config) -> None:
    """Make the files that pytest writes readable by their owner only, if they exist."""
    logs, junit, debug = (getattr(config.option, name, None) for name in ("log_file", "xmlpath", "debug"))
    for name in (logs or config.getini("log_file"), junit, debug):
        if isinstance(name, str) and name:
            path = Path(config.invocation_params.dir, Path(os.path.expandvars(name)).expanduser())
            if path.is_file():  # and no device, as /dev/stdout
                with contextlib.suppress(OSError):  # a file of another user is left unchanged
                    path.chmod(_OWNERS)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Guard the standard streams before pytest captures them; then reject a misspelt option."""
    guard_streams()
    done = yield
    _refuse_misspelt(early_config, parser, args)
    return done


def _refuse_misspelt(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Raise ``pytest.UsageError`` for an unknown option that resembles a known one; pytest rejects all others."""
    _, strange = parser.parse_known_and_unknown_args(args, copy.copy(config.option))
    groups = [parser._anonymous, *parser._groups]  # pytest has no public list of its options
    known = [name for group in groups for option in group.options for name in option.names() if name.startswith("--")]
    for each in strange:
        name = each.partition("=")[0]
        if name.startswith("--") and (near := nearest(name, known)):
            raise pytest.UsageError(f"{each}: unknown; did you mean {' or '.join(near)}?")


def clean_report(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Clean every text of a report in place."""
    report.longrepr = _cleaned(report.longrepr)
    report.sections = _cleaned(report.sections)
    if isinstance(report, pytest.TestReport):
        report.user_properties = _cleaned(report.user_properties)


def _cleaned(value: Any) -> Any:
    """Return a value of the same shape with cleaned texts; lines of one list are cleaned as one text."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, TerminalRepr):
        _clean_fields(value)
        return value
    if isinstance(value, list | tuple):
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return clean("\n".join(value)).split("\n")
        return type(value)(_cleaned(item) for item in value)
    return value


def _clean_fields(shown: TerminalRepr) -> None:
    for name, value in vars(shown).items():
        setattr(shown, name, _cleaned(value))
