"""Documents of reports whose texts a terminal prints as they are."""

from __future__ import annotations

from typing import Any

from registry_conformance.judge.visible import visible


def all_visible(value: Any) -> Any:
    """Return a document of JSON with every text in it, names included, in printable form."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(name): all_visible(inner) for name, inner in value.items()}
    return [all_visible(inner) for inner in value] if isinstance(value, list) else value
