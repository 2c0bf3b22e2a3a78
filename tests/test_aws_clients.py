"""Clients of S3 in several threads: each has a session of its own, and what is read from disk is shared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from registry_conformance.judge.clients import aws


def test_threads_share_what_describes_the_services_and_nothing_else() -> None:
    """Sessions are not thread-safe; the descriptions that all of them need are read once."""
    together = Barrier(3)

    def made(_: int) -> object:
        together.wait(10)
        return aws._session()

    with ThreadPoolExecutor(3) as pool:
        sessions = list(pool.map(made, range(3)))

    assert len({id(session) for session in sessions}) == 3
    loaders = {id(session._session.get_component("data_loader")) for session in sessions}  # type: ignore[attr-defined] # boto3 has no types here
    assert len(loaders) == 1
    paths = aws._descriptions().search_paths
    assert len(paths) == len(set(paths))
