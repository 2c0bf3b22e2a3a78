"""Lines that are shown at once while a fixture works: pytest captures what its fixtures write."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def uncaptured(config: pytest.Config) -> Callable[[str], None]:
    """Return a function that writes a line to the terminal or pipe, at once, also from a fixture or a test."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            terminal.write_line(line)
            terminal.flush()

    return say
