"""Whether a part of all requests gets no answer while others like them are answered at once, in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import urlsplit

from registry_conformance.judge.diagnosis.facts import Fact, Facts
from registry_conformance.judge.evidence.items import ExchangeItem

_AT_ONCE = 1.0
"""Seconds within which an answer comes at once."""
_ENOUGH = 3
"""So many requests for files that all were answered are enough to say that what they need works."""
_FRAME = 9000
"""Bytes of the largest frame that networks carry: what loses larger packets lets requests pass that fit into one."""
_OVERHEAD = len("GET  HTTP/1.1\r\n\r\n")
LARGE_ONES = (
    "requests above a size of one or two packets get no answer, whatever they ask, and every smaller one is answered: "
    "larger packets are lost on the way, most likely (a tunnel, VPN or overlay network with a smaller MTU, and ICMP "
    "filtered, so that no sender learns of it): lower the MTU of its interfaces, or clamp the MSS of TCP to it"
)
PARTLY = (
    "a part of all requests gets no answer, and others like them are answered at once in between: it is no matter of "
    "path, method or size; one of several replicas, or a part of MLflow's workers, hangs, or connections are swallowed "
    "on the way: ask each replica by itself, and read its log"
)
PARTLY_WITHOUT_DATABASE = (
    "of the requests that need MLflow's database a part gets no answer, and others like them are answered at once in "
    "between, while files are always served: a part of MLflow's workers gets no connection to the database, most "
    "likely (its log says so, as in: too many connections): raise the limit of its user there, or have fewer workers "
    "or a smaller pool (MLFLOW_SQLALCHEMYSTORE_POOL_SIZE)"
)


def silent_in_part(facts: Facts, _: Sequence[Fact]) -> bool:
    """Return whether requests get no answer at several moments, and others like them are answered between these.

    What sleeps and awakes, or ends under way, is silent at one time only. A smaller request is not like a larger one:
    where the packets of the larger are lost, the smaller passes.
    """
    asked = _exchanges(facts)
    silent = [item for item in asked if _is_silent(item)]
    least: dict[tuple[str, str], int] = {}
    for item in silent:
        least[_kind(item)] = min(least.get(_kind(item), _size(item)), _size(item))
    likes = [item for item in asked if item["status"] == 200 and _size(item) >= least.get(_kind(item), math.inf)]
    answered = [item["started"] for item in likes if item["seconds"] < _AT_ONCE]
    ended = min((item["started"] + item["seconds"] for item in silent), default=0.0)
    began = max((item["started"] for item in silent), default=0.0)
    return any(ended <= moment < began for moment in answered)


def silent_above_a_packet(facts: Facts, _: Sequence[Fact]) -> bool:
    """Return whether requests of several kinds get no answer that are larger, head and body, than all answered ones.

    They must be no larger than a packet may be: a limit of bodies, or a filter, is seldom so small, and none goes by
    the size of a head as well.
    """
    asked = _exchanges(facts)
    silent = [item for item in asked if _is_silent(item)]
    kinds = {_kind(item) for item in silent}
    least = min(map(_size, silent), default=0)
    most = max((_size(item) for item in asked if item["status"] is not None), default=0)
    bodiless = any(not item["request_body"]["size"] for item in silent)
    return len(kinds) >= _ENOUGH and bodiless and most < least <= _FRAME


def silent_without_database(facts: Facts, wrong: Sequence[Fact]) -> bool:
    """Return whether that is so for requests that need the database, and all those for files are answered."""
    asked = [item for item in _exchanges(facts) if "mlflow-artifacts/" in item["url"]]
    served = len(asked) >= _ENOUGH and not any(_is_silent(item) for item in asked)
    return served and silent_in_part(facts, wrong)


def _exchanges(facts: Facts) -> list[ExchangeItem]:
    """Return what was asked through the proxy, each once, in its order."""
    asked = {
        (item["started"], item["method"], item["url"]): item
        for fact in facts.values()
        for item in fact.evidence
        if item["kind"] == "exchange" and "started" in item and fact.name.endswith(".P")
    }
    in_order = [asked[key] for key in sorted(asked)]
    here = urlsplit(in_order[0]["url"]).netloc if in_order else ""
    return [item for item in in_order if urlsplit(item["url"]).netloc == here]  # the store has addresses of its own


def _is_silent(item: ExchangeItem) -> bool:
    return item["status"] is None and str(item.get("error")).startswith("timeout")


def _size(item: ExchangeItem) -> int:
    """Return the bytes of a whole request, as far as its parts are known."""
    head = sum(len(name) + len(value) + len(": \r\n") for name, value in item["request_headers"])
    return _OVERHEAD + len(item["method"]) + len(item["url"]) + head + item["request_body"]["size"]


def _kind(item: ExchangeItem) -> tuple[str, str]:
    return item["method"], urlsplit(item["url"]).path
