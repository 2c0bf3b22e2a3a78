"""A stand-in for the platform's key service: its contract, keys from a file, a record of what it was asked.

Run as ``python -m uvicorn key_service:app --app-dir docker/auth``.

``KEY_SERVICE_KEYS_FILE`` is JSON, read again when it changes: ``{"keys": {SHA256_HEX: {"key_id", "user_id",
"service_id", "scopes", "rate_limit_per_hour", "state"}}, "answer": null}``. ``state`` is active, expired, revoked or
throttled; ``answer`` (``status``, ``body``, ``content_type``, ``headers``, ``delay`` in seconds) overrides every one.
``KEY_SERVICE_RECORD_FILE`` gets one JSON line a question.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from key_app import create_app
from key_store import StoreError


def _file(name: str) -> Path:
    if not os.environ.get(name):
        sys.exit(f"key service: {name} must name a file")
    return Path(os.environ[name])


try:
    app = create_app(_file("KEY_SERVICE_KEYS_FILE"), _file("KEY_SERVICE_RECORD_FILE"))
except StoreError as problem:
    sys.exit(f"key service: {problem}")
