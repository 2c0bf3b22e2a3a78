"""A pytest plugin that writes down what checks send (``-p benchmarks.recording --record-traffic=FOLDER``).

Each process of the run leaves one file in the folder: the keys of its target by role, and every exchange that its
checks kept as evidence, whole. Keys are among them, so the folder must be its owner's alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from benchmarks.traffic import Sent, Traffic
from fixtures.essentials import EVIDENCE
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.run.session.context import CONTEXT


class Listener:
    """What the checks of one process sent, each exchange once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[tuple[float, str, str], Sent] = {}

    def hear(self, exchange: Exchange) -> None:
        """Write an exchange down; one that is kept as evidence of several checks was sent once."""
        with self._lock:
            self._sent.setdefault((exchange.started, exchange.method, exchange.url), Sent.of(exchange))

    @property
    def sent(self) -> tuple[Sent, ...]:
        """What was sent, in the order in which it was begun."""
        return tuple(sorted(self._sent.values(), key=lambda each: each.started))


class HeardEvidence(Evidence):
    """The evidence of a check, of which a listener hears every exchange."""

    def __init__(self, listener: Listener) -> None:
        super().__init__()
        self._listener = listener

    def exchange(self, exchange: Exchange) -> Exchange:
        """Keep an exchange, and have it heard."""
        self._listener.hear(exchange)
        return super().exchange(exchange)

    def flow(self, name: str, steps: Iterable[tuple[str, float]], exchanges: Sequence[Exchange], problem: str) -> None:
        """Keep a flow, and have its exchanges heard."""
        for exchange in exchanges:
            self._listener.hear(exchange)
        super().flow(name, steps, exchanges, problem)


LISTENER: pytest.StashKey[Listener] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Ask for the folder."""
    parser.addoption("--record-traffic", metavar="FOLDER", help="write down there what checks send, keys included")


def pytest_configure(config: pytest.Config) -> None:
    """Listen from the first check on."""
    config.stash[LISTENER] = Listener()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the check evidence that is heard, before any fixture asks for its own."""
    item.stash[EVIDENCE] = HeardEvidence(item.config.stash[LISTENER])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write down what was heard; a process that ran no checks has nothing to say."""
    config = session.config
    if sent := config.stash[LISTENER].sent:
        keys = {role: key for role, key in config.stash[CONTEXT].target.keys.items() if isinstance(key, str)}
        worker = getattr(config, "workerinput", {}).get("workerid", "alone")
        Traffic(keys, sent).write(Path(config.getoption("record_traffic")) / worker)
