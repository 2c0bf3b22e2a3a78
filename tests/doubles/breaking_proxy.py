"""A proxy before a real deployment that passes every request on, and breaks what a test says."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_OF_A_HOP = frozenset({"connection", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as a break looks at it; names of headers are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered in the place of what came, or as it came."""

    status: int
    body: bytes
    headers: Mapping[str, str]


PassOn = Callable[[], Answer]
Break = Callable[[Asked, PassOn], Answer]
"""Returns what the client is answered: what comes of passing the request on, or something else."""


def page(status: int) -> Answer:
    """Return an error page as nginx has them."""
    text = f"<html><head><title>{status}</title></head><body><hr><center>nginx</center></body></html>"
    return Answer(status, text.encode(), {"content-type": "text/html"})


@contextmanager
def breaking_proxy(url: str, breaks: Break) -> Iterator[str]:
    """Yield the address of a proxy before ``url`` that ends with the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(url, breaks))
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{urlsplit(url).path.rstrip('/')}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def _handler(url: str, breaks: Break) -> type[BaseHTTPRequestHandler]:
    place = urlsplit(url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle_one_request(self) -> None:
            """Read a request, pass it on, and answer."""
            self.raw_requestline = self.rfile.readline(65537)
            self.close_connection = True
            if not self.raw_requestline or not self.parse_request():
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, _small(self.headers.items()), body)
            answer = breaks(asked, lambda: self._passed_on(body))
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
            self.wfile.flush()

        def _passed_on(self, body: bytes) -> Answer:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_HOP}
            line = http.client.HTTPConnection(place, timeout=30)
            try:
                line.request(self.command, self.path, body or None, headers)
                met = line.getresponse()
                kept = {name: value for name, value in _small(met.getheaders()).items() if name not in _OF_A_HOP}
                return Answer(met.status, met.read(), kept)
            finally:
                line.close()

    return Handler


def _small(pairs: object) -> dict[str, str]:
    return {name.lower(): value for name, value in pairs}  # type: ignore[attr-defined] # pairs of texts


def with_header(answer: Answer, name: str, value: str) -> Answer:
    """Return an answer with a header more."""
    return replace(answer, headers={**answer.headers, name: value})
