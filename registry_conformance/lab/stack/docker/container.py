"""Parts as Testcontainers containers, each at a fixed address, with their output in the part's log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry_conformance.judge.locations import PACKAGE
from registry_conformance.lab.images.engine import engine
from registry_conformance.lab.stack.docker import labels
from registry_conformance.lab.stack.docker.address_holder import SHUT, Place
from registry_conformance.lab.stack.part import PartError
from registry_conformance.lab.stack.runner import Runner

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.network import Network

    from registry_conformance.lab.stack.layout import Layout

_SUITE = "/suite"
"""Where the suite's own program finds itself in a container."""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What the containers of a stack share: network, name prefix, and images by program.

    ``external`` names the programs with third-party images, which run with their own command and user. ``published``
    maps a part to a loopback port that is forwarded to its address.
    """

    network: Network
    name: str
    images: Mapping[str, str]
    published: Mapping[str, int] = field(default_factory=dict)
    external: frozenset[str] = frozenset()

    def place(self, layout: Layout, part: str) -> Place:
        """Return the address holder of a part."""
        marks, port = labels.of(layout.run_id, self.name), self.published.get(part, 0)
        name = f"{self.name}-{part}-place"
        return Place(self.network, name, part, self.images["links"], layout.addresses[part], marks, port)


@dataclass(frozen=True, slots=True)
class Shape:
    """Options of a container besides its arguments: image, entry point, mounts, owner.

    ``owner`` is ``user:group``, empty for the image's own; ``mounts`` are (host path, container path, mode). An
    ``external`` image keeps its own command, if none is given, and its own privileges.
    """

    image: str
    owner: str
    entrypoint: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[tuple[str, str, str]] = ()
    external: bool = False


class ContainerRunner(Runner):
    """A container that runs one program of an image, as the user of the suite, without privileges."""

    def __init__(self, layout: Layout, part: str, spec: ContainerSpec) -> None:
        self._layout = layout
        self._part = part
        self._spec = spec
        self._container: DockerContainer | None = None
        self._place = spec.place(layout, part)
        self._over = threading.Event()
        self._pid: int | None = None
        self._image = ""
        self.data = Path("/data")

    async def start(self, program: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start a program's image with these variables added; the part's workdir has the same path inside."""
        await asyncio.to_thread(self._start, self._shape(program), list(arguments), dict(variables))

    async def stop(self) -> None:
        """Remove the container; calling it twice is harmless."""
        await asyncio.to_thread(self._remove)

    def is_alive(self) -> bool:
        """Return whether the container runs."""
        return self._container is not None and not self._over.is_set()

    @property
    def pid(self) -> int | None:
        """The id of the container's first process on the engine's machine, ``None`` before the first start."""
        return self._pid

    @property
    def image(self) -> str:
        """The digest of the container's image, empty before the first start."""
        return self._image

    def signal(self, number: int) -> None:
        """Kill, stop or continue the container."""
        from docker.errors import APIError  # noqa: PLC0415 - see registry_conformance.lab.images.engine

        if self._container is None:
            return
        container = self._container.get_wrapped_container()
        with contextlib.suppress(APIError):  # it is gone, or hangs no more
            if number == signal.SIGSTOP:
                container.pause()
            elif number == signal.SIGCONT:
                container.unpause()
            else:
                container.kill(number)

    def version(self, program: str) -> str:
        """Return the version in the image's labels, or else its name."""
        if program == "links":
            return ""
        image = engine().images.get(self._spec.images[program])
        return image.labels.get("org.opencontainers.image.version") or self._spec.images[program]

    def _shape(self, program: str) -> Shape:
        owner = f"{os.getuid()}:{os.getgid()}"
        image = self._spec.images[program]
        if program == "links":
            mounts = [(str(PACKAGE), f"{_SUITE}/registry_conformance", "ro")]
            own = {"PYTHONPATH": _SUITE, "PYTHONDONTWRITEBYTECODE": "1"}
            return Shape(image, owner, ["python3", "-m", "registry_conformance.lab.stack.link"], own, mounts)
        if program == "minio":
            return Shape(image, owner, ["minio", "server"], {}, [(self._volume(), str(self.data), "rw")])
        if program == "postgresql":  # it runs as the owner of its files, who must not be root
            return Shape(image, "", [], {}, [(self._volume(), str(self.data), "rw")])
        if program in self._spec.external:
            self._layout.workdir(self._part).chmod(0o777)  # for any user of the image; the folder above is private
            return Shape(image, "", external=True)
        return Shape(image, owner)

    def _labels(self) -> dict[str, str]:
        return labels.of(self._layout.run_id, self._spec.name)

    def _volume(self) -> str:
        from testcontainers.core.labels import create_labels  # noqa: PLC0415 - see registry_conformance.lab.images.engine

        name = f"{self._spec.name}-{self._part}"
        engine().volumes.create(name, labels=create_labels("", self._labels()))
        return name

    def _start(self, shape: Shape, arguments: list[str], variables: dict[str, str]) -> None:
        from docker.errors import APIError  # noqa: PLC0415 - see registry_conformance.lab.images.engine
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - as above

        self._remove()
        workdir = str(self._layout.workdir(self._part))
        options: dict[str, Any] = {"labels": self._labels(), **SHUT}
        if shape.external:
            del options["cap_drop"]
        if shape.owner:
            options["user"] = shape.owner
        if shape.entrypoint:
            options["entrypoint"] = list(shape.entrypoint)
        container = DockerContainer(shape.image, name=f"{self._spec.name}-{self._part}")
        own = {} if shape.external else {"HOME": "/tmp"}  # noqa: S108 - within the container
        container.with_envs(**own, **shape.variables, **variables)
        if arguments or not shape.external:
            container.with_command(arguments)
        for ours, its, mode in [(workdir, workdir, "rw"), *shape.mounts]:
            container.with_volume_mapping(ours, its, mode)
        try:
            container.with_kwargs(**options, **self._place.joined).start()
        except APIError as problem:
            self._remove_named(str(container._name))
            raise PartError(_engine_message(self._part, str(problem.explanation))) from problem
        self._container = container
        self._watch()

    def _watch(self) -> None:
        """Copy the output to the log until the container ends."""
        assert self._container is not None
        container = self._container.get_wrapped_container()
        container.reload()
        self._pid, self._image = container.attrs["State"]["Pid"], container.attrs["Image"]
        over = self._over = threading.Event()

        def follow() -> None:
            try:
                with self._layout.log(self._part).open("ab", buffering=0) as log, contextlib.suppress(OSError):
                    for piece in container.logs(stream=True, follow=True):
                        log.write(piece)
            finally:
                over.set()

        self._follower = threading.Thread(target=follow, daemon=True)
        self._follower.start()

    def _remove(self) -> None:
        from docker.errors import APIError  # noqa: PLC0415 - see registry_conformance.lab.images.engine

        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(APIError):  # swept already
                container.stop(force=True, delete_volume=True)
            self._follower.join(5)

    def _remove_named(self, name: str) -> None:
        from docker.errors import APIError  # noqa: PLC0415 - see registry_conformance.lab.images.engine

        with contextlib.suppress(APIError):
            engine().containers.get(name).remove(force=True, v=True)


def _engine_message(part: str, said: str) -> str:
    """Return the engine's error message for a container that did not start."""
    if "no space left" in said.lower():
        return f"{part} could not be started: the engine's disk is full; docker system prune frees what no image uses"
    if "already allocated" in said or "already in use" in said:
        return f"{part} could not be started: its port is taken; end what listens there, or leave --proxy-port out"
    return f"{part} could not be started: {said}"
