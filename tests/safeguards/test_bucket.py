"""What is removed from a bucket: versions and unfinished uploads that the caller calls its own, all looked at first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from registry_conformance.judge.clients import bucket as module
from registry_conformance.judge.clients.bucket import Bucket, BucketError
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.live.extent import ExtentError
from registry_conformance.judge.target.target import BucketAccess
from tests.safeguards.doubles import Store

ACCESS = BucketAccess("http://s3", "x", "bucket", "artifacts", "a", "b")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store in memory, in the place of every client."""
    held = Store()
    monkeypatch.setattr(module, "s3", lambda _: held)
    return held


def own(key: str, changed: datetime) -> bool:
    """Return whether a key is ours; refuse one that must not be there."""
    del changed
    if "old" in key:
        raise ExtentError(key)
    return key == "artifacts/7" or key.startswith("artifacts/7/")


def test_versions_that_are_ones_own_go_and_no_others(store: Store) -> None:
    """Versions and delete markers that are one's own go; those of keys that begin alike stay."""
    for key, version in (("artifacts/7/a", "1"), ("artifacts/7/a", "2"), ("artifacts/77/a", "1"), ("artifacts/8", "1")):
        store.put(key, version)

    assert Bucket(ACCESS, Evidence()).purge("artifacts/7", own) == []
    assert set(store.versions) == {("artifacts/77/a", "1"), ("artifacts/8", "1")}


def test_nothing_goes_if_one_thing_there_is_not_ones_own(store: Store) -> None:
    """Nothing goes if one thing there must not be removed: all are looked at before the first goes."""
    store.put("artifacts/7/a")
    store.put("artifacts/7/old")
    store.begin("artifacts/7/a", "u")
    store.begin("artifacts/7/old", "u")
    for remove in (Bucket(ACCESS, Evidence()).purge, Bucket(ACCESS, Evidence()).give_up):
        with pytest.raises(ExtentError):
            remove("artifacts/7", own)

    assert len(store.versions) == len(store.uploads) == 2


def test_what_the_store_keeps_is_told(store: Store) -> None:
    """What is still listed after its removal is told."""
    store.put("artifacts/7/a")
    store.begin("artifacts/7/a", "u")
    store.keeps = True
    bucket = Bucket(ACCESS, Evidence())

    assert bucket.purge("artifacts/7", own) == ["artifacts/7/a"]
    with pytest.raises(BucketError, match="still lists an unfinished upload of artifacts/7/a"):
        bucket.give_up("artifacts/7", own)


def test_uploads_that_are_ones_own_are_given_up_and_no_others(store: Store) -> None:
    """Unfinished uploads that are one's own are given up; those of keys that begin alike are not."""
    for key in ("artifacts/7/a", "artifacts/77/a"):
        store.begin(key, "u")
    Bucket(ACCESS, Evidence()).give_up("artifacts/7", own)

    assert set(store.uploads) == {("artifacts/77/a", "u")}


def test_store_that_refuses_is_told_in_its_own_words(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that refuses is told in its own words."""

    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectVersions")

    monkeypatch.setattr(store, "get_paginator", refuse)
    for remove in (Bucket(ACCESS, Evidence()).purge, Bucket(ACCESS, Evidence()).give_up):
        with pytest.raises(BucketError, match="answers ListObjectVersions with AccessDenied"):
            remove("artifacts/7", own)
