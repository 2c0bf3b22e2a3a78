"""A packed answer is read as a client reads it, within bounds."""

from __future__ import annotations

import gzip
import zlib

import pytest

from registry_conformance.judge.clients.content_coding import UNREADABLE, unpacked
from registry_conformance.judge.evidence.exchange import Body, Exchange


def zipped(data: bytes) -> bytes:
    """Return data packed by gzip, the same at any time: the cases are named by it in each process."""
    return gzip.compress(data, mtime=0)


PLAIN = b'{"experiments": []}'
RAW = zlib.compressobj(wbits=-15)
DEFLATED = RAW.compress(PLAIN) + RAW.flush()


def answer(body: bytes, label: str) -> Exchange:
    """Return an answer with a body and what its Content-Encoding says of it."""
    headers = (("Content-Encoding", label),) if label else ()
    return Exchange("GET", "http://door/x", "door", 200, response_headers=headers, response_body=Body.of([body]))


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (PLAIN, ""),
        (PLAIN, "identity"),
        (zipped(PLAIN), "gzip"),
        (zipped(PLAIN), "GZIP"),
        (zlib.compress(PLAIN), "deflate"),
        (DEFLATED, "deflate"),
        (zipped(zlib.compress(PLAIN)), "deflate, gzip"),
    ],
)
def test_a_body_is_unpacked_as_its_label_says(body: bytes, label: str) -> None:
    """Each coding that the client names is read, and several in their order."""
    read = unpacked(answer(body, label))
    assert (read.content, read.error) == (PLAIN, "")


@pytest.mark.parametrize(
    ("body", "label"),
    [(PLAIN, "gzip"), (zipped(PLAIN)[:-12], "gzip"), (zipped(PLAIN), "deflate"), (PLAIN, "x-unknown")],
)
def test_a_body_that_is_not_what_its_label_says_cannot_be_read(body: bytes, label: str) -> None:
    """Another packing, half of one, and one that no client knows are unreadable."""
    assert unpacked(answer(body, label)).error.startswith(UNREADABLE)


def test_an_empty_body_is_empty_whatever_its_label_says() -> None:
    """Nothing is packed in nothing."""
    assert unpacked(answer(b"", "gzip")).error == ""


@pytest.mark.parametrize("label", ["gzip", "gzip, gzip"])
def test_a_bomb_stays_as_it_came(label: str) -> None:
    """Kind: a target that is hostile. What unpacks to more than a few MiB is not unpacked."""
    bomb = zipped(bytes(64 << 20))
    packed = zipped(bomb) if "," in label else bomb
    read = unpacked(answer(packed, label))
    assert (read.content, read.error) == (packed, "")
