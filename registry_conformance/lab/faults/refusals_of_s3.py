"""What S3 says when it refuses: its own XML, as a link answers it."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Answer

_FORM = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{}</Code><Message>{}</Message><RequestId>17AF0C2D9E5B4A31</RequestId></Error>"
)


def refusal(status: int, code: str, message: str) -> Answer:
    """Return S3's refusal with a status, an error code, and the message that comes with it."""
    return Answer(status, _FORM.format(code, message), "application/xml")
