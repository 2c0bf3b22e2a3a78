"""The place of a part on the stack's network: it keeps its address whether a program stands in it or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from registry_conformance.lab.images.engine import engine
from registry_conformance.lab.stack.layout import Address

if TYPE_CHECKING:
    from testcontainers.core.network import Network

SHUT = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "healthcheck": {"test": ["NONE"]},  # readiness is asked for by whoever waits for it
}
"""What every container of a stack may not do."""


@dataclass(slots=True)
class Place:
    """A container that does nothing and holds the network of a part, which containers of its program join.

    A request to a program that was killed is refused at once, as by a machine that lives on. Without it the address
    would be nobody's, and every caller would wait for an answer: that is a machine that is lost, another fault.
    ``published`` is a loopback port that leads to ``address`` too, 0 for none.
    """

    network: Network
    name: str
    part: str
    image: str
    address: Address
    labels: Mapping[str, str]
    published: int = 0
    _stands: bool = field(default=False, init=False)

    @property
    def joined(self) -> dict[str, Any]:
        """How a container is made that stands here; raises what the engine raises if it has no such place."""
        if not self._stands:
            self._stand()
            self._stands = True
        return {"network_mode": f"container:{self.name}"}

    def _stand(self) -> None:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - see registry_conformance.lab.images.engine

        host, port = self.address
        network = self.network.name
        own = engine().api.create_endpoint_config(aliases=[self.part], ipv4_address=host)
        options: dict[str, Any] = {"ports": {f"{port}/tcp": ("127.0.0.1", self.published)}} if self.published else {}
        container = DockerContainer(self.image, name=self.name).with_command(["infinity"])
        container.with_kwargs(
            entrypoint=["sleep"],
            hostname=self.part,
            labels=dict(self.labels),
            network=network,
            networking_config={network: own},
            **SHUT,
            **options,
        )
        container.start()
