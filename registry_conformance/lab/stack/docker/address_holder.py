"""A container that keeps a part's network address while the part's program is started and stopped."""

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
    "healthcheck": {"test": ["NONE"]},  # the caller waits for readiness
}
"""What every container of a stack may not do."""


@dataclass(slots=True)
class Place:
    """An idle container that owns a part's network namespace; the part's program container joins it.

    So a request to a killed program is refused at once (connection refused), as on a machine that still runs. Without
    it the address would disappear and callers would wait for a timeout, which is another fault. ``published`` is a
    loopback port forwarded to ``address``, 0 for none.
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
        """Return the container options for joining this network; raise the engine's error if it is gone."""
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
