"""MLflow's database as a server of its own: what a stack of processes and one of containers have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.part import ProgramPart


class DatabasePart(ProgramPart):
    """A database server with a database for MLflow, whose owner is called ``OWNER``."""

    name = "database"

    def __init__(self, layout: Layout, password: str) -> None:
        super().__init__(layout)
        self._password = password

    @property
    @abstractmethod
    def uri(self) -> str:
        """The database, as SQLAlchemy names it."""

    def spec(self, deployment: Deployment) -> Hashable:
        """Return nothing: no deployment changes the database."""
        del deployment
        return ()


OWNER = "mlflow"
