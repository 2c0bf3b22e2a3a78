"""What an exchange has in common with another that fails of the same cause: method, route family, status."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

FailureMark = tuple[str, str, int | None]
_FAMILY = re.compile(
    r"/(?:ajax-)?api/[23]\.0/(?:mlflow-artifacts/(?:artifacts|presigned|mpu)|mlflow/[a-z-]+)|"
    r"/(?:get-artifact|graphql|health|version|static-files)"
)


def failure_signature(evidence: Iterable[Mapping[str, Any]]) -> frozenset[FailureMark]:
    """Return the marks of the exchanges among evidence that did not succeed."""
    return frozenset(
        (str(item["method"]), _family(str(item["url"])), item["status"])
        for item in evidence
        if item.get("kind") == "exchange" and (item["status"] is None or item["status"] >= 300)
    )


def _family(url: str) -> str:
    found = _FAMILY.search(urlsplit(url).path)
    return found[0].replace("ajax-api", "api") if found else "/"
