"""Whether who asks is told that they may not: by a status, or by being asked to sign in with a browser."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.sign_in import asks_to_sign_in
from registry_conformance.judge.expect import expect_status, require

DENIED = (401, 403)
"""How HTTP says that one may not: who asks is not known, or has no right to."""
NOT_SERVED = (*DENIED, 302, 303, 307)
"""The statuses of whoever is not served, if no more than the status is seen: denied, or sent to sign in."""


def is_denied(exchange: Exchange) -> bool:
    """Return whether who asks is denied: by 401 or 403, or by being asked to sign in with a browser."""
    return not exchange.error and (exchange.status in DENIED or asks_to_sign_in(exchange))


def require_denied(exchange: Exchange) -> Exchange:
    """Return the exchange if who asks is denied; raise ``PreconditionFailed`` otherwise."""
    return replace(exchange, premise=True) if is_denied(exchange) else require(exchange, *DENIED)


def expect_denied(exchange: Exchange) -> Exchange:
    """Expect who asks to be told that they may not; return the exchange.

    That is said by 401 or 403 in whatever form, or as a proxy says it where people sign in with a browser: by a
    redirect to the page for that, or by the page itself.
    """
    return exchange if is_denied(exchange) else expect_status(exchange, *DENIED)


def expect_kept_out(exchange: Exchange) -> Exchange:
    """Expect what is no good credential to be denied, or told to be none; return the exchange."""
    return exchange if is_denied(exchange) else expect_status(exchange, *DENIED, 400, 431)
