"""The command ``registry-conformance``: each sub-command is imported when it is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import click

from registry_conformance import __version__
from registry_conformance.cli.problems import carry_out, refuse
from registry_conformance.judge.output import steady
from registry_conformance.judge.suggestion import unknown

NAME = "registry-conformance"
DISTRIBUTION = "hokusai-registry-conformance"
USAGE = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A sub-command: the module below this package that has it as ``command``, and its line in the listing.

    ``extra`` is the optional part of the installation that it needs, empty for what the base has.
    """

    module: str
    line: str
    extra: str = ""


COMMANDS = {
    "doctor": Entry("doctor", "say what is wrong with a deployment, layer by layer, in seconds"),
    "register": Entry("register", "make one real registration, step by step", "register"),
    "verify": Entry("verify", "judge a deployment by all checks", "verify"),
    "load": Entry("load", "put many clients on a deployment at once, and prove what was acknowledged", "load"),
    "live": Entry("live", "write the file of an environment from what a deployment says of itself"),
    "up": Entry("up", "start a deployment to play with, and leave it running", "lab"),
    "faults": Entry("faults", "list what can be broken on purpose, and tell the story of a fault"),
    "janitor": Entry("janitor", "remove what runs that broke off left in an environment"),
    "purge": Entry("purge", "remove deleted experiments of runs from MLflow's database for good", "verify"),
    "versions": Entry("versions", "make, list or remove the environments of other versions of MLflow", "lab"),
    "nightly": Entry("nightly", "judge every target of a plan, and say what changed", "verify"),
    "compare": Entry("compare", "say what changed between two runs", "verify"),
    "verify-attestation": Entry(
        "verify_attestation", "say whether the attestation of a run is to be believed", "verify"
    ),
    "render": Entry("render", "write every report again from a verdicts.json", "verify"),
    "matrix": Entry("matrix", "say which client registers on which server, database, store and proxy", "lab"),
    "mutants": Entry("mutants", "change a deployment a little, systematically, and see what no check notices", "lab"),
    "prove": Entry("prove", "break a deployment in every known way, and see what the checks say", "lab"),
    "field": Entry("field", "put other people's proxies before MLflow, and see what is said of each", "lab"),
    "field-table": Entry("field_table", "judge deployments of others, healthy and broken in their own ways", "lab"),
    "safeguards": Entry("safeguards", "mutate what keeps deletions to a run's own things; no mutant survives", "lab"),
    "rehearse": Entry("rehearse", "judge a stack of our own as if it were somebody else's", "lab"),
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
"""Module -> the extra that brings it, for what only some options of a sub-command of the base need."""


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
        """Refuse an unknown sub-command with the nearest that there is."""
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
    """Say, with proof, whether a third party can register a model on a deployment, and what to fix if not.

    \b
    My registration fails:       registry-conformance doctor --url URL
    Can a model be registered:   registry-conformance register --url URL
    Judge a whole environment:   registry-conformance verify --env-file FILE
    """


def run(arguments: Sequence[str]) -> int:
    """Carry out what the arguments ask for; return the exit code."""
    try:
        return carry_out(command, NAME, arguments)
    except ModuleNotFoundError as missing:
        name = next((each for each in arguments if each in COMMANDS), "")
        module = (missing.name or "").partition(".")[0]
        extra = (COMMANDS[name].extra if name else "") or _BROUGHT_BY.get(module, "")
        if not extra or module == "registry_conformance":
            raise  # it is part of every installation
        wanted = f"pip install '{DISTRIBUTION}[{extra}]'"
        click.echo(f"{NAME} {name}: this needs {module}, which is not installed: {wanted}", err=True)
        return USAGE


def main() -> NoReturn:
    """Carry out the arguments of this process."""
    steady()
    sys.exit(run(sys.argv[1:]))
