"""Whether a response denies access: by status, or by asking for a browser sign-in."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.sign_in import asks_to_sign_in
from registry_conformance.judge.expect import expect_status, require

DENIED = (401, 403)
"""The statuses for denied access: not authenticated, or not authorized."""
NOT_SERVED = (*DENIED, 302, 303, 307)
"""The statuses that mean no access if only the status is known: denied, or redirected to a sign-in page."""


def is_denied(exchange: Exchange) -> bool:
    """Return whether a response denies access: 401, 403, or a browser sign-in."""
    return not exchange.error and (exchange.status in DENIED or asks_to_sign_in(exchange))


def require_denied(exchange: Exchange) -> Exchange:
    """Return the exchange if access is denied; raise ``PreconditionFailed`` otherwise."""
    return replace(exchange, premise=True) if is_denied(exchange) else require(exchange, *DENIED)


def expect_denied(exchange: Exchange) -> Exchange:
    """Expect access to be denied; return the exchange.

    That is 401 or 403 in any form, or, from a proxy for browser sign-in, a redirect to the sign-in page or the page
    itself.
    """
    return exchange if is_denied(exchange) else expect_status(exchange, *DENIED)


def expect_kept_out(exchange: Exchange) -> Exchange:
    """Expect an invalid credential to be denied, or reported as malformed; return the exchange."""
    return exchange if is_denied(exchange) else expect_status(exchange, *DENIED, 400, 431)
