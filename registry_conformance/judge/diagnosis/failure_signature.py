"""What failed exchanges of one cause have in common: method, route family, status."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from registry_conformance.judge.evidence.items import EvidenceItem

FailureMark = tuple[str, str, int | None]
_FAMILY = re.compile(
    r"/(?:ajax-)?api/[23]\.0/(?:mlflow-artifacts/(?:artifacts|presigned|mpu)|mlflow/[a-z-]+)|"
    r"/(?:get-artifact|graphql|health|version|static-files)"
)


def failure_signature(evidence: Iterable[EvidenceItem]) -> frozenset[FailureMark]:
    """Return the signatures of the failed exchanges in evidence."""
    return frozenset(
        (str(item["method"]), _family(str(item["url"])), item["status"])
        for item in evidence
        if item["kind"] == "exchange" and (item["status"] is None or item["status"] >= 300)
    )


def contradicts(caused: Collection[FailureMark], evidence: Collection[EvidenceItem]) -> bool:
    """Return whether a check's failure cannot be an effect of a cause.

    An outage explains only checks that met one, however late it began; a check without any response does not fit a
    cause under which responses arrive.
    """
    exchanges = [item for item in evidence if item["kind"] == "exchange"]
    if not caused or not exchanges:
        return False
    statuses = [item["status"] for item in exchanges]
    if all(_outage(status) for _, _, status in caused):
        return not any(_outage(status) for status in statuses)
    return all(status is None for status in statuses) and all(status is not None for _, _, status in caused)


def _outage(status: int | None) -> bool:
    return status is None or status >= 500


def _family(url: str) -> str:
    found = _FAMILY.search(urlsplit(url).path)
    return found[0].replace("ajax-api", "api") if found else "/"
