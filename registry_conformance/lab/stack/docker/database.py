"""The backend store as production has it: PostgreSQL in a container of its own."""

from __future__ import annotations

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack.database import DatabasePart
from registry_conformance.lab.stack.database_greeting import postgresql_answers


class Database(DatabasePart):
    """A PostgreSQL server with the database ``mlflow`` of an owner of that name."""

    program = "postgresql"

    @property
    def uri(self) -> str:
        """The database, as SQLAlchemy names it."""
        host, port = self.layout.addresses[self.name]
        return f"postgresql+psycopg2://mlflow:{self._password}@{host}:{port}/mlflow"

    async def start(self, deployment: Deployment) -> None:
        """Start the server; the first start makes the database."""
        del deployment
        await self.launch([], {"POSTGRES_PASSWORD": self._password})

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the server answers."""
        del deployment
        return await postgresql_answers(*self.layout.addresses[self.name])

    def installed(self) -> str:
        """Return nothing: its image says what it is of."""
        return ""
