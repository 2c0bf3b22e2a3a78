"""An environment of which no more is known than an address, and the user's own API key."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import ValidationError

from registry_conformance.judge.live.profile import Profile
from registry_conformance.judge.live.reader import ProfileError

_LIKE = "a tracking URI, as https://HOST/api/mlflow"
KEY = "MLFLOW_TRACKING_TOKEN"
"""The variable that holds the key: the MLflow client takes it from there too."""


def profile_at(url: str, *, with_key: bool) -> Profile:
    """Return what can be judged of a tracking URI: all but what needs a look behind it; raise ``ProfileError``.

    Without a key the deployment is taken to be open, as its user takes it.
    """
    known = {
        "description": f"given by its address, {url}",
        "access": "sandboxed",
        "doors": {"canonical": {"url": url, "policy": "guarded" if with_key else "open"}},
        "keys": {"writer": {"variable": KEY}} if with_key else {},
    }
    try:
        return Profile.model_validate(known)
    except ValidationError as problem:
        reason = str(problem.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        raise ProfileError(f"--url={_shown(url)}: is {reason}; give {_LIKE}") from None


def name_of(url: str) -> str:
    """Return a short name for what is judged at a URL, fit for a folder."""
    parts = urlsplit(url)
    try:
        port = f"-{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or 'address'}{port}".replace(":", "-")


def _shown(url: str) -> str:
    """Return a URL without what may be secret in it."""
    return urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2], query="", fragment="").geturl()
