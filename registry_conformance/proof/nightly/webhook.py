"""Notifies a webhook of changes with a small JSON body."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from registry_conformance.judge.report.redact import SHORTEST, Redactor

TRIES = 5
PATIENCE = 10.0
UNTOLD = "could not be told"
_LONGEST_WAIT = 60.0


def tell(url: str, body: dict[str, Any], wait: Callable[[float], None] = time.sleep) -> str:
    """Send the body and return the result in words without the URL; never raises.

    Timeouts, 429 and 5xx are retried, up to five times in all, after 1, 2, 4 and 8 s or ``Retry-After``.
    """
    problem = ""
    for turn in range(TRIES):
        pause = 2.0**turn
        try:
            answer = httpx.post(url, json=body, timeout=PATIENCE, follow_redirects=False, trust_env=False)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failed:
            problem = f"{type(failed).__name__}: {failed}"
            if not isinstance(failed, httpx.TransportError) or isinstance(failed, httpx.UnsupportedProtocol):
                break
        else:
            if answer.is_success:
                return f"told after {turn + 1} tries" if turn else "told"
            problem = f"it answered {answer.status_code}"
            if answer.status_code != 429 and answer.status_code < 500:
                break
            asked = answer.headers.get("retry-after", "")
            pause = min(float(asked), _LONGEST_WAIT) if asked.isdigit() else pause
        if turn < TRIES - 1:
            wait(pause)
    hidden = Redactor([url] if len(url) >= SHORTEST else [])
    return f"{UNTOLD}: {hidden.text(problem)}"
