"""What a listing of artifacts shows."""

from __future__ import annotations

from registry_conformance.judge.evidence.exchange import Exchange


def paths_and_kinds(listing: Exchange) -> dict[str, bool]:
    """Return each path that a listing shows, with whether it is a folder."""
    return {entry["path"]: entry["is_dir"] for entry in listing.document["files"]}
