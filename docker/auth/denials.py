"""Denials: why a request may not pass, and the answer that says so in MLflow's error form."""

from __future__ import annotations

from starlette.responses import JSONResponse

RETRY_SECONDS = 5
"""What a client is told to wait if nobody knows better."""


class Denial(Exception):  # noqa: N818 - a denial is an answer, not an error
    """A request that may not pass: status, MLflow error code, message for the client, reason for the log."""

    def __init__(
        self, status: int, error_code: str, message: str, *, reason: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.reason = reason
        self.headers = headers or {}

    def response(self) -> JSONResponse:
        """Return the answer to the client."""
        body = {"error_code": self.error_code, "message": str(self)}
        return JSONResponse(body, status_code=self.status, headers=self.headers)


def unauthenticated(message: str, *, reason: str, presented: bool) -> Denial:
    """Return the 401: ``presented`` is whether a key was sent at all (RFC 6750, section 3.1)."""
    challenge = 'Bearer realm="mlflow"' + (', error="invalid_token"' if presented else "")
    return Denial(401, "UNAUTHENTICATED", message, reason=reason, headers={"WWW-Authenticate": challenge})


def invalid_key(reason: str) -> Denial:
    """Return the 401 for a key that the key service does not accept, the same whatever is wrong with it."""
    return unauthenticated("The API key is not valid.", reason=reason, presented=True)


def forbidden(right: str) -> Denial:
    """Return the 403 that names the missing right."""
    message = f"The API key is valid but lacks the right '{right}' that this request needs."
    return Denial(403, "PERMISSION_DENIED", message, reason=f"lacks {right}")


def throttled(retry_after: str | None) -> Denial:
    """Return the 429; ``retry_after`` is what the key service said, used if it is a number of seconds."""
    seconds = retry_after if retry_after and retry_after.isascii() and retry_after.isdigit() else str(RETRY_SECONDS)
    message = "Too many requests for this API key."
    return Denial(
        429, "REQUEST_LIMIT_EXCEEDED", message, reason="key service throttles", headers={"Retry-After": seconds}
    )


def unavailable(reason: str) -> Denial:
    """Return the 503 for a key service that is down, slow or talking nonsense: never the caller's fault."""
    message = "The API key cannot be checked now; try again."
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return Denial(503, "TEMPORARILY_UNAVAILABLE", message, reason=reason, headers=headers)
