"""All kinds of deployments by name, and their cells: healthy, and each broken way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from registry_conformance.proof.field import kinds_of_proxies, kinds_of_servers, kinds_of_workspaces
from registry_conformance.proof.field.broken_way import BrokenWay, Kind

HEALTHY = "healthy"
"""The cell of a kind that is not broken."""
KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (*kinds_of_servers.KINDS, *kinds_of_proxies.KINDS, *kinds_of_workspaces.KINDS)}
)
CELLS: Mapping[str, tuple[Kind, BrokenWay | None]] = MappingProxyType(
    {
        f"{kind.name}/{way.name if way else HEALTHY}": (kind, way)
        for kind in KINDS.values()
        for way in (None, *kind.ways)
    }
)
"""``KIND/WAY``, or ``KIND/healthy`` -> the kind, and the way in which it is broken."""
SAMPLE = ("nginx/body-limit", "mlflow-uvicorn/foreign-pages")
"""The cells that CI measures before each change."""


def chosen(names: Iterable[str]) -> list[str]:
    """Return the cells of these cell or kind names, in the table's order; raise ``KeyError`` for unknown ones."""
    wanted = list(names)
    if strange := [name for name in wanted if name not in CELLS and name not in KINDS]:
        raise KeyError(strange[0])
    return [cell for cell, (kind, _) in CELLS.items() if cell in wanted or kind.name in wanted]
