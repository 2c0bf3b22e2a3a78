"""Kind: a secret that leaves by a way that is not the declared one. What a tape holds is found, wherever it is."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection

from registry_conformance.proof.rehearsal.given_away import kept_in_files, shown_by_processes
from registry_conformance.proof.rehearsal.sent_bytes import Search, listened

KEY, STORE = "hk_live_4fQz81LmXwPq77", "store/secret+4fQz81LmXw"
CARRIER = f"Authorization: Bearer {KEY}\r\n"
OTHERS = f"GET /a HTTP/1.1\r\nHost: h\r\nX-API-Key: {KEY}\r\nauthorization: aPiKeY {KEY}\r\n\r\n"
ASKED = f"GET /a HTTP/1.1\r\nHost: h\r\n{CARRIER}\r\n"
SENT = f"PUT /a HTTP/1.1\r\nHost: h\r\n{CARRIER}Content-Length: 4\r\n\r\nbody"
IN_CHUNKS = f"PUT /a HTTP/1.1\r\nHost: h\r\n{CARRIER}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
STRAYS = {
    "query": f"GET /a?api_key={KEY} HTTP/1.1\r\nHost: h\r\n\r\n",
    "another header": f"GET /a HTTP/1.1\r\nHost: h\r\nUser-Agent: x {KEY}\r\n\r\n",
    "the carrier's name in a longer one": f"GET /a HTTP/1.1\r\nHost: h\r\nProxy-{CARRIER}\r\n",
    "another scheme": f"GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Token {KEY}\r\n\r\n",
    "a scheme in the carrier of none": f"GET /a HTTP/1.1\r\nHost: h\r\nX-API-Key: Bearer x{KEY}\r\n\r\n",
    "no scheme": f"GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: {KEY}\r\n\r\n",
    "a scheme that begins late": f"GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: x bearer {KEY}\r\n\r\n",
    "a body": f"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n{CARRIER:50}",
    "a body in chunks": f"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n16\r\n{KEY}\r\n0\r\n\r\n",
    "a request that is cut": ASKED[:-2],
    "a head of bare line ends": ASKED.replace("\r\n", "\n"),
    **{
        f"after a request of {what}": unclear + ASKED
        for what, unclear in {
            "a length that is none": "GET /a HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "two lengths": "GET /a HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
            "a length and chunks": "GET / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "another coding": "GET /a HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
            "chunks without a size": "GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
            "a folded line": "GET /a HTTP/1.1\r\nX: y\r\n z: a\r\n\r\n",
            "a method that is none": "GET\t /a HTTP/1.1\r\n\r\n",
            "a version that is none": "GET /a HTTP/9.9\r\n\r\n",
        }.items()
    },
    "base64": f"GET /a HTTP/1.1\r\nHost: h\r\nX: {base64.b64encode(f'u:{KEY}'.encode()).decode()}\r\n\r\n",
    "percent-encoded": "GET /" + "".join(f"%{ord(each):02X}" for each in KEY) + " HTTP/1.1\r\nHost: h\r\n\r\n",
    "a piece": f"GET /{KEY[3:17]} HTTP/1.1\r\nHost: h\r\n\r\n",
    "the store's secret in the carrier": f"GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {STORE}\r\n\r\n",
    "no HTTP": f"\x16\x03\x01 {KEY}",
}


def taped(folder: Path, *connections: bytes) -> Path:
    """Return the tapes of connections."""
    for number, sent in enumerate(connections):
        (folder / str(number)).write_bytes(sent)
    return folder


CUT = IN_CHUNKS.partition("body")[0]
"""An upload that stops amid its body, in chunks."""


def over_http2(*fields: tuple[str, str]) -> bytes:
    """Return what a client sends that asks by HTTP/2, where headers are compressed."""
    client = H2Connection(H2Configuration())
    client.initiate_connection()
    asked = [(":method", "GET"), (":path", "/a"), (":scheme", "http"), (":authority", "h"), *fields]
    client.send_headers(1, asked, end_stream=True)
    return bytes(client.data_to_send())


def test_a_key_where_it_is_declared_to_be_is_counted(tmp_path: Path) -> None:
    """A key is in its declared carrier on several requests of a connection, and over HTTP/2: no stray, and counted."""
    spoken = over_http2(("authorization", f"Bearer {KEY}"))
    held = listened(taped(tmp_path, (ASKED + SENT + IN_CHUNKS + OTHERS + CUT).encode(), spoken), [KEY], [STORE])

    assert (held.connections, held.declared, held.strays) == (2, 7, ())
    assert held.bytes == len(ASKED + SENT + IN_CHUNKS + OTHERS + CUT) + len(spoken)


@pytest.mark.parametrize("way", STRAYS)
def test_a_secret_that_strays_is_found_and_not_shown(tmp_path: Path, way: str) -> None:
    """A secret anywhere else is found, and what is said of it does not hold it."""
    held = listened(taped(tmp_path, ASKED.encode(), (SENT + STRAYS[way]).encode("latin-1")), [KEY], [STORE])

    assert len(held.strays) == 1
    assert KEY[3:17] not in held.strays[0]


@pytest.mark.parametrize("field", [("x-key", KEY), ("authorization", f"Basic {KEY}"), ("user-agent", f"x/{KEY}")])
def test_a_secret_that_strays_over_http2_is_found(tmp_path: Path, field: tuple[str, str]) -> None:
    """Headers that are compressed are read: a key in another one is found."""
    assert KEY.encode() not in over_http2(field)
    assert listened(taped(tmp_path, over_http2(field)), [KEY], []).strays


def test_processes_and_files_that_show_a_secret_are_found(tmp_path: Path) -> None:
    """A secret on a command line, in an environment, in a file or in a packed one is found; open files are told."""
    search = Search([KEY])
    for arguments, variables, expected in (
        (["-c", "import time; time.sleep(1)", f"--key={KEY}"], {}, "command line"),
        (["-c", "import time; time.sleep(1)"], {"TOKEN": KEY}, "environment"),
    ):
        with subprocess.Popen([sys.executable, *arguments], env=os.environ | variables, text=True) as visit:
            (shown,) = shown_by_processes(visit, search, 60)
        assert f"the {expected} of" in shown
        assert KEY not in shown
    (tmp_path / "page.html").write_text(f"<p>{KEY}</p>")
    (tmp_path / "page.html").chmod(0o644)

    assert [line.partition(" ")[2].partition(" ")[0] for line in kept_in_files(tmp_path, search)] == ["holds", "is"]
