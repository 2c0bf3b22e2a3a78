"""The real parts under test, as processes of ours on free loopback ports."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from registry_conformance.lab.deployment import ROLES, Proxy
from registry_conformance.lab.stack import envoy
from registry_conformance.lab.stack.process import free_ports

ROOT = Path(__file__).resolve().parents[1]
AUTH = ROOT / "docker" / "auth"
sys.path.append(str(AUTH))  # its modules are run from their folder, as in the image
KEYS = {name: f"key-of-{name}-51c9" for name in (*ROLES, "expired", "revoked", "throttled", "other")}


@contextmanager
def running(command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run a process, its output in ``log``, yield its id, and end it by that id."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})}
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def uvicorn(app: str, folder: Path, port: int) -> list[str]:
    """Return the command that serves an ASGI app of ``folder``."""
    served = ["-m", "uvicorn", app, "--app-dir", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, *served, "--no-access-log", "--log-level", "warning"]


def until_ok(url: str, log: Path, seconds: float = 30) -> None:
    """Return when ``url`` answers below 500; fail with the log's tail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, trust_env=False, timeout=5).status_code < 500:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer; its log ends:\n{log.read_text()[-2000:]}")


def keys_document(answer: dict[str, Any] | None = None) -> str:
    """Return a keys file with ``KEYS`` in it; ``answer`` overrides every answer."""
    keys = {}
    for name, key in KEYS.items():
        keys[hashlib.sha256(key.encode()).hexdigest()] = {
            "key_id": f"id-{name}",
            "user_id": f"user-{name}",
            "service_id": "another-service" if name == "other" else "platform",
            "scopes": list(ROLES.get(name, ROLES["writer"])),
            "rate_limit_per_hour": 1000,
            "state": name if name in ("expired", "revoked", "throttled") else "active",
        }
    return json.dumps({"keys": keys, "answer": answer})


def replace(path: Path, text: str) -> None:
    """Write ``path`` by rename."""
    part = path.with_name(f".{path.name}.new")
    part.write_text(text)
    part.replace(path)


@dataclass
class Parts:
    """Proxy, auth service, key service and echo origin, running."""

    folder: Path
    ports: dict[str, int]
    versions: Iterator[int]
    pids: dict[str, int] = field(default_factory=dict)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=20))

    def url(self, part: str) -> str:
        """Return a part's base URL."""
        return f"http://127.0.0.1:{self.ports[part]}"

    def answer(self, **fixed: Any) -> None:
        """Have the key service answer every question alike; nothing given: by its keys again."""
        defaults = {"status": 200, "body": "", "content_type": "application/json", "headers": [], "delay": 0}
        replace(self.folder / "keys.json", keys_document({**defaults, **fixed} if fixed else None))

    def write(self, value: Proxy, **addresses: int) -> str:
        """Write the proxy's configuration, with other ports where given; return its version."""
        ports = self.ports | addresses
        version = f"v{next(self.versions)}"
        envoy.write_config(
            self.folder / "envoy",
            value,
            listen=("127.0.0.1", ports["proxy"]),
            listen_tls=("127.0.0.1", ports["proxy-tls"]),
            admin=("127.0.0.1", ports["admin"]),
            mlflow=("127.0.0.1", ports["origin"]),
            auth=("127.0.0.1", ports["auth"]),
            version=version,
        )
        return version

    def until_in_force(self, version: str, seconds: float = 10) -> None:
        """Return when Envoy works by ``version``."""
        deadline = time.monotonic() + seconds
        stats: dict[str, Any] = {}
        while time.monotonic() < deadline:
            try:
                stats = self.http.get(self.url("admin") + envoy.ADMIN_PATH).json()
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            if envoy.in_force(stats, version):
                return
            time.sleep(0.005)
        raise AssertionError(f"{version} is not in force: {stats}\n{self.log('envoy')[-2000:]}")

    @contextmanager
    def configured(self, value: Proxy = Proxy(), **addresses: int) -> Iterator[None]:  # noqa: B008 - frozen
        """Run with another configuration, then with the reference again."""
        self.until_in_force(self.write(value, **addresses))
        try:
            yield
        finally:
            self.until_in_force(self.write(Proxy()))

    def log(self, part: str) -> str:
        """Return what a part has written."""
        return (self.folder / f"{part}.log").read_text()


@contextmanager
def parts_running(folder: Path) -> Iterator[Parts]:
    """Start all parts, yield them when they answer, end them."""
    names = ("proxy", "proxy-tls", "admin", "auth", "keys", "origin", "nobody")
    parts = Parts(folder, dict(zip(names, free_ports(len(names)), strict=True)), iter(range(1, 10_000)))
    parts.answer()
    version = parts.write(Proxy())
    auth = {"AUTH_KEY_SERVICE_URL": parts.url("keys"), "AUTH_TIMEOUT_SECONDS": "0.5", "AUTH_CACHE_SECONDS": "0"}
    keys = {"KEY_SERVICE_KEYS_FILE": f"{folder}/keys.json", "KEY_SERVICE_RECORD_FILE": f"{folder}/record.jsonl"}
    with ExitStack() as stack, parts.http:
        for name, command, environment in (
            ("origin", uvicorn("echo_origin:app", ROOT / "tests", parts.ports["origin"]), {}),
            ("keys", uvicorn("key_service:app", AUTH, parts.ports["keys"]), keys),
            ("auth", uvicorn("auth_service:app", AUTH, parts.ports["auth"]), auth),
            ("envoy", [*envoy.program(), "-c", str(folder / "envoy" / "envoy.yaml")], {}),
        ):
            parts.pids[name] = stack.enter_context(running(command, folder / f"{name}.log", environment))
        for name, path in (("origin", "/seen"), ("keys", "/healthz"), ("auth", "/healthz")):
            until_ok(parts.url(name) + path, folder / f"{name}.log")
        parts.until_in_force(version)
        yield parts
