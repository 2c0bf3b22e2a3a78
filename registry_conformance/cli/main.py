"""The command ``registry-conformance``; a sub-command is imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import click

from registry_conformance import __version__
from registry_conformance.cli.problems import carry_out, refuse
from registry_conformance.judge.locations import brought_by
from registry_conformance.judge.output import settled, steady
from registry_conformance.judge.suggestion import unknown

NAME = "registry-conformance"
USAGE = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A sub-command: the module of this package that defines ``command``, and its line in the help.

    ``extra`` names the optional dependencies that it needs; empty if the base installation is enough.
    """

    module: str
    line: str
    extra: str = ""


COMMANDS = {
    "doctor": Entry("doctor", "diagnose a deployment: which layer fails, why, and how to fix it"),
    "register": Entry("register", "register one real model, step by step, and remove it again", "register"),
    "verify": Entry("verify", "run all checks against a deployment and write the reports", "verify"),
    "load": Entry("load", "run many clients at once, and verify every acknowledged write", "load"),
    "live": Entry("live", "write an environment file for a deployment"),
    "up": Entry("up", "start a local deployment to try things on, until Ctrl-C", "lab"),
    "faults": Entry("faults", "list the faults that can be injected, and describe them"),
    "janitor": Entry("janitor", "remove what interrupted runs left behind on a target"),
    "purge": Entry("purge", "remove a run's deleted experiments from MLflow's database for good", "verify"),
    "versions": Entry("versions", "install, list or remove other MLflow versions", "lab"),
    "nightly": Entry("nightly", "judge every target of a plan, and report what changed", "verify"),
    "compare": Entry("compare", "report what changed between two runs", "verify"),
    "verify-attestation": Entry("verify_attestation", "verify the attestation of a run", "verify"),
    "render": Entry("render", "write all reports again from a verdicts.json", "verify"),
    "matrix": Entry("matrix", "test which client registers on which server, database, store and proxy", "lab"),
    "mutants": Entry("mutants", "mutate the reference deployment, and find what no check notices", "lab"),
    "prove": Entry("prove", "inject every fault, and score the checks and the diagnosis", "lab"),
    "field": Entry("field", "test what is reported on common third-party deployments", "lab"),
    "safeguards": Entry("safeguards", "mutate the code that limits deletions; no mutant may survive", "lab"),
    "rehearse": Entry("rehearse", "rehearse live runs against a local stack, crashes included", "lab"),
    "docs": Entry("docs", "write the generated pages of docs/ (needs a checkout)", "lab"),
    "build-images": Entry("build_images", "build the images of the reference deployment", "lab"),
    "build-minio": Entry("build_minio", "build the MinIO server for stacks without containers"),
}


_BROUGHT_BY = {
    "boto3": "store",
    "botocore": "store",
    "cryptography": "store",
    "mlflow": "register",
    "psutil": "lab",
    "securesystemslib": "attest",
}
"""Module -> the extra that installs it, for modules that only some options of a base sub-command need."""


class Commands(click.Group):
    """The sub-commands of the table above, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's form
        """Return a sub-command; its module is imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"registry_conformance.cli.{COMMANDS[cmd_name].module}")
        command = module.command
        assert isinstance(command, click.Command), cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Reject an unknown sub-command and suggest the nearest one."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise refuse(f"{args[0]}: {unknown(args[0], COMMANDS, listing=f'{NAME} --help')}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's form
        """List the sub-commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.line) for name, entry in COMMANDS.items()])


@click.command(
    cls=Commands, name=NAME, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def command() -> None:
    """Verify whether a third party can register a model on an MLflow deployment, and find what to fix if not.

    \b
    My registration fails:       registry-conformance doctor --url URL
    Can a model be registered:   registry-conformance register --url URL
    Judge a whole environment:   registry-conformance verify --env-file FILE

    Every command ends with 4 instead of 0 if its output could not be written, as to a full disk.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the sub-command that the arguments name; return the exit code."""
    try:
        return carry_out(command, NAME, arguments)
    except ModuleNotFoundError as missing:
        name = next((each for each in arguments if each in COMMANDS), "")
        module = (missing.name or "").partition(".")[0]
        extra = (COMMANDS[name].extra if name else "") or _BROUGHT_BY.get(module, "")
        if not extra or module == "registry_conformance":
            raise  # it is part of every installation
        said = f"this needs {module}, which is not installed: {brought_by(extra)} {name}".rstrip()
        click.echo(f"{NAME} {name}: {said}", err=True)
        return USAGE


def main() -> NoReturn:
    """Run the command line of this process."""
    steady()
    sys.exit(settled(run(sys.argv[1:])))
