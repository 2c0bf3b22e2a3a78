"""The identity provider as a part of a stack, and the command that gets a token from it."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable
from importlib.metadata import version
from pathlib import Path

import httpx
from joserfc.jwk import RSAKey

from registry_conformance.judge.machine import python
from registry_conformance.judge.target.credential import CommandToken
from registry_conformance.judge.waiting import awaited_beside_others
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.part import PartError, ProgramPart
from registry_conformance.lab.stack.request import PATIENCE

NAME = "identity"
CLIENT = "mlflow"
_PAUSE = 0.05
MODULE = "registry_conformance.lab.stack.identity"


class IdentityPart(ProgramPart):
    """An OpenID Connect provider that issues tokens to one client.

    Its clock is ``skew`` seconds ahead; a token lasts ``lasts`` seconds.
    """

    name = program = NAME

    def __init__(self, layout: Layout, skew: int = 0, lasts: int = 3600) -> None:
        super().__init__(layout)
        self.skew, self.lasts = skew, lasts

    def spec(self, deployment: Deployment) -> Hashable:
        """Return clock skew and token lifetime, which no deployment changes."""
        del deployment
        return self.skew, self.lasts

    async def start(self, deployment: Deployment) -> None:
        """Start the provider."""
        del deployment
        host, port = self.layout.addresses[self.name]
        place = ["--host", host, "--port", str(port), "--client", CLIENT]
        place += ["--skew", str(self.skew), "--seconds", str(self.lasts)]
        await self.launch(["serve", *place, "--secret-file", str(secret_file(self.layout))], {})

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the provider serves its discovery document."""
        del deployment
        return await _answers(self.layout)

    def installed(self) -> str:
        """Return the version of its token library."""
        return f"joserfc {version('joserfc')}"


async def until_it_answers(layout: Layout) -> None:
    """Return when the provider answers, which some proxies need at their start; raise ``PartError`` if it does not."""

    async def answers() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return await _answers(layout)
        return False

    if not await awaited_beside_others(answers, PATIENCE):
        raise PartError(f"the identity provider did not answer within {PATIENCE:.0f} s")


async def _answers(layout: Layout) -> bool:
    return (await layout.http.get(layout.url(NAME) + "/.well-known/openid-configuration")).status_code == 200


def secret_file(layout: Layout) -> Path:
    """Return the file of the client's secret; write it if it does not exist."""
    file = layout.workdir(NAME) / "client-secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(layout.keys["writer"])
    return file


async def public_key(layout: Layout) -> Path:
    """Return the file of the provider's current public key, in PEM."""
    keys = (await layout.http.get(layout.url(NAME) + "/keys")).json()
    file = layout.workdir(NAME) / "public-key.pem"
    file.write_bytes(RSAKey.import_key(keys["keys"][0]).as_pem(private=False))
    return file


def token_of_client(layout: Layout) -> CommandToken:
    """Return a credential that gets tokens by the client's secret."""
    asked = ("--issuer", layout.url(NAME), "--client", CLIENT, "--secret-file", str(secret_file(layout)))
    return CommandToken((python(), "-m", MODULE, "token", *asked), layout.workdir(NAME))
