"""Permits for requests to a third-party target.

While such a target is judged (``enforce``), this process opens no connection without a permit, whichever library tries
to: Python reports each one by an audit event, and this module rejects those without a permit.
"""

from __future__ import annotations

import re
import socket
import sys
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, Protocol

EXPERIMENT, MODEL, ARTIFACT, UPLOAD = "experiment", "model", "artifact", "upload"
KINDS = (EXPERIMENT, MODEL, ARTIFACT, UPLOAD)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_READS = re.compile(r"/(?:ajax-)?api/[23]\.0/mlflow/[a-z-]+/search$|/graphql$")
"""Ends of paths whose POST changes nothing."""


@dataclass(frozen=True, slots=True)
class Made:
    """An object that a run may have created.

    An ``experiment`` or ``model`` (by name), an ``artifact``, or an ``upload`` in parts (by path). ``ids`` are the
    target's ids of it: an experiment's id, the ids of uploads. ``unanswered`` counts the attempts whose outcome is
    unknown. ``deleted`` is whether the target answered a deletion of this model, the last thing asked, as done,
    or was seen to have deleted this experiment.
    """

    kind: str
    name: str
    door: str
    ids: tuple[str, ...] = field(default=(), compare=False)
    unanswered: int = field(default=0, compare=False)
    deleted: bool = field(default=False, compare=False)


class GuardError(RuntimeError):
    """A request was not sent; the message says why.

    ``prevented`` is whether the run should have sent it and cannot, as when its budget is used up; such a request is
    otherwise never sent to this target.
    """

    def __init__(self, message: str, *, prevented: bool = False) -> None:
        super().__init__(message)
        self.prevented = prevented


def changes(method: str, path: str) -> bool:
    """Return whether a request may change something: all do except those known to only read."""
    return method not in _SAFE and not (method == "POST" and _READS.search(path))


class Requests(Protocol):
    """The interface of a guard: asked before each request to a target, and told of each response."""

    @property
    def read_only(self) -> bool:
        """Whether nothing that changes the target is sent."""

    def allow(
        self,
        method: str,
        path: str,
        size: int = 0,
        made: Made | None = None,
        door: str = "",
        *,
        removes: Made | None = None,
    ) -> None:
        """Raise ``GuardError`` if a request must not be sent."""

    def met(self, method: str, path: str, door: str, *, dead: bool) -> None:
        """Record a request that was sent, and whether there was a response."""

    def learn(self, made: Made, own_id: str) -> None:
        """Record the target's id of an object."""

    def refused(self, made: Made) -> None:
        """Record that a request to create something was rejected."""

    def unsent(self, made: Made) -> None:
        """Record that a request to create something never left this machine."""

    def ended(self, made: Made, own_id: str) -> None:
        """Record that a multipart upload was completed or aborted, or that a model or an experiment was deleted."""

    def __hash__(self) -> int:
        """Clients are cached by what they reach, guard included."""


_CURRENT: ContextVar[Permit | None] = ContextVar("permit", default=None)
_NETWORKS = (socket.AF_INET, socket.AF_INET6)


class ForgottenGuardError(RuntimeError):
    """A connection without a permit was about to be opened: a defect of this suite."""


@dataclass(slots=True)
class Permit:
    """The permission for one request; while it is entered, this thread may open connections.

    Only callers of guards create one: ``request_guard`` for a door, ``bucket`` and ``aws`` for a store and an account.
    """

    request: str
    _tokens: list[Token[Permit | None]] = field(default_factory=list)

    def __enter__(self) -> Permit:
        self._tokens.append(_CURRENT.set(self))
        return self

    def __exit__(self, *problem: object) -> None:
        _CURRENT.reset(self._tokens.pop())


class _Enforcement:
    """Whether this process needs permits, and whether its audit hook is installed."""

    def __init__(self) -> None:
        self.wanted = 0
        self._listening = False

    def begin(self) -> None:
        if not self._listening:
            sys.addaudithook(self._heard)  # there is no way to take it back
            self._listening = True
        self.wanted += 1

    def _heard(self, event: str, about: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not self.wanted or _CURRENT.get() is not None:
            return
        opened, address = about[0], about[1]
        if opened.family in _NETWORKS and opened.type == socket.SOCK_STREAM:
            raise ForgottenGuardError(f"a connection to {address[0]}:{address[1]} that no guard was asked about")


_ENFORCEMENT = _Enforcement()


def enforce() -> None:
    """From now on reject each connection of this process that has no permit."""
    _ENFORCEMENT.begin()


def relax() -> None:
    """Undo one call of ``enforce``."""
    _ENFORCEMENT.wanted = max(0, _ENFORCEMENT.wanted - 1)
