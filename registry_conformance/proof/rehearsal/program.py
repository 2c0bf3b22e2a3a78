"""``scripts/rehearse``: the live suite on a stack of our own as though it were foreign."""

from __future__ import annotations

import argparse
import random
import signal
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from registry_conformance.cli.options import Options
from registry_conformance.judge.machine import isolate
from registry_conformance.lab.stack.handle import StackError
from registry_conformance.proof.rehearsal.external_environment import create_foreign_models
from registry_conformance.proof.rehearsal.runner import ScenarioRunner
from registry_conformance.proof.rehearsal.scenario import Scenario
from registry_conformance.proof.rehearsal.scenarios import SCENARIOS
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.settings import STORES, store_named

_WHOLE = 5_500
"""Requests of a whole visit, about: where a crash is put is drawn from these."""
Say = Callable[[str], None]


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what was asked for."""
    parser = Options(prog="rehearse", description="judge a stack of our own as though it were foreign")
    parser.add_argument("--crashes", type=int, default=10, metavar="N", help="interrupt at N points (default: 10)")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="draw the same points again")
    parser.add_argument("--store", default="auto", choices=STORES, help="the S3 store (default: minio if on PATH)")
    parser.add_argument("--only", default="", choices=("", "scenes", "whole", "crashes"), help="only this part")
    parser.add_argument("--scene", default="", metavar="TEXT", help="only scenes that have this in their names")
    asked = parser.parse_args(arguments)
    if asked.scenario and not _scenarios(asked.scenario):
        parser.error(
            f"--scene={asked.scenario}: in no name of a scene; there are: {', '.join(one.name for one in SCENARIOS)}"
        )
    if asked.scenario and asked.only not in ("", "scenes"):
        parser.error(f"--scene={asked.scenario}: --only={asked.only} plays no scene")
    if asked.crashes < (1 if asked.only == "crashes" else 0):
        parser.error("--crashes is a number of 0 or more, of 1 or more with --only=crashes")
    return asked


def main(arguments: Sequence[str], say: Say) -> int:
    """Rehearse; return the exit code: 0 all as it should be, 1 not, 6 where no stack would start."""
    asked = options(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    isolate()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    try:
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            runner = ScenarioRunner(Path(folder), store_named(asked.store), say)
            try:
                wrong = _play(runner, asked, seed, say)
            finally:
                runner.close()
    except StackError as problem:
        say(f"rehearse: {problem}")
        return Exit.COULD_NOT_VERIFY
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    say(f"\n{len(wrong)} of the rehearsal went wrong" if wrong else "\nThe rehearsal went as it should.")
    return Exit.FAILED if wrong else Exit.OK


def _scenarios(text: str) -> list[Scenario]:
    return [scenario for scenario in SCENARIOS if text in scenario.name]


def _play(runner: ScenarioRunner, asked: argparse.Namespace, seed: int, say: Say) -> list[str]:
    wrong: list[str] = []
    create_foreign_models(runner.target)
    if asked.only in ("", "scenes"):
        wrong += [problem for scenario in _scenarios(asked.scenario) if (problem := runner.scenario(scenario))]
    if asked.scenario:
        return wrong
    runner.apply()
    if asked.only in ("", "whole"):
        wrong += filter(None, [runner.whole()])
    if asked.only in ("", "crashes"):
        say(f"interrupted at {asked.crashes} points (--seed={seed} draws them again)")
        points = random.Random(seed).sample(range(5, _WHOLE), asked.crashes)  # noqa: S311 - nothing secret is drawn
        wrong += [problem for point in points if (problem := runner.crash(point))]
        wrong += filter(None, [runner.crash(_WHOLE // 2, lost=True)] if asked.crashes else [])
    return wrong
