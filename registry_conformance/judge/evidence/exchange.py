"""One HTTP exchange as evidence: request, response, and durations."""

from __future__ import annotations

import hashlib
import http.client
import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from registry_conformance.judge.evidence.items import BodyItem, ExchangeItem
from registry_conformance.judge.evidence.json_document import checked_types, parsed
from registry_conformance.judge.evidence.responder import who_answered
from registry_conformance.judge.mismatch import Mismatch, PreconditionFailed
from registry_conformance.judge.visible import visible

KEPT_BYTES = 256 * 1024
SHOWN_BYTES = 2 * 1024
_LONGEST_URL = 300
_LONGEST_ERROR = 200
_MASKED_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "cookie", "set-cookie"})
_MASKED_QUERY = re.compile(
    r"((?:X-Amz-(?:Signature|Credential|Security-Token)|api[_-]?key|apikey|key|token|access_token)=)[^&\"'\s\\]+",
    re.IGNORECASE,
)
PHASES = ("connect", "send", "wait", "receive")
"""What an exchange does, in order."""
_TEXTUAL = ("json", "text", "xml", "html", "yaml", "graphql")


class Digest:
    """Size and sha256 of a byte stream, with its first 256 KiB, in constant memory."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.size = 0
        self._head = bytearray()

    def update(self, chunk: bytes) -> None:
        """Add the next bytes."""
        self._sha256.update(chunk)
        self.size += len(chunk)
        if len(self._head) < KEPT_BYTES:
            self._head += chunk[: KEPT_BYTES - len(self._head)]

    def body(self) -> Body:
        """Return what has passed so far."""
        return Body(self.size, self._sha256.hexdigest(), bytes(self._head))


@dataclass(frozen=True, slots=True)
class Body:
    """A body by ``size`` in bytes and ``sha256`` (empty if it was only streamed through), and its first 256 KiB."""

    size: int
    sha256: str
    head: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, chunks: Iterable[bytes]) -> Body:
        """Digest ``chunks`` in constant memory."""
        digest = Digest()
        for chunk in chunks:
            digest.update(chunk)
        return digest.body()


NO_BODY = Body.of(())


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it.

    ``status`` is ``None`` if no answer came, and then ``error`` starts with ``refused``, ``timeout``, ``tls``,
    ``name``, ``reset`` or ``protocol``. ``error`` may also stand beside a status whose body was cut. ``seconds``
    covers connecting to the last byte, from ``started`` on, in seconds since the epoch; ``moments`` are the seconds
    after which it was connected, sent and first answered, as far as it came and was watched. ``premise`` is whether a
    check only stands on it, ``unpacked_body`` what a client makes of a packed one, ``unsent`` that no connection came.
    """

    method: str
    url: str
    door: str
    status: int | None
    request_headers: tuple[tuple[str, str], ...] = ()
    request_body: Body = NO_BODY
    response_headers: tuple[tuple[str, str], ...] = ()
    response_body: Body = NO_BODY
    seconds: float = 0.0
    error: str = ""
    started: float = 0.0
    moments: tuple[float, ...] = ()
    premise: bool = False
    unpacked_body: Body | None = None
    unsent: bool = False

    @property
    def ok(self) -> bool:
        """Whether the response is a complete 2xx."""
        return self.status is not None and 200 <= self.status < 300 and not self.error

    @property
    def refused(self) -> bool:
        """Whether the response is a deliberate rejection, 4xx."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def broke(self) -> bool:
        """Whether it failed: 5xx, or no complete response."""
        return self.status is None or self.status >= 500 or bool(self.error)

    @property
    def content(self) -> bytes:
        """The first 256 KiB of the response body."""
        return self.response_body.head

    @property
    def plain_body(self) -> Body:
        """The body as clients read it: unpacked, asked for or not (RFC 9110, 12.5.3), if it is packed as labelled."""
        return self.unpacked_body or self.response_body

    @property
    def text(self) -> str:
        """The content as a client reads it, as text, with invalid UTF-8 replaced."""
        return self.plain_body.head.decode("utf-8", "replace")

    @property
    def content_type(self) -> str:
        """The response's media type in lower case, without parameters."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str:
        """The request id in the response, empty if there is none."""
        return self.header("x-request-id")

    @property
    def error_code(self) -> str:
        """The error code in MLflow's error form, empty if the response has another form."""
        document = self.json()
        return str(document.get("error_code", "")) if isinstance(document, dict) else ""

    def header(self, name: str) -> str:
        """Return the first response header of that name, empty if there is none."""
        return next((value for known, value in self.response_headers if known.lower() == name.lower()), "")

    @property
    def allowed(self) -> frozenset[str]:
        """The methods in Allow, as a set because their order has no meaning (RFC 9110, section 10.2.1)."""
        lists = [value for name, value in self.response_headers if name.lower() == "allow"]
        return frozenset(method.strip() for value in lists for method in value.split(",")) - {""}

    def json(self) -> Any:
        """Return the response body as JSON, ``None`` if it is not JSON or too large to keep."""
        try:
            return parsed(self.plain_body.head)
        except ValueError:
            return None

    @property
    def _shown_type(self) -> str:
        """The media type by which the body is shown: a refusal that is a document is, whatever it is called."""
        refused = self.status is not None and self.status >= 400
        return "application/json" if refused and isinstance(self.json(), dict) else self.content_type

    def at(self, *path: str | int) -> Any:
        """Return the value at a path of field names and indexes in the JSON body, ``None`` if there is none."""
        found = self.json()
        for step in path:
            if isinstance(step, str) and isinstance(found, dict):
                found = found.get(step)
            elif isinstance(step, int) and isinstance(found, list) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    @property
    def document(self) -> Any:
        """The response body as a JSON object; a missing field is reported by its name.

        Raises ``Mismatch`` if it is none, ``PreconditionFailed`` if the exchange is only a premise of the check.
        """
        found, breach = self.json(), PreconditionFailed if self.premise else Mismatch
        if self.response_body.size > len(self.content):
            raise breach(f"a JSON answer of at most {KEPT_BYTES} bytes, which is what this suite reads", str(self))
        if not isinstance(found, dict):
            raise breach("an answer that is a JSON object", f"{self}: {' '.join(self.text.split())[:200]!r}")
        try:
            return checked_types(found, str(self), breach)
        except RecursionError:
            raise breach("a JSON answer that a reader can follow", f"{self}: hundreds of levels deep") from None

    def __str__(self) -> str:
        request = f"{self.method} {_clipped(masked(self.url))}"
        took = f"in {self.seconds * 1000:.0f} ms"
        who = who_answered(self.status, self.response_headers, self.text)
        hint = f" (who answered: {who})" if who not in ("", "unknown") else ""
        if self.status is None:
            return visible(f"{request} → {self.error} {took}{hint}")
        body = f"{self.content_type[:100] or 'no content type'} {self.response_body.size} B"
        error = f" [{self.error}]" if self.error else ""
        return visible(f"{request} → {self.status} {body} {took}{hint}{error}")

    def evidence(self) -> ExchangeItem:
        """Return the exchange as JSON-able evidence: credentials masked, text bodies cut at 2 KiB."""
        item: ExchangeItem = {
            "kind": "exchange",
            "method": self.method,
            "url": masked(self.url),
            "door": self.door,
            "status": self.status,
            "request_headers": _shown_headers(self.request_headers),
            "request_body": _shown_body(self.request_body, _media_type(self.request_headers)),
            "response_headers": _shown_headers(self.response_headers),
            "response_body": _shown_body(self.response_body, self._shown_type),
            "started": round(self.started, 6),
            "seconds": round(self.seconds, 6),
            "timings": _timings(self.moments, self.seconds),
            "request_id": self.request_id,
        }
        if self.error:
            item["error"] = self.error
        return item


def transport_error(problem: BaseException) -> str:
    """Name a transport error (refused, timeout, tls, name, reset or protocol), with its original text."""
    kinds: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
        ("refused", (ConnectionRefusedError,)),
        ("timeout", (TimeoutError,)),
        ("tls", (ssl.SSLError, ssl.CertificateError)),
        ("name", (socket.gaierror,)),
        ("reset", (ConnectionError, http.client.IncompleteRead)),
    )
    kind = next((name for name, classes in kinds if isinstance(problem, classes)), "protocol")
    said = visible(" ".join(str(problem).split()))
    return f"{kind}: {said[:_LONGEST_ERROR] or type(problem).__name__}"


def masked(text: str) -> str:
    """Return ``text`` with credentials in URLs replaced by asterisks."""
    return _MASKED_QUERY.sub(r"\1***", text)


def _clipped(url: str) -> str:
    """Return a URL for a sentence: of a very long one the beginning, and its length."""
    return url if len(url) <= _LONGEST_URL else f"{url[:_LONGEST_URL]}... ({len(url)} characters)"


def _timings(moments: tuple[float, ...], seconds: float) -> dict[str, float]:
    """Return phase -> seconds, for each measured phase; the last one extends to the end of the exchange."""
    ends = (*moments, seconds) if moments else ()
    begins = (0.0, *ends)
    return {phase: round(end - begin, 6) for phase, begin, end in zip(PHASES, begins, ends, strict=False)}


def _media_type(headers: tuple[tuple[str, str], ...]) -> str:
    return next((value.lower() for name, value in headers if name.lower() == "content-type"), "")


def _shown_headers(headers: tuple[tuple[str, str], ...]) -> list[list[str]]:
    return [
        [name, _masked_credential(value) if name.lower() in _MASKED_HEADERS else masked(value)]
        for name, value in headers
    ]


def _masked_credential(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} ***" if space else "***"


def _shown_body(body: Body, media_type: str) -> BodyItem:
    shown: BodyItem = {"size": body.size, "sha256": body.sha256}
    if body.head and any(form in media_type for form in _TEXTUAL):
        shown["text"] = masked(body.head[:SHOWN_BYTES].decode("utf-8", "replace"))
    return shown
