"""The JSON form of evidence: one type a kind, distinguished by ``kind``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

Headers = Sequence[Sequence[str]]
"""Name and value of each header, in the order in which they stood."""

HopItem = TypedDict(
    "HopItem",
    {"part": str, "from": Literal["log", "link"], "status": int | None, "ms": float | None, "told": Any},
)
"""What a part wrote down of an exchange, in its log or on its link; ``ms`` is how long it took there."""


class BodyItem(TypedDict):
    """A body: its size in bytes, the sha256 of all of it in hex, and its beginning if it is text."""

    size: int
    sha256: str
    text: NotRequired[str]


class ExchangeItem(TypedDict):
    """A request and its response; ``status`` is ``None`` without a response, with the reason in ``error``.

    ``started`` is in seconds since the epoch, 0 if not measured; ``timings`` maps phases to seconds.
    """

    kind: Literal["exchange"]
    method: str
    url: str
    door: str
    status: int | None
    request_headers: Headers
    request_body: BodyItem
    response_headers: Headers
    response_body: BodyItem
    started: float
    seconds: float
    timings: Mapping[str, float]
    request_id: str | None
    error: NotRequired[str | None]
    hops: NotRequired[Sequence[HopItem]]


class StepItem(TypedDict):
    """A step of a flow, and when it ended, in seconds since the epoch."""

    name: str
    finished: float


class FlowItem(TypedDict):
    """The exchanges of one operation; ``left_out`` counts further ones.

    ``problem`` is why it ended early, empty if it did not.
    """

    kind: Literal["flow"]
    name: str
    problem: str
    steps: Sequence[StepItem]
    exchanges: Sequence[ExchangeItem]
    left_out: int


class ObjectItem(TypedDict):
    """An object in the bucket: key, size in bytes, and sha256 in hex."""

    kind: Literal["object"]
    key: str
    size: int
    sha256: str


class LogItem(TypedDict):
    """Lines of a part's log."""

    kind: Literal["log"]
    part: str
    lines: Sequence[str]


class NoteItem(TypedDict):
    """A sentence."""

    kind: Literal["note"]
    text: str


EvidenceItem = ExchangeItem | FlowItem | ObjectItem | LogItem | NoteItem
