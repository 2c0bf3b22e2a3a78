"""The backend store as production has it: PostgreSQL in a container of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.part import ProgramPart

_ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")
"""PostgreSQL's SSLRequest, which a server answers with one letter before it knows who asks."""


class Database(ProgramPart):
    """A PostgreSQL server with the database ``mlflow`` of an owner of that name."""

    name = "database"
    program = "postgresql"

    def __init__(self, layout: Layout, password: str) -> None:
        super().__init__(layout)
        self._password = password

    @property
    def uri(self) -> str:
        """The database, as SQLAlchemy names it."""
        host, port = self.layout.addresses[self.name]
        return f"postgresql+psycopg2://mlflow:{self._password}@{host}:{port}/mlflow"

    def spec(self, deployment: Deployment) -> Hashable:
        """Return nothing: no deployment changes the database."""
        del deployment
        return ()

    async def start(self, deployment: Deployment) -> None:
        """Start the server; the first start makes the database."""
        del deployment
        await self.launch([], {"POSTGRES_PASSWORD": self._password})

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the server answers."""
        del deployment
        try:
            reader, writer = await asyncio.open_connection(*self.layout.addresses[self.name])
        except OSError:
            return False
        try:
            writer.write(_ASKS_FOR_TLS)
            return await reader.read(1) in (b"N", b"S")
        except OSError:
            return False
        finally:
            writer.close()

    def installed(self) -> str:
        """Return nothing: its image says what it is of."""
        return ""
