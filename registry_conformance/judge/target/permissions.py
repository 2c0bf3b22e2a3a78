"""MLflow's own permissions (basic-auth): what each allows a user to do."""

from __future__ import annotations

from collections.abc import Mapping

DENIED = "DENY"
"""What takes everything away, the default too, from MLflow 3.15 on; before, ``NO_PERMISSIONS`` did."""
NOTHING = "NO_PERMISSIONS"
LETS: Mapping[str, tuple[str, ...]] = {
    NOTHING: (),
    "READ": ("read",),
    "EDIT": ("read", "update"),
    "MANAGE": ("read", "update", "grant", "delete"),
}
"""Permission -> what its holder may do with an experiment or a model, the least first."""
LETS_WITH_ARTIFACTS: Mapping[str, tuple[str, ...]] = {
    NOTHING: (),
    "READ": ("list", "download"),
    "EDIT": ("list", "download", "upload"),
    "MANAGE": ("list", "download", "upload", "delete"),
}
"""Permission on an experiment -> what its holder may do with the artifacts of its runs."""


def gives_less(permission: str, default: str) -> bool:
    """Return whether a permission allows less than the default permission of everybody.

    Versions differ on which of the two applies then.
    """
    names = list(LETS)
    return names.index(permission) < names.index(default)
