"""Downloads say what they are, and presigned ones carry their own right."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from fixtures.essentials import Payload
from registry_conformance.judge.clients.bucket import SigningStore
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import expect_equal, expect_status, require
from registry_conformance.judge.requirement import verifies


@verifies("ART-014")
def test_presigned_download_brings_the_same_bytes(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A presigned download brings the same bytes without a key."""
    sent = expect_status(door.put_artifact(location, "a.bin", payload(8192)), 200)
    url = expect_status(door.presign_artifact(location, "a.bin"), 200).document["url"]
    fetched = expect_status(door.follow("GET", url), 200)

    expect_equal(fetched.response_body, sent.request_body, "downloaded bytes")


@verifies("ART-015")
def test_presigned_download_ends(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A presigned download is valid for an hour at most."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    url = expect_status(door.presign_artifact(location, "a.bin"), 200).document["url"]
    seconds = int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0])

    assert 0 < seconds <= 3600, f"good for {seconds} s"


@verifies("ART-060")
def test_presigned_download_lasts(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A presigned download is valid for a minute at least."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    url = expect_status(door.presign_artifact(location, "a.bin"), 200).document["url"]
    seconds = int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0])

    assert seconds >= 60, f"good for {seconds} s"


@verifies("ART-016")
def test_changed_signature_is_refused(
    door: MlflowHttp, location: str, payload: Payload, signing_store: SigningStore
) -> None:
    """A presigned download whose signature was changed is refused."""
    require(door.put_artifact(location, "a.bin", payload(100)), 200)
    url = expect_status(door.presign_artifact(location, "a.bin"), 200).document["url"]

    require(door.follow("GET", url), 200)  # control: the signature makes the difference
    expect_status(door.follow("GET", signing_store.forge(url)), 403)


@verifies("ART-019")
def test_download_is_an_attachment(door: MlflowHttp, location: str, payload: Payload) -> None:
    """A download is an attachment, with nosniff set."""
    require(door.put_artifact(location, "page.html", payload(100)), 200)
    fetched = expect_status(door.get_artifact(location, "page.html"), 200)

    assert fetched.header("content-disposition").startswith("attachment"), fetched.response_headers
    assert fetched.content_type, fetched.response_headers  # nobody may guess it
    expect_equal(fetched.header("x-content-type-options"), "nosniff", "X-Content-Type-Options")
