"""``up``: a local deployment to try things on."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import click

from registry_conformance.cli.faults import FAULT
from registry_conformance.cli.parameters import STACK, STORE, Whole
from registry_conformance.cli.problems import could_not, refuse
from registry_conformance.judge.temporary import temporary_folder
from registry_conformance.judge.waiting import ENDLESS, awaited

if TYPE_CHECKING:
    from registry_conformance.judge.target.target import Target
    from registry_conformance.lab.stack.handle import OwnedStack

_LOOK_EVERY = 1.0
"""Seconds between two looks at whether every part still runs."""


@click.command()
@click.option("--fault", "faults", multiple=True, type=FAULT, help="Inject this fault (may be repeated).")
@STACK
@STORE
@click.option(
    "--proxy-port",
    type=Whole(0, 65535),
    default=0,
    metavar="PORT",
    help="The proxy's port (default: any free one).",
)
def command(faults: tuple[str, ...], stack: str, store: str, proxy_port: int) -> int:
    """Start a local deployment to try things on, and keep it running until Ctrl-C.

    Prints its address, a writer's key, the address of the MLflow UI, and commands to try. Nothing is left afterwards.

    \b
    Examples:
      registry-conformance up
      registry-conformance up --fault artifact-route-missing

    Exit codes: 0 ended by Ctrl-C or SIGTERM, 4 bad option, 6 the stack did not start, or lost a part.
    """
    from registry_conformance.judge.machine import isolate
    from registry_conformance.lab.deployment import REFERENCE
    from registry_conformance.lab.faults.catalogue import broken
    from registry_conformance.lab.stack.handle import OwnedStack, StackError
    from registry_conformance.lab.stack.request import StackRequest
    from registry_conformance.run.option_values import SettingsError
    from registry_conformance.run.settings import Settings

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked = {"stack": stack, "store": store, "fault": list(faults), "report_dir": "", "proxy_port": proxy_port}
    try:
        settings = Settings.read(asked)
    except SettingsError as problem:
        raise refuse(problem) from problem
    isolate()
    click.echo(f"starting the {settings.stack} stack ({settings.store} store) ...")
    with temporary_folder("up-") as cache:
        request = StackRequest(
            settings.run_id,
            broken(REFERENCE, settings.faults),
            settings.store,
            settings.stack,
            proxy_port=proxy_port,
            cache=cache,
            faults=settings.faults,
        )
        owned: OwnedStack | None = None
        try:
            owned = OwnedStack(request)
            click.echo("\n".join(_described(owned.target())))
            _watched(owned)
        except StackError as problem:
            raise could_not(problem) from problem
        except KeyboardInterrupt:
            click.echo("\nstopping ...")
            return 0
        finally:
            if owned is not None:
                owned.close()


def _described(target: Target) -> Iterator[str]:
    """Yield the description of a running deployment: addresses, key, commands to try."""
    door, key = target.doors[0], target.keys["writer"]
    yield ""
    if target.faults:
        yield f"injected faults  {', '.join(target.faults)}"
    for each in target.doors:
        yield f"{'address':15}  {each.url}" + (f"  ({each.name})" if len(target.doors) > 1 else "")
    yield f"{'writer key':15}  {key}"
    if target.origin is not None:
        yield f"{'MLflow pages':15}  {target.origin.url}  (past the proxy, no key)"
    yield ""
    yield "Try it from another terminal:"
    variables: dict[str, str] = {"MLFLOW_TRACKING_URI": door.url, "MLFLOW_TRACKING_TOKEN": str(key)}
    variables |= {name: text.replace("{url}", door.url) for name, text in target.machine.variables}
    yield from (f"  export {name}={shlex.quote(value)}" for name, value in variables.items())
    yield f"  registry-conformance doctor --url {shlex.quote(door.url)}"
    yield f"  registry-conformance register --url {shlex.quote(door.url)}"
    yield ""
    yield "Press Ctrl-C to stop it; nothing is left afterwards."


def _watched(owned: OwnedStack) -> NoReturn:
    """Wait until a part of the stack dies; report it."""
    lost = awaited(owned.death_reports, ENDLESS, pause=_LOOK_EVERY)
    raise could_not("; ".join(lost))
