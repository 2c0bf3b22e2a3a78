"""Classifies link traffic: families of routes, and tokens that describe an exchange."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

_API = r"/(?:api|ajax-api)/[23]\.0"
MLFLOW: Mapping[str, str] = MappingProxyType(
    {
        "upload-parts": rf"{_API}/mlflow-artifacts/mpu/",
        "artifact-list": rf"{_API}/(?:mlflow-artifacts/artifacts/?(?:\?|$)|mlflow/artifacts/list)",
        "artifact-file": rf"{_API}/mlflow-artifacts/artifacts/.",
        "get-artifact": r"/get-artifact",
        "presigned": rf"{_API}/mlflow-artifacts/presigned/",
        "aliases": rf"{_API}/mlflow/registered-models/alias",
        "models": rf"{_API}/mlflow/registered-models/",
        "versions": rf"{_API}/mlflow/model-versions/",
        "experiments": rf"{_API}/mlflow/experiments/",
        "runs": rf"{_API}/mlflow/runs/",
        "metrics": rf"{_API}/mlflow/metrics/",
        "logged-models": rf"{_API}/mlflow/logged-models",
        "traces": rf"{_API}/mlflow/traces",
        "other-rest": rf"{_API}/mlflow/",
        "graphql": r"/graphql",
        "health": r"/health(?:\?|$)",
        "version": r"/version(?:\?|$)",
    }
)
"""Family of MLflow's routes -> regex that is searched in the request target; the first that fits counts."""

STORE: Mapping[str, str] = MappingProxyType(
    {
        "parts": r"[?&](?:uploads|uploadId=|partNumber=)",
        "bulk-delete": r"\?delete(?:=|$)",
        "list": r"[?&](?:list-type|prefix|versions)",
        "object": r"^/[^/?]+/[^?]",
    }
)
"""The same for the store's."""
KEYS: Mapping[str, str] = MappingProxyType({"validate": r"/api/v1/keys/validate"})
"""The same for the key service's."""
OTHER = "other"
BIG = 1 << 20
"""Bytes of a body from which on it is called big."""
LONG = 70_000
"""Bytes of a body from which on it is called long."""
SECOND, HUNDREDTH, FOUR_AT_ONCE = "second on its connection", "hundredth on its connection", "four at once"
BIG_REQUEST, LONG_REQUEST, LONG_ANSWER, FAILED = "big request", "long request", "long answer", "failed"
"""What is said of an exchange beside its family, for rules that wait for such an exchange."""

_USUAL = frozenset({"host", "user-agent", "accept", "connection", "date", "server", "x-request-id", "content-length"})
"""Names of headers that every exchange has."""
_HEADERS = (
    r"(?<![\w-])(?:(?:x|www|retry|content|user|if|accept|last|cache)-[a-z-]+[a-z]"
    r"|authorization|range|expect|etag|location|cookie|forwarded)(?![\w-])"
)


def families(link: str) -> Mapping[str, str]:
    """Return the traffic families of a link, with their regexes."""
    return {"store": STORE, "keys": KEYS}.get(link, MLFLOW)


def family(link: str, target: str) -> str:
    """Return the family of a request target on a link."""
    return next((name for name, regex in families(link).items() if re.search(regex, target)), OTHER)


def header_tokens(text: str) -> frozenset[str]:
    """Return the headers that a text names, as tokens."""
    names = re.findall(_HEADERS, text.lower())
    return frozenset(f"header {name}" for name in names if name not in _USUAL)


def tokens(link: str, line: Mapping[str, Any]) -> Iterator[str]:
    """Yield the tokens of one line of a link's record."""
    asked, answered = line["request"]["head"], line["response"]["head"]
    method, target = asked.split(" ", 2)[:2]
    status = answered.split(" ", 2)[1] if answered else "none"
    exchange = f"{link} {method} {family(link, target)}"
    yield exchange
    yield from (f"{exchange}, {said}" for said, holds in _said(line, status).items() if holds)
    yield f"{link} {status}"
    for head in (asked, answered):
        for name in re.findall(r"(?m)^([A-Za-z0-9-]+):", head):
            if name.lower() not in _USUAL:
                yield f"header {name.lower()}"
    if max(line["request"]["size"], line["response"]["size"]) >= BIG:
        yield f"{link} big"


def _said(line: Mapping[str, Any], status: str) -> Mapping[str, bool]:
    return {
        SECOND: line["place"] >= 2,
        HUNDREDTH: line["place"] >= 100,
        FOUR_AT_ONCE: line["at_once"] >= 4,
        BIG_REQUEST: line["request"]["size"] > BIG,
        LONG_REQUEST: line["request"]["size"] > LONG,
        LONG_ANSWER: line["response"]["size"] > LONG,
        FAILED: status[0] in "45",
    }
