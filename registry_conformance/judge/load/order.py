"""The configuration of a load process, sent on its standard input, because it contains a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from registry_conformance.judge.load.place import Place
from registry_conformance.judge.load.plan import LoadPlan
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Door


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """A process's share of a load.

    ``role`` is ``local``, ``master`` or ``worker``; ``process`` its name; ``journal`` the file that it writes. ``key``
    is the users', ``other`` that of a client who asks little, ``stranger`` one that is no good; ``None`` is none.
    ``alone`` is for how many seconds the quiet client is alone first, ``port`` where master and workers meet,
    ``kept_back`` how many requests are left for what comes after.
    """

    role: str
    process: str
    journal: Path
    plan: LoadPlan
    place: Place
    door: Door
    key: Credential | None = field(repr=False)
    other: Credential | None = field(default=None, repr=False)
    stranger: str | None = field(default=None, repr=False)
    alone: float = 2.0
    port: int = 0
    kept_back: int = 50
