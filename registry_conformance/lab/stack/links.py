"""The links part: one program that relays every link that the deployment watches or disturbs."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Hashable
from pathlib import Path

from registry_conformance.lab.deployment import LINKS, Deployment, Links
from registry_conformance.lab.stack.layout import Address, Layout
from registry_conformance.lab.stack.part import ProgramPart

_RULES = "rules.pickle"


class LinksPart(ProgramPart):
    """Relays traffic, records it, and disturbs what the rules match."""

    name = program = "links"

    def spec(self, deployment: Deployment) -> Hashable:
        """Return the links with their rules."""
        return deployment.links

    async def start(self, deployment: Deployment) -> None:
        """Start the program for the links of this deployment."""
        self._write_rules(deployment)
        plan = self.layout.workdir(self.name) / "plan.json"
        self._planned = self._plan(deployment)
        plan.write_text(self._planned)
        await self.launch([str(plan)], {})

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether every link can be connected to."""
        for name in self._places(deployment):
            try:
                _, writer = await asyncio.open_connection(*self.layout.addresses[f"to-{name}"])
            except OSError:
                return False
            writer.close()
        return True

    async def up(self, deployment: Deployment) -> None:
        """Start the program if there is a link to relay."""
        if self._places(deployment):
            await super().up(deployment)

    async def apply(self, deployment: Deployment) -> None:
        """Replace the rules; restart only if other links are needed."""
        if self.is_alive() and self._plan(deployment) == self._planned:
            self._write_rules(deployment)
        else:
            await self.down()
            await self.up(deployment)

    def installed(self) -> str:
        """Return what reports say about the program, which has no version of its own."""
        return "part of this suite"

    def _places(self, deployment: Deployment) -> frozenset[str]:
        return deployment.links.in_place | self.layout.standing

    def _plan(self, deployment: Deployment) -> str:
        links = {
            name: {
                "listen": self.layout.addresses[f"to-{name}"],
                "upstream": _upstream(self.layout, deployment.links, name),
                "record": str(record(self.layout, name)),
                "tape": str(tape(self.layout, name)) if name in deployment.links.taped else "",
            }
            for name in sorted(self._places(deployment))
        }
        return json.dumps({"rules": str(self.layout.workdir(self.name) / _RULES), "links": links})

    def _write_rules(self, deployment: Deployment) -> None:
        rules = {name: getattr(deployment.links, name) for name in LINKS}
        file = self.layout.workdir(self.name) / _RULES
        fresh = file.with_suffix(".new")
        fresh.write_bytes(pickle.dumps(rules))
        fresh.replace(file)


def record(layout: Layout, link: str) -> Path:
    """Return the file with the record of a link."""
    return layout.workdir("links") / f"{link}.jsonl"


def tape(layout: Layout, link: str) -> Path:
    """Return the folder with every byte that clients sent on a link, one file a connection."""
    return layout.workdir("links") / f"{link}.tape"


def address_to(layout: Layout, links: Links, part: str) -> Address:
    """Return the address of a part, or of the link in front of it."""
    return layout.addresses[f"to-{part}"] if part in links.in_place else _upstream(layout, links, part)


def url_to(layout: Layout, links: Links, part: str) -> str:
    """Return the base URL of a part, or of the link in front of it."""
    host, port = address_to(layout, links, part)
    return f"http://{host}:{port}"


def store_url(layout: Layout, links: Links) -> str:
    """Return the URL at which MLflow reaches the store, or the link in front of it."""
    return url_to(layout, links, "store") if "store" in links.in_place else layout.bucket.endpoint


def _upstream(layout: Layout, links: Links, link: str) -> Address:
    """Return the address that a link relays to; MLflow's own links are nested."""
    if link == "mlflow":
        return address_to(layout, links, "server")
    return layout.addresses["mlflow" if link == "server" else link]
