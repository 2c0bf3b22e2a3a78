"""MLflow's database as a local process: the system package's server, never run as root."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from registry_conformance.judge.machine import part_environment
from registry_conformance.judge.temporary import owned_folder
from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.programs import Account, database_program, unprivileged
from registry_conformance.lab.stack import process
from registry_conformance.lab.stack.database import OWNER, DatabasePart
from registry_conformance.lab.stack.database_greeting import mysql_answers, postgresql_answers
from registry_conformance.lab.stack.layout import Layout
from registry_conformance.lab.stack.part import PartError
from registry_conformance.lab.stack.process_runner import ProcessRunner
from registry_conformance.lab.stack.request import StackRequest

_LONGEST_SET_UP = 120.0
"""Seconds that the making of an empty database may take: five on a quiet machine."""


class DatabaseProcess(DatabasePart):
    """A database server in its own folder, owned by an unprivileged account if the suite runs as root.

    Such servers refuse to run as root, and an unprivileged account cannot enter the stack's folder.
    """

    needs: str
    """The program that locates the folder of the others."""
    packages: str
    """What brings the programs."""

    def __init__(self, layout: Layout, order: StackRequest) -> None:
        super().__init__(layout, order.secrets.database)
        self.folder = owned_folder(f"{order.run_id}-database-", order.owner, order.run_id)
        self.account = unprivileged()
        self.runner = _AccountRunner(layout, self.name, self.account)
        self.data = self.folder / "data"
        self._is_set_up = False
        self._is_to_come = True

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.layout.addresses[self.name]

    async def start(self, deployment: Deployment) -> None:
        """Start the server; the first start makes the database."""
        del deployment
        if not self._is_set_up:
            await asyncio.to_thread(self._set_up)
            self._is_set_up = True
        await self.launch(self.arguments(), {})
        self._is_to_come = False

    def is_alive(self) -> bool:
        """Return whether the server runs or is still starting: MLflow waits for it."""
        return self._is_to_come or super().is_alive()

    async def launch(self, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start the server's program with these arguments."""
        await self.runner.start(str(self.found(self.program)), arguments, variables)

    def found(self, program: str) -> Path:
        """Return the path of a database program; raise ``PartError`` that says which package has it."""
        path = database_program(program)
        if path is None:
            raise PartError(
                f"there is no {program} on this machine: apt-get install --no-install-recommends {self.packages}"
            )
        return path

    def clear(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def installed(self) -> str:
        """Return name and version of the server."""
        said = subprocess.run([self.found(self.program), "--version"], capture_output=True, text=True, check=False)
        number = re.search(r"\d+(\.\d+)+", said.stdout)
        return f"{self.needs} {number[0] if number else 'of unknown version'}"

    @abstractmethod
    def arguments(self) -> list[str]:
        """Return the server's command-line arguments."""

    @abstractmethod
    def creation(self, secret: Path) -> list[str]:
        """Return the command that creates an empty database; ``secret`` is a file that only the account can read."""

    def own(self, file: Path, mode: int) -> None:
        """Give a file to the account that the server runs as."""
        file.chmod(mode)
        if self.account is not None:
            os.chown(file, self.account.uid, self.account.gid)

    def _set_up(self) -> None:
        self.folder.chmod(0o711)
        self.data.mkdir()
        secret = self.folder / "secret"
        secret.touch(mode=0o600)
        command = self.creation(secret)
        self.own(self.data, 0o700)
        self.own(secret, 0o400)
        with self.layout.log(self.name).open("ab") as log:
            done = subprocess.run(
                command,
                env=part_environment(self.layout.run_id, self.data) | {"TMPDIR": "/tmp"},  # noqa: S108 - it must be everybody's
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_LONGEST_SET_UP,
                check=False,
                **(self.account.identity if self.account else {}),
            )
        if done.returncode:
            raise PartError(self.death_report("could not be set up"))


class PostgresqlProcess(DatabaseProcess):
    """A PostgreSQL server."""

    program = "postgres"
    needs = "postgresql"
    packages = "postgresql"

    @property
    def uri(self) -> str:
        """The database, as SQLAlchemy names it."""
        host, port = self.address
        return f"postgresql+psycopg2://{OWNER}:{self._password}@{host}:{port}/postgres"

    def creation(self, secret: Path) -> list[str]:
        """Return the command that creates a cluster whose owner logs in by password."""
        secret.write_text(self._password)
        return [
            str(self.found("initdb")),
            *("--pgdata", str(self.data), "--username", OWNER, "--pwfile", str(secret)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ]

    def arguments(self) -> list[str]:
        """Return the server's command-line arguments."""
        host, port = self.address
        settings = {"listen_addresses": host, "port": port, "unix_socket_directories": "", "fsync": "off"}
        told = [f"{name}={value}" for name, value in settings.items()]
        return ["-D", str(self.data), *(part for setting in told for part in ("-c", setting))]

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the server answers."""
        del deployment
        return await postgresql_answers(*self.address)


class MariadbProcess(DatabaseProcess):
    """A MariaDB server."""

    program = "mariadbd"
    needs = "mariadb"
    packages = "mariadb-server-core"

    @property
    def uri(self) -> str:
        """The database, as SQLAlchemy names it."""
        host, port = self.address
        return f"mysql+pymysql://{OWNER}:{self._password}@{host}:{port}/{OWNER}"

    def creation(self, secret: Path) -> list[str]:
        """Return the command that creates the system tables; the owner is created when the server starts."""
        secret.write_text(
            f"CREATE DATABASE IF NOT EXISTS {OWNER} CHARACTER SET utf8mb4;\n"
            f"CREATE USER IF NOT EXISTS '{OWNER}'@'%' IDENTIFIED BY '{self._password}';\n"
            f"GRANT ALL ON {OWNER}.* TO '{OWNER}'@'%';\n"
        )
        return [
            str(self.found("mariadb-install-db")),
            *("--no-defaults", f"--datadir={self.data}", "--skip-test-db", "--skip-name-resolve"),
            "--auth-root-authentication-method=normal",
        ]

    def arguments(self) -> list[str]:
        """Return the server's command-line arguments."""
        host, port = self.address
        return [
            *("--no-defaults", f"--datadir={self.data}", f"--bind-address={host}", f"--port={port}"),
            *(f"--socket={self.data / 'socket'}", f"--init-file={self.folder / 'secret'}"),
            *("--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"),
        ]

    async def is_ready(self, deployment: Deployment) -> bool:
        """Return whether the server answers."""
        del deployment
        return await mysql_answers(*self.address)


class _AccountRunner(ProcessRunner):
    """Starts a process as an unprivileged account, if one is given."""

    def __init__(self, layout: Layout, part: str, account: Account | None) -> None:
        super().__init__(layout, part)
        self._account = account

    async def start(self, program: str, arguments: Sequence[str], variables: Mapping[str, str]) -> None:
        """Start a program by its path."""
        environment = part_environment(self._layout.run_id, Path("/")) | {"TMPDIR": "/tmp"} | dict(variables)  # noqa: S108 - everybody's
        log = self._layout.log(self._part)
        self._process = await process.start([program, *arguments], environment, log, Path("/"), self._account)


PROCESSES: Mapping[str, type[DatabaseProcess]] = {"postgresql": PostgresqlProcess, "mariadb": MariadbProcess}
"""Backend store -> the process that has it."""
