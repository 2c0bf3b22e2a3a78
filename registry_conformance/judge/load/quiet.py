"""Two background clients: one that sends few requests, and one with an invalid key."""

from __future__ import annotations

from functools import partial

import gevent

from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.load.allowance import Allowance, Cost
from registry_conformance.judge.load.asking import VERSION, Asking
from registry_conformance.judge.load.history import QUIET, STRANGER, Journal
from registry_conformance.judge.load.kept_client import KeptMlflow, NoEvidence
from registry_conformance.judge.load.order import LoadOrder
from registry_conformance.judge.load.place import ALIAS

_BETWEEN = 0.1
"""Seconds between two requests of such a client."""


def watch_quietly(order: LoadOrder, journal: Journal) -> None:
    """Read an alias again and again with the other key, and at the same time with an invalid one."""
    asks = [gevent.spawn(_ask, order, journal, QUIET, order.other or order.key)]
    if order.stranger is not None:
        asks.append(gevent.spawn(_ask, order, journal, STRANGER, order.stranger))
    try:
        gevent.joinall(asks)
    finally:
        gevent.killall(asks)


def _ask(order: LoadOrder, journal: Journal, name: str, key: str | None) -> None:
    client = KeptMlflow(order.door, key, NoEvidence(), order.place.run)
    asking, model = Asking(journal, name), order.place.models[0]
    allowance = Allowance(order.door.guard, order.plan.users, order.kept_back)
    while not allowance.lacks(Cost(1)):
        read = partial(client.get, "registered-models/alias", name=model, alias=ALIAS)
        try:
            asking.ask(name, f"{model}@{ALIAS}", "", read, VERSION)
        except Mismatch:
            return
        gevent.sleep(_BETWEEN)
