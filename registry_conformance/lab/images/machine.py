"""The machine's build environment: a client with BuildKit, certificate authorities, and package mirrors."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.lab.images.engine import START, EngineError

_PIP = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "no-index")
_GO = ("GOPROXY", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOPRIVATE", "GOINSECURE")
_DEBIAN_CLIENT = "/usr/bin/docker"
_DEBIAN_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
BUILDKIT = ("env", "DOCKER_BUILDKIT=1")
"""What has an older client build with secrets, and a newer one say whether it can."""


def client() -> str:
    """Return a command-line client that supports build secrets; raise ``EngineError`` without it or an engine."""
    found = [path for path in (shutil.which("docker"), shutil.which(_DEBIAN_CLIENT)) if path]
    if not found:
        raise EngineError("docker is not installed: apt-get install docker.io")
    if not any(_answers([path, "version"]) for path in found):
        raise EngineError(f"no Docker engine answers; start it: {START}")
    for path in found:
        if "--secret" in _answers([path, "build", "--help"]):
            return path
    raise EngineError("this docker cannot build with secrets: apt-get install docker-buildx-plugin, or docker.io")


@dataclass(frozen=True, slots=True)
class BuildSecrets:
    """Files that build steps may mount, by id, and that no layer keeps."""

    files: dict[str, Path]

    @classmethod
    def gather(cls, folder: Path) -> BuildSecrets:
        """Write the machine's build settings to ``folder``: certificate authorities, pip's index, Go's proxy."""
        files = {"pip": folder / "pip.conf", "go": folder / "go.env"}
        files["pip"].write_text(_pip())
        files["go"].write_text(_go())
        usual = ssl.get_default_verify_paths()
        places = [_DEBIAN_AUTHORITIES, usual.cafile, usual.openssl_cafile]
        if bundle := next((Path(place) for place in places if place and Path(place).is_file()), None):
            files["ca"] = bundle
        return cls(files)

    def options(self) -> list[str]:
        """Return the build options that provide them."""
        return [option for name, path in self.files.items() for option in ("--secret", f"id={name},src={path}")]


def _pip() -> str:
    lines = ["[global]"]
    for line in _answers([sys.executable, "-m", "pip", "config", "list"]).splitlines():
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in _PIP:
            lines.append(f"{option} = {value.strip(chr(39))}")
    return "\n".join(lines) + "\n"


def _go() -> str:
    go = shutil.which("go")
    if not go:
        return ""
    values = _answers([go, "env", *_GO]).splitlines()
    return "".join(f"{name}={value}\n" for name, value in zip(_GO, values, strict=False) if value)


def _answers(command: list[str]) -> str:
    """Return a command's output, empty if it fails."""
    done = subprocess.run([*BUILDKIT, *command], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
