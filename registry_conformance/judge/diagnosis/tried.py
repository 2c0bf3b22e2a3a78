"""Up to how many files and which size a look went: more of either may fail where these pass."""

from __future__ import annotations

import json
from collections.abc import Iterator

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.report.tally import plural

_SIZES = ("11m", "9m", "5m", "1m", "64k")
"""The sizes that are tried, as names of facts have them, the largest first."""
_UNITS = {"m": "MiB", "k": "KiB"}


def tried(facts: Facts) -> str:
    """Return in a sentence how many files in one folder and which size were seen to work, empty if neither was."""
    parts = []
    if most := max(_listed(facts), default=0):
        parts.append(f"up to {plural(most, 'file')} in one folder")
    size = next((each for each in _SIZES if facts.value(f"size.{each}.get.P") == "200 whole"), "")
    if size:
        parts.append(f"files of up to {size[:-1]} {_UNITS[size[-1]]}")
    return f"Tried with {' and '.join(parts)}; more was not tried." if parts else ""


def _listed(facts: Facts) -> Iterator[int]:
    """Yield how many files each list of a folder shows."""
    for fact in facts.values():
        for item in fact.evidence if fact.name.endswith(".P") and fact.normal else ():
            if item["kind"] == "exchange" and item["method"] == "GET" and "artifacts?path=" in item["url"]:
                yield _files_in(str(item["response_body"].get("text", "")))


def _files_in(text: str) -> int:
    try:
        said = json.loads(text)
    except ValueError:
        return 0
    files = said.get("files") if isinstance(said, dict) else None
    return len(files) if isinstance(files, list) else 0
