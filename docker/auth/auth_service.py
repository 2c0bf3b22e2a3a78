"""The reference auth service: answers Envoy's ``ext_authz`` questions.

Run as ``python -m uvicorn auth_service:app --app-dir docker/auth --no-access-log``. Settings come from the
environment (``settings.py``), the policy from ``policy.toml``. Bad settings end the process with one line on stderr.
"""

from __future__ import annotations

import os
import sys

from service import create_app
from settings import Settings, SettingsError

try:
    app = create_app(Settings.read(os.environ))
except SettingsError as problem:
    sys.exit(f"auth service: {problem}")
