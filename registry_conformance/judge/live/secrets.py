"""Secrets of an environment, taken from where its file says; their values are in no message."""

from __future__ import annotations

import subprocess

from registry_conformance.judge.live.profile import Profile
from registry_conformance.judge.live.profile_base import Secret
from registry_conformance.judge.live.profile_error import ProfileError
from registry_conformance.judge.machine import variable

PATIENCE = 30.0
SHORTEST = 6
"""A secret of fewer characters cannot be kept out of a report, which it could occur in by chance."""


def resolve(profile: Profile, where: str, secret: Secret) -> str:
    """Return a secret that stands at ``where`` in a profile; raise ``ProfileError`` that says how to give it."""
    name = profile.at(where)
    value, source = _taken(profile, name, secret)
    value = value.strip()
    if not value:
        raise ProfileError(f"{name}: {source} is empty")
    if len(value) < SHORTEST or any(not character.isprintable() for character in value):
        raise ProfileError(f"{name}: {source} holds no usable secret: one line of at least {SHORTEST} characters")
    return value


def _taken(profile: Profile, name: str, secret: Secret) -> tuple[str, str]:
    if secret.variable is not None:
        found = variable(secret.variable)
        if found is None:
            raise ProfileError(f"{name}: the environment variable {secret.variable} is not set; set it to the secret")
        return found, f"the environment variable {secret.variable}"
    if secret.file is not None:
        try:
            return profile.next_to(secret.file).read_text(encoding="utf-8"), f"the file {secret.file}"
        except (OSError, UnicodeDecodeError) as problem:
            reason = getattr(problem, "strerror", None) or "it is not UTF-8"
            raise ProfileError(f"{name}: the file {secret.file} cannot be read: {reason}") from None
    assert secret.command is not None, "the profile has exactly one source"
    program = secret.command[0]
    try:
        said = subprocess.run(
            secret.command, capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        reason = getattr(problem, "strerror", None) or f"no answer after {PATIENCE:.0f} s"
        raise ProfileError(f"{name}: the command {program} cannot be run: {reason}") from None
    if said.returncode:
        raise ProfileError(f"{name}: the command {program} ended with exit code {said.returncode}; run it by hand")
    return said.stdout, f"the output of {program}"
