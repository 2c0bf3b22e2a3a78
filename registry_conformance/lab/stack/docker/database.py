"""The production backend store: PostgreSQL in a container."""

from __future__ import annotations

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack.database import DatabasePart
from registry_conformance.lab.stack.database_greeting import postgresql_answers


class Database(DatabasePart):
    """A PostgreSQL server with the database ``mlflow``, owned by a user of the same name."""

    program = "postgresql"

    @property
    def uri(self) -> str:
        """The database's SQLAlchemy URI."""
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
        """Return nothing: the image states its version."""
        return ""
