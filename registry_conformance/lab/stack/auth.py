"""The auth service and the key service behind it; both stacks run the same source."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from registry_conformance.judge.locations import DOCKER
from registry_conformance.lab.deployment import ROLES, Deployment
from registry_conformance.lab.stack import shipped
from registry_conformance.lab.stack.links import url_to
from registry_conformance.lab.stack.part import ProgramPart
from registry_conformance.lab.stack.request import KEY_STATES, SERVICES

SOURCE = DOCKER / "auth"
RECORD = "asked.jsonl"


class _Service(ProgramPart):
    """An ASGI app of ``docker/auth`` under uvicorn."""

    program = "auth"
    app: str
    source: Path | None = None
    """The folder of its source if that is not the shipped one."""

    async def serve(self, variables: Mapping[str, str]) -> None:
        """Start the app with these settings."""
        host, port = self.layout.addresses[self.name]
        place = ["--app-dir", str(self.source)] if self.source else []  # of two, the last one counts
        await self.launch([self.app, "--host", host, "--port", str(port), *place], variables)

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the service answers."""
        del deployment
        return (await self.layout.http.get(self.layout.url(self.name) + "/healthz")).status_code == 200

    def installed(self) -> str:
        """Return a digest of the source, which has no version of its own."""
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCE.glob("*.*"))))
        return f"source {digest.hexdigest()[:12]}"


class AuthServicePart(_Service):
    """The auth service: called by Envoy's ``ext_authz``, it calls the key service."""

    name = "auth"
    app = "auth_service:app"

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the auth service's own value, its files, and how it reaches the key service."""
        return deployment.auth, shipped.of_folder(deployment, "auth"), "keys" in deployment.links.in_place

    async def up(self, deployment: Deployment) -> None:
        """Start the service, unless the deployment has it down."""
        if deployment.auth.up:
            await super().up(deployment)

    async def start(self, deployment: Deployment) -> None:
        """Start the auth service."""
        auth = deployment.auth
        workdir = self.layout.workdir(self.name)
        others = shipped.changed(deployment, "auth")
        policy = workdir / "policy.toml"
        _replace(policy, others.get("policy.toml") or policy_text(auth.policy))
        self.source = shipped.copy_with("auth", others, workdir) if others else None
        await self.serve(
            {
                "AUTH_POLICY_FILE": str(policy),
                "AUTH_KEY_SERVICE_URL": url_to(self.layout, deployment.links, "keys"),
                "AUTH_SERVICE_ID": auth.service_id,
                "AUTH_TIMEOUT_SECONDS": str(auth.timeout),
                "AUTH_CACHE_SECONDS": str(auth.cache),
            }
        )


class KeyServicePart(_Service):
    """The stand-in for the platform's key service."""

    name = "keys"
    app = "key_service:app"

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the key service's own value."""
        return deployment.keys

    async def start(self, deployment: Deployment) -> None:
        """Write the keys file and start the key service."""
        self._write(deployment)
        workdir = self.layout.workdir(self.name)
        await self.serve(
            {"KEY_SERVICE_KEYS_FILE": str(workdir / "keys.json"), "KEY_SERVICE_RECORD_FILE": str(workdir / RECORD)}
        )

    async def up(self, deployment: Deployment) -> None:
        """Start the service, unless the deployment has it down."""
        if deployment.keys.up:
            await super().up(deployment)

    async def apply(self, deployment: Deployment) -> None:
        """Rewrite its key file; start or stop it only if that changed."""
        if not deployment.keys.up:
            await self.down()
        elif self.is_alive():
            self._write(deployment)
        else:
            await self.up(deployment)

    def _write(self, deployment: Deployment) -> None:
        answer = asdict(deployment.keys.answer) if deployment.keys.answer else None
        keys = {
            hashlib.sha256(key.encode()).hexdigest(): _entry(name, deployment) for name, key in self.layout.keys.items()
        }
        _replace(self.layout.workdir(self.name) / "keys.json", json.dumps({"keys": keys, "answer": answer}))


def policy_text(other: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """Return the auth service's policy file (TOML) with other doors, open paths or role permissions.

    Without a change it is the shipped file; settings that are not changed are kept.
    """
    shipped = (SOURCE / "policy.toml").read_text(encoding="utf-8")
    if not other:
        return shipped
    policy = tomllib.loads(shipped)
    for entry, values in other:
        place, name = (policy["roles"][entry], "rights") if entry in policy["roles"] else (policy, entry)
        place[name] = list(values)
    return "\n".join(_toml(policy)) + "\n"


def _toml(table: Mapping[str, Any], name: str = "") -> Iterator[str]:
    """Yield the lines of a table as TOML: its plain entries, then its tables."""
    yield from (f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict))
    for key, inner in table.items():
        if isinstance(inner, dict):
            yield f"[{name}{key}]"
            yield from _toml(inner, f"{name}{key}.")


def _entry(name: str, deployment: Deployment) -> dict[str, object]:
    """Return the description of a key; a name that is not a role stands for an invalid key of a writer."""
    keys = deployment.keys
    state = name if name in KEY_STATES else "active"
    if name in keys.revoked:
        state = "revoked"
    return {
        "key_id": f"key-{name}",
        "user_id": f"user-{name}",
        "service_id": "platform" if name in keys.believed else SERVICES.get(name, "platform"),
        "scopes": list(ROLES.get(name, ROLES["writer"])),
        "rate_limit_per_hour": 100_000,
        "state": "active" if state in keys.believed else state,
    }


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
