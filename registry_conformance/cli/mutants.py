"""``mutants``: which rule-made defects the checks notice."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click

from registry_conformance.cli.parameters import REPORT_DIR, STORE, Known, OneOf, Whole
from registry_conformance.cli.problems import refuse

JOBS = (os.cpu_count() or 1) + 1
"""One stack more than CPU cores: a stack that waits for a timeout uses no CPU."""
LISTING = "registry-conformance mutants list"
LAYERS = ("proxy", "auth", "keys", "mlflow", "store", "client")
KINDS = ("setting", "statement", "directive", "source", "rule", "traffic")


def ids() -> Iterable[str]:
    """Return the ids of all mutants."""
    from registry_conformance.proof.mutants.catalogue import catalogue

    return catalogue()


MUTANT = Known(ids, LISTING, "ID")
"""The id of a mutant."""
_LAYER = click.option(
    "--layer", "layers", multiple=True, type=OneOf(LAYERS), help="Only mutants of this layer (may be repeated)."
)
_KIND = click.option(
    "--kind", "kinds", multiple=True, type=OneOf(KINDS), help="Only mutants of this kind (may be repeated)."
)
SUBJECTS = (
    "keys-in-parallel",
    "claims-that-are-told",
    "every-listener",
    "announced-sizes",
    "long-downloads",
    "many-at-once",
    "one-connection",
    "silence",
    "true-codings",
    "ten-and-more",
    "second-look",
    "work-of-one-request",
)
_ABOUT = click.option(
    "--about", "subjects", multiple=True, type=OneOf(SUBJECTS), help="Only mutants of this subject (may be repeated)."
)
_JOBS = click.option(
    "--jobs",
    type=Whole(1),
    default=JOBS,
    show_default=True,
    metavar="N",
    help="The number of stacks to run in parallel.",
)


@click.group()
def command() -> None:
    """Make small, rule-based changes (mutants) to the reference deployment, and find those that no check notices.

    \b
    Examples:
      registry-conformance mutants list --layer auth
      registry-conformance mutants run --sample 40 --seed 1
    """


@command.command("list")
@_LAYER
@_KIND
@_ABOUT
@click.option("--sample", type=Whole(1), metavar="N", help="Only N mutants, drawn with --seed.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="Random seed of the sample.")
def list_(
    layers: tuple[str, ...], kinds: tuple[str, ...], subjects: tuple[str, ...], sample: int | None, seed: int
) -> None:
    """List mutants: id, layer, kind, place and change."""
    from registry_conformance.proof.mutants.catalogue import catalogue, selected
    from registry_conformance.proof.mutants.catalogue import sample as drawn

    left = selected(catalogue().values(), layers, kinds, subjects)
    for each in drawn(left, sample, seed) if sample else left:
        click.echo(f"{each.id:50} {each.layer:7} {each.kind:10} {each.place}: {each.how}")


@command.command()
@click.argument("names", nargs=-1, required=True, metavar="ID...", type=MUTANT)
def show(names: tuple[str, ...]) -> None:
    """Show what a mutant changes, and which requirements cover it."""
    from registry_conformance.proof.mutants.catalogue import catalogue
    from registry_conformance.proof.mutants.story import story

    click.echo("\n\n".join("\n".join(story(catalogue()[name])) for name in names))


@command.command()
@click.argument("names", nargs=-1, metavar="[ID]...", type=MUTANT)
@_LAYER
@_KIND
@_ABOUT
@click.option("--sample", type=Whole(1), metavar="N", help="Only N mutants, spread evenly over layers and kinds.")
@click.option("--seed", type=int, metavar="S", help="Random seed of the sample (default: random, and printed).")
@click.option(
    "--depth",
    type=Whole(1),
    default=80,
    show_default=True,
    metavar="N",
    help="The most check cases to run for each mutant.",
)
@click.option("--diagnose", is_flag=True, help="Also diagnose each killed mutant; takes some seconds more.")
@click.option("--resume", is_flag=True, help="Continue an interrupted run of the same suite version.")
@click.option("--learn", is_flag=True, help="Record which check killed which mutant; the next run tries those first.")
@click.option(
    "--floor",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Exit with 1 if a smaller share of the mutants is killed.",
)
@click.option("--write-docs", is_flag=True, help="Write the score to docs/score.md (needs a checkout).")
@_JOBS
@STORE
@REPORT_DIR
def run(names: tuple[str, ...], **asked: Any) -> int:
    """Apply mutants one after the other, and run the checks that cover each until one fails.

    Writes mutants.json into the report folder, under latest/.

    \b
    Examples:
      registry-conformance mutants run --sample 40 --seed 1
      registry-conformance mutants run --layer auth --resume
      registry-conformance mutants run --about many-at-once --sample 3

    Exit codes: 0 enough are killed, 1 too few (--floor), 2 interrupted, 4 bad option, 5 nothing was judged,
    6 could not verify.
    """
    from registry_conformance.judge.locations import CHECKOUT
    from registry_conformance.proof.mutants.program import MutantsRequest
    from registry_conformance.proof.mutants.program import run as judge

    if asked["write_docs"] and CHECKOUT is None:
        raise refuse("--write-docs: the page lies in a checkout of the project: run it there")
    return judge(MutantsRequest(only=names, **asked), partial(print, flush=True))


@command.command()
@click.option("--new", is_flag=True, help="Only the cases that were never recorded.")
@_JOBS
@STORE
@REPORT_DIR
def record(new: bool, jobs: int, store: str, report_dir: Path) -> int:
    """Run the checks on the reference and record what each one covers; `run` then selects checks by that."""
    from registry_conformance.proof.mutants.program import record as recorded

    return recorded(jobs, store, report_dir, partial(print, flush=True), new=new)
