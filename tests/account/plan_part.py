"""One resource of a plan, as tests write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """One resource: its type, what is known of it, what AWS decides, and attribute -> the type that it refers to.

    ``label`` is its name in the configuration.
    """

    type: str
    values: dict[str, Any]
    computed: tuple[str, ...] = ("id",)
    refers: dict[str, str] = field(default_factory=dict)
    label: str = "this"
