"""MLflow's database as a separate server: what process and container stacks have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.part import ProgramPart


class DatabasePart(ProgramPart):
    """A database server with a database for MLflow, owned by the user ``OWNER``."""

    name = "database"

    def __init__(self, layout: Layout, password: str) -> None:
        super().__init__(layout)
        self._password = password

    @property
    @abstractmethod
    def uri(self) -> str:
        """The database's SQLAlchemy URI."""

    def spec(self, deployment: Deployment) -> Hashable:
        """Return nothing: no deployment changes the database."""
        del deployment
        return ()


OWNER = "mlflow"
