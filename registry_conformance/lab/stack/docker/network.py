"""A stack's private network, in which every part has a fixed address."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from registry_conformance.lab.images.engine import EngineError, engine

if TYPE_CHECKING:
    from testcontainers.core.network import Network

_TRIES = 5
_SUBNET_BITS = 27


def create(name: str, marks: dict[str, str]) -> Network:
    """Create a network with the labels ``marks``; raise ``EngineError`` if it cannot be created or reached.

    The subnet is requested explicitly: only then can the suite assign addresses.
    """
    from docker.errors import APIError  # noqa: PLC0415 - see registry_conformance.lab.images.engine
    from docker.types import IPAMConfig, IPAMPool  # noqa: PLC0415 - as above
    from testcontainers.core.network import Network  # noqa: PLC0415 - as above

    said = ""
    for _ in range(_TRIES):
        try:
            free = _free_subnet(name, marks)
            pool = IPAMPool(subnet=str(free), gateway=str(next(free.hosts())))
            made = Network(docker_network_kw={"labels": marks, "ipam": IPAMConfig(pool_configs=[pool])})
            made.name = name
            made.create()
        except APIError as problem:  # another took the subnet meanwhile
            said = str(problem.explanation)
            continue
        if not _is_ours(str(next(free.hosts()))):
            made.remove()
            raise EngineError(
                "this engine's containers cannot be reached at their own addresses (Docker Desktop, a rootless or a "
                "remote engine): use an engine on this machine, or --stack=embedded"
            )
        return made
    raise EngineError(f"no network could be made: {said}; docker network prune removes those that nobody uses")


def addresses(network: Network, count: int) -> list[str]:
    """Return this many addresses of a network, without the gateway's."""
    subnet = ipaddress.ip_network(engine().networks.get(network.name).attrs["IPAM"]["Config"][0]["Subnet"])
    return [str(host) for host in islice(subnet.hosts(), 1, count + 1)]


def _free_subnet(name: str, marks: dict[str, str]) -> ipaddress.IPv4Network:
    """Return a small part of a subnet that the engine considers free."""
    tried = engine().networks.create(f"{name}-tried", labels=marks)
    try:
        tried.reload()
        whole = ipaddress.IPv4Network(tried.attrs["IPAM"]["Config"][0]["Subnet"])
    finally:
        tried.remove()
    return next(_parts(whole))


def _parts(whole: ipaddress.IPv4Network) -> Iterator[ipaddress.IPv4Network]:
    yield from whole.subnets(new_prefix=max(whole.prefixlen, _SUBNET_BITS))


def _is_ours(address: str) -> bool:
    """Return whether an address belongs to this machine."""
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.bind((address, 0))
        return True
    return False
