"""The requests of the preflight: like the MLflow client's, with or without a credential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from registry_conformance.judge.clients.http_sender import HttpSender, client_agent
from registry_conformance.judge.diagnosis.repetition import Repetition, passing
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Door

OTHER_AGENTS = ("curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
"""User-Agents that are neither Python's nor MLflow's: of another program, and of a browser."""


@dataclass
class Asking:
    """Asks at one door; ``credential`` is what a client sends there, ``None`` for none.

    ``patience`` in seconds bounds each wait. Every exchange is kept in ``met``; ``repetition`` asks again what failed
    for a moment.
    """

    door: Door
    credential: Credential | None
    run: str
    patience: float = 10.0
    met: list[Exchange] = field(default_factory=list)
    repetition: Repetition = field(default_factory=Repetition)

    @property
    def url(self) -> str:
        """The tracking URI."""
        return self.door.url

    @property
    def path(self) -> str:
        """The path of the tracking URI without a trailing slash."""
        return urlsplit(self.door.url).path.rstrip("/")

    @property
    def root(self) -> str:
        """The tracking URI without its path."""
        return urlsplit(self.door.url)._replace(path="", query="", fragment="").geturl()

    @property
    def host(self) -> str:
        """The host of the tracking URI, with its port if one is given."""
        return urlsplit(self.door.url).netloc.rpartition("@")[2]

    def ask(
        self,
        path: str,
        *,
        keyed: bool = False,
        base: str | None = None,
        agent: str = "",
        decoy: Credential | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Exchange:
        """Send a GET and return the exchange.

        ``base`` is another base path on the same host; then no credential is sent. ``decoy`` replaces the real
        credential.
        """
        door = self.door if base is None else replace(self.door, url=f"{self.root}{base}")
        sent = decoy or (self.credential if keyed and base is None else None)
        sender = HttpSender(
            replace(door, patience=self.patience),
            sent,
            Evidence(),
            self.run,
            deadline=self.patience + 3,
            agent=agent or client_agent(self.run),
        )
        place, _, query = path.partition("?")
        exchange = sender.send("GET", place, query=query, headers=headers)
        self.met.append(exchange)
        if not passing(exchange):
            return exchange
        again = self.repetition.repeated(
            "P",
            path,
            exchange,
            lambda met: not passing(met),
            lambda: sender.send("GET", place, query=query, headers=headers),
        )
        self.met += [again] if again is not exchange else []
        return again
