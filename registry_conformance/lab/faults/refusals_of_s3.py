"""Error responses of S3, as a link returns them."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Answer

_FORM = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{}</Code><Message>{}</Message><RequestId>17AF0C2D9E5B4A31</RequestId></Error>"
)


def refusal(status: int, code: str, message: str) -> Answer:
    """Return an S3 error response with a status, an error code, and its message."""
    return Answer(status, _FORM.format(code, message), "application/xml")
