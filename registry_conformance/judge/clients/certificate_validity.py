"""Serial number, period of validity and issuer of a certificate, whether anybody vouches for it or not.

Python tells them of certificates that it verified alone, and the doctor has to do without other libraries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_INTEGER, _VERSION, _UTC_TIME = 0x02, 0xA0, 0x17
"""Tags of DER (X.690): the version of a certificate is tagged by its place (RFC 5280, section 4.1)."""
_LONG, _WIDE = 0x80, 0x1E
_COMMON_NAME, _ORGANIZATION = b"\x55\x04\x03", b"\x55\x04\x0a"


@dataclass(frozen=True, slots=True)
class Validity:
    """A certificate's serial number, in hexadecimal, and the moments between which it is valid."""

    serial: str
    begins: datetime
    ends: datetime

    def __str__(self) -> str:
        """Tell the end and the serial number, of which the beginning is enough to find it."""
        short = self.serial if len(self.serial) <= 16 else f"{self.serial[:16]}..."
        return f"until {self.ends:%Y-%m-%d %H:%M} UTC, serial {short}"


def validity_of(certificate: bytes) -> Validity | None:
    """Return what a certificate in DER says of itself, ``None`` for what is none."""
    try:
        tag, value, rest = _serial_number(certificate)
        if tag != _INTEGER:
            return None
        _, _, rest = _element(rest)  # the algorithm of the signature
        _, _, rest = _element(rest)  # the issuer
        _, period, _ = _element(rest)
        first, begins, rest = _element(period)
        last, ends, _ = _element(rest)
        return Validity(f"{int.from_bytes(value):x}", _moment(first, begins), _moment(last, ends))
    except (ValueError, IndexError):
        return None


def issuer_of(certificate: bytes) -> str:
    """Return the name of who issued a certificate in DER, or else its organisation; empty if it has neither."""
    try:
        _, _, rest = _serial_number(certificate)
        _, _, rest = _element(rest)  # the algorithm of the signature
        _, names, _ = _element(rest)
        found = dict(_names_in(names))
    except (ValueError, IndexError):
        return ""
    name = found.get(_COMMON_NAME) or found.get(_ORGANIZATION) or ""
    return "".join(letter for letter in name if letter.isprintable())[:100]


def _serial_number(certificate: bytes) -> tuple[int, bytes, bytes]:
    """Return tag and value of what stands in the place of the serial number, and what follows it."""
    _, whole, _ = _element(certificate)
    _, signed, _ = _element(whole)
    tag, value, rest = _element(signed)
    return _element(rest) if tag == _VERSION else (tag, value, rest)


def _names_in(names: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield the parts of a name, each with the identifier of what it is (RFC 5280, section 4.1.2.4)."""
    while names:
        _, each, names = _element(names)
        _, pair, _ = _element(each)
        _, identifier, rest = _element(pair)
        tag, value, _ = _element(rest)
        yield identifier, value.decode("utf-16-be" if tag == _WIDE else "utf-8", "replace")


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Return the first element of DER: its tag and content, and what follows it."""
    tag, size, start = data[0], data[1], 2
    if size & _LONG:
        start += size & ~_LONG
        size = int.from_bytes(data[2:start])
    if len(data) < start + size:
        raise ValueError("the data ends early")
    return tag, data[start : start + size], data[start + size :]


def _moment(tag: int, said: bytes) -> datetime:
    """Return a moment; of a year in two digits those from 50 on are of the last century (RFC 5280)."""
    text = said.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
