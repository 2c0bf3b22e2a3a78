"""A packed answer is read as a client reads it, within bounds."""

from __future__ import annotations

import gzip
import zlib

import pytest

from registry_conformance.judge.clients.content_coding import UNREADABLE, unpacked
from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.diagnosis.answer_judges import whole
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door
from tests.http_servers import Echo, served


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


LARGE = bytes(range(256)) * 4096


def packing(body: bytes, label: str) -> type[Echo]:
    """Return a server that answers every request with a body and its Content-Encoding, whatever was asked."""

    class Packing(Echo):
        def handle_any(self) -> None:
            self.send_response(200)
            self.send_header("Content-Encoding", label)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Packing


def asked(body: bytes, label: str) -> Exchange:
    """Return what is read of an answer that is packed without being asked for it."""
    with served(packing(body, label)) as url:
        return HttpSender(Door("main", url), None, Evidence(), "run-1").send("GET", "/x")


@pytest.mark.parametrize(("body", "label"), [(zipped(PLAIN), "gzip"), (DEFLATED, "deflate"), (PLAIN, "gzip")])
def test_a_document_is_read_though_nobody_asked_for_its_packing(body: bytes, label: str) -> None:
    """Kind: a proxy that packs JSON for everybody. Clients read it, and what is labelled so and is not packed."""
    read = asked(body, label)
    assert read.json() == {"experiments": []}
    assert read.content == body, "the evidence is what came"


@pytest.mark.parametrize(
    ("body", "label", "value"),
    [
        (zipped(LARGE), "gzip", "200 whole"),
        (zipped(zipped(LARGE)), "gzip, gzip", "200 whole"),
        (zipped(LARGE[1:]), "gzip", "200 short"),
        (zipped(LARGE)[:-20], "gzip", "200 unreadable"),
        (LARGE, "gzip", "200 called gzip"),
    ],
)
def test_a_download_is_judged_as_a_client_keeps_it(body: bytes, label: str, value: str) -> None:
    """Beyond what is kept of a body, too: it is unpacked as it comes."""
    assert whole(LARGE)(asked(body, label)) == value


def test_an_upload_that_is_answered_with_nothing_packed_is_answered() -> None:
    """Kind: a proxy that packs everything, even nothing. It is the same answer to a client."""
    assert asked(zipped(b""), "gzip").plain_body.size == 0
