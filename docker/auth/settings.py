"""What the auth service is told by its environment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from policy import Policy, PolicyError

LONGEST_CACHE = 60.0
"""Seconds for which an answer of the key service may be believed at most, by its contract."""


class SettingsError(ValueError):
    """A setting is missing or malformed; the message names the variable and the remedy."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one auth service.

    ``key_service_url`` has no trailing slash; ``timeout`` and ``cache`` are seconds.
    """

    key_service_url: str
    policy: Policy
    service_id: str = "platform"
    timeout: float = 5.0
    cache: float = 60.0

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Return the settings in ``environment``; raise ``SettingsError`` that names the variable at fault."""
        url = environment.get("AUTH_KEY_SERVICE_URL", "")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise SettingsError("AUTH_KEY_SERVICE_URL must be the http(s) URL of the key service")
        service_id = environment.get("AUTH_SERVICE_ID", "platform")
        if not service_id:
            raise SettingsError("AUTH_SERVICE_ID must not be empty; leave it out for 'platform'")
        policy_file = Path(environment.get("AUTH_POLICY_FILE") or Path(__file__).with_name("policy.toml"))
        try:
            policy = Policy.load(policy_file)
        except PolicyError as problem:
            raise SettingsError(f"AUTH_POLICY_FILE: {problem}") from problem
        return cls(
            key_service_url=url.rstrip("/"),
            policy=policy,
            service_id=service_id,
            timeout=_seconds(environment, "AUTH_TIMEOUT_SECONDS", default=5.0, least=0.01, most=3600.0),
            cache=_seconds(environment, "AUTH_CACHE_SECONDS", default=LONGEST_CACHE, least=0.0, most=LONGEST_CACHE),
        )


def _seconds(environment: Mapping[str, str], name: str, *, default: float, least: float, most: float) -> float:
    text = environment.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise SettingsError(f"{name} must be a number of seconds from {least:g} to {most:g}, not {text!r}")
    return value
