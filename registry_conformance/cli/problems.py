"""Errors that end a command: a one-line message and an exit code, never a traceback."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import click

from registry_conformance.judge.end_requests import EndRequests
from registry_conformance.run.leftovers import sweep

EMPTY = "the value is empty; give one, or leave the option out"
INTERRUPTED, USAGE, COULD_NOT = 2, 4, 6


class EndedError(click.ClickException):
    """Ends the program with a one-line message that names the command, and an exit code."""

    def __init__(self, message: object, exit_code: int) -> None:
        context = click.get_current_context(silent=True)
        super().__init__(f"{context.command_path}: {message}" if context else str(message))
        self.exit_code: int = exit_code  # type: ignore[misc]  # of each message its own


def refuse(message: object) -> EndedError:
    """Return the error for invalid options or input."""
    return EndedError(message, USAGE)


def could_not(message: object) -> EndedError:
    """Return the error for a verification that is impossible: no answer, or the stack does not start."""
    return EndedError(message, COULD_NOT)


def carry_out(command: click.Command, name: str, arguments: Sequence[str]) -> int:
    """Run a command that is called ``name``; return its exit code."""
    requests = EndRequests()
    requests.install()
    try:
        if empty := _empty(arguments):
            click.echo(f"{_called(command, name, arguments)}: {empty}", err=True)
            return USAGE
        for swept in sweep():
            click.echo(f"{name}: {swept}", err=True)
        code = command.main(list(arguments), prog_name=name, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        return USAGE
    except click.UsageError as problem:
        said = problem.ctx.command_path if problem.ctx else _called(command, name, arguments)
        click.echo(f"{said}: {problem.format_message()}\nMore: {said} --help", err=True)
        return USAGE
    except click.ClickException as problem:
        click.echo(problem.format_message(), err=True)
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"{name}: interrupted" + f" by {requests.reason}" * bool(requests.reason), err=True)
        return INTERRUPTED
    finally:
        requests.remove()
    return code if isinstance(code, int) else 0


def _empty(arguments: Sequence[str]) -> str:
    """Return the message for an empty value, as an unset variable of a CI job leaves it; empty if there is none.

    Left out, most options mean something else than what was to be said. What stands behind ``--`` is for pytest.
    """
    own = list(itertools.takewhile(lambda argument: argument != "--", arguments))
    for before, argument in itertools.pairwise(["", *own]):
        if re.fullmatch(r"--[a-z][a-z-]*=", argument):
            return f"{argument}: {EMPTY}"
        if not argument:
            return f"{before}=: {EMPTY}" if before.startswith("-") else "'': an argument is empty; give its value"
    return ""


def _called(command: click.Command, name: str, arguments: Sequence[str]) -> str:
    """Return the sub-command that the arguments call, as it is typed; click leaves it out of some errors."""
    path = [name]
    for argument in arguments:
        called = command.get_command(click.Context(command), argument) if isinstance(command, click.Group) else None
        if called is None:
            break
        command = called
        path.append(argument)
    return " ".join(path)
