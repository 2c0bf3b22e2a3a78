"""What is removed from a bucket: versions and unfinished uploads that the caller calls its own, all looked at first."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from registry_conformance.judge.clients import bucket as module
from registry_conformance.judge.clients.bucket import Bucket, BucketError, Kept, SigningStore, authorize_store
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.live.extent import ExtentError
from registry_conformance.judge.target.requests import GuardError, Made
from registry_conformance.judge.target.target import BucketAccess
from tests.safeguards.doubles import Store

REFUSED: Any = {"Error": {"Code": "XMinioInvalidResourceName", "Message": "no"}}
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


@pytest.mark.parametrize(("code", "told"), [("AccessDenied", "AccessDenied"), ("", "no code")])
def test_store_that_refuses_is_told_in_its_own_words(
    store: Store, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    """A store that refuses is told in its own words, and that it has none."""

    def refuse(**_: str) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "ListObjectVersions")

    monkeypatch.setattr(store, "get_paginator", lambda _: SimpleNamespace(paginate=refuse))
    for remove in (Bucket(ACCESS, Evidence()).purge, Bucket(ACCESS, Evidence()).give_up):
        with pytest.raises(BucketError, match=f"answers ListObjectVersions with {told}"):
            remove("artifacts/7", own)


def test_key_that_the_store_takes_for_none_holds_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: a name with two readings. Where no object can have a key, nothing lies there, and nothing is removed."""

    def refuse(**_: str) -> None:
        raise ClientError(REFUSED | {"ResponseMetadata": {"HTTPStatusCode": 400}}, "HeadObject")

    monkeypatch.setattr(store, "get_paginator", lambda _: SimpleNamespace(paginate=refuse))
    monkeypatch.setattr(store, "head_object", refuse, raising=False)
    bucket = Bucket(ACCESS, Evidence())
    bucket.give_up("artifacts/7/..\\x", own)

    assert bucket.purge("artifacts/7/..\\x", own) == []
    assert bucket.head("artifacts/7/..\\x") is None


def test_listing_without_an_end_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind: a token that an answer names. A listing that always has one page more ends, and nothing is removed."""
    store.put("artifacts/7/a")
    pages = SimpleNamespace(paginate=lambda **_: itertools.repeat({"Versions": [], "Uploads": []}))
    monkeypatch.setattr(store, "get_paginator", lambda _: pages)
    for remove in (Bucket(ACCESS, Evidence()).purge, Bucket(ACCESS, Evidence()).give_up):
        with pytest.raises(BucketError, match="lists more than"):
            remove("artifacts/7", own)

    assert len(store.versions) == 1


@pytest.mark.parametrize(
    ("method", "path", "thing"),
    [
        ("PUT", "/bucket/artifacts/7/a%20b", ("made", "7/a b")),
        ("DELETE", "/bucket/artifacts/7/a", ("removes", "7/a")),
    ],
)
def test_change_of_the_store_is_asked_of_its_guard(method: str, path: str, thing: tuple[str, str]) -> None:
    """What a request to the store makes or removes is asked of the guard, by its key below the root of all."""
    asked: list[Any] = []
    guard = SimpleNamespace(allow=lambda *given, **more: asked.append((given, more)))
    authorize_store(replace(ACCESS, guard=cast(Any, guard)), method, f"http://s3{path}", 5)
    ((sent, size, made, place), removes) = asked[0][0][1:], asked[0][1]["removes"]
    known = {"made": made, "removes": removes}

    assert (asked[0][0][0], sent, size, place) == (method, path.replace("%20", " "), 5, "past the door")
    assert known.pop(thing[0]) == Made("artifact", thing[1], "past the door")
    assert known.popitem()[1] is None


def test_reading_the_store_asks_nobody() -> None:
    """What reads needs no leave, whatever it reads; a store without a guard, as our own, takes everything."""
    guard = SimpleNamespace(allow=lambda *_, **__: pytest.fail("asked"))
    for method in ("GET", "HEAD"):
        authorize_store(replace(ACCESS, guard=cast(Any, guard)), method, "http://s3/bucket?list-type=2")
    authorize_store(ACCESS, "DELETE", "http://s3/others/x")


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "/bucket/artifacts/7/a?delete", "tells what it changes"),
        ("PUT", "/bucket/others/7/a", "a key below /bucket/artifacts/"),
        ("DELETE", "/bucket/artifacts", "a key below /bucket/artifacts/"),
        ("DELETE", "/bucket-2/artifacts/7", "a key below /bucket/artifacts/"),
        ("DELETE", "/bucket/artifacts-old/7", "a key below /bucket/artifacts/"),
    ],
)
def test_change_elsewhere_in_the_store_is_refused(method: str, path: str, said: str) -> None:
    """A request that may remove several things at once, or that is about another place, is refused without asking."""
    guard = SimpleNamespace(allow=lambda *_, **__: pytest.fail("asked"))
    with pytest.raises(NotAllowed, match=said):
        authorize_store(replace(ACCESS, guard=cast(Any, guard)), method, f"http://s3{path}")


def test_guard_of_a_store_has_the_word() -> None:
    """What the guard of a store refuses is not allowed, in its words."""

    def refuse(*_: object, **__: object) -> None:
        raise GuardError("does not bear this run's name")

    with pytest.raises(NotAllowed, match="does not bear"):
        authorize_store(
            replace(ACCESS, guard=cast(Any, SimpleNamespace(allow=refuse))), "PUT", "http://s3/bucket/artifacts/8"
        )


def test_keys_are_made_from_what_the_api_says() -> None:
    """A location past the door is a key as it is; one that is proxied lies below the root of all artifacts."""
    bucket = Bucket(ACCESS, Evidence())

    assert bucket.key_for("s3://bucket/artifacts/7/run") == "artifacts/7/run"
    assert bucket.key_for("mlflow-artifacts:/7/run", "a/b") == "artifacts/7/run/a/b"


class Reading:
    """A store with one object, of which it keeps two versions."""

    def head_object(self, **about: str) -> dict[str, Any]:
        """Say what is known of an object."""
        if about["Key"] != "k":
            status = {"gone": 404, "shut": 403, "odd": 400}[about["Key"]]
            said: Any = {"ResponseMetadata": {"HTTPStatusCode": status}, "Error": {"Code": str(status)}}
            raise ClientError(said, "HeadObject")
        return {"ContentLength": 3, "ServerSideEncryption": "AES256", "VersionId": "null"}

    def get_object(self, **_: str) -> dict[str, Any]:
        """Return an object."""
        return {"Body": io.BytesIO(b"abc")}

    def list_object_versions(self, **_: str) -> dict[str, Any]:
        """List versions, of a key that begins alike too."""
        return {"Versions": [{"Key": "k"}, {"Key": "k"}, {"Key": "k2"}]}

    def get_paginator(self, _: str) -> Any:
        """List one object whose head was refused, and its neighbour."""
        listed = {"Contents": [{"Key": "odd", "Size": 4}, {"Key": "odd2", "Size": 5}]}
        return SimpleNamespace(paginate=lambda **_: [listed])


def test_an_object_is_there_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object has its size and bytes; one that is not there has none, and a refusal is no absence."""
    monkeypatch.setattr(module, "s3", lambda _: Reading())
    bucket = Bucket(ACCESS, Evidence())
    whole = bucket.body("k")

    assert (bucket.head("k"), bucket.head("gone"), bucket.head("odd")) == (3, None, 4)
    assert whole is not None
    assert (whole.size, bucket.body("gone"), bucket.versions("k")) == (3, None, 2)
    assert bucket.kept("k") == Kept("AES256", "", "")
    with pytest.raises(ClientError):
        bucket.head("shut")


def test_version_of_an_object_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object's version is told; where the store keeps none it calls that null."""
    monkeypatch.setattr(module, "s3", lambda _: SimpleNamespace(head_object=lambda **_: {"VersionId": "v1"}))

    assert Bucket(ACCESS, Evidence()).kept("k") == Kept("", "", "v1")


def test_store_out_of_reach_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not answer is told as that."""

    def refuse(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="http://s3")

    monkeypatch.setattr(store, "get_paginator", refuse)
    with pytest.raises(BucketError, match=r"the bucket: .*http://s3"):
        Bucket(ACCESS, Evidence()).purge("artifacts/7", own)


@pytest.mark.parametrize(("signature", "forged"), [("0ab", "1ab"), ("fab", "0ab")])
def test_forged_signature_is_another_one(signature: str, forged: str) -> None:
    """A forged signature differs from the true one."""
    assert SigningStore.forge(f"http://s3/k?X-Amz-Signature={signature}") == f"http://s3/k?X-Amz-Signature={forged}"


@pytest.mark.parametrize(("status", "held"), [({"Status": "ON"}, True), ({"Status": "OFF"}, False), ({}, False)])
def test_a_legal_hold_is_read(monkeypatch: pytest.MonkeyPatch, status: dict[str, str], held: bool) -> None:
    """An object is held if the store says ON, and in no other case."""
    client = SimpleNamespace(get_object_legal_hold=lambda **_: {"LegalHold": status})
    monkeypatch.setattr(module, "s3", lambda _: client)

    assert Bucket(ACCESS, Evidence()).is_held("a") is held


def test_a_bucket_without_locks_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket without Object Lock holds nothing; a refusal says nothing."""

    def refuse(code: str) -> Any:
        def look(**_: str) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObjectLegalHold")

        return lambda _: SimpleNamespace(get_object_legal_hold=look)

    for code in module._WITHOUT_LOCK:
        monkeypatch.setattr(module, "s3", refuse(code))
        assert Bucket(ACCESS, Evidence()).is_held("a") is False
    monkeypatch.setattr(module, "s3", refuse("AccessDenied"))
    with pytest.raises(PreconditionFailed, match="legal hold"):
        Bucket(ACCESS, Evidence()).is_held("a")
