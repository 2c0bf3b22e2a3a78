"""The command ``rehearse``."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from registry_conformance.judge.machine import isolate
from registry_conformance.judge.temporary import temporary_folder
from registry_conformance.lab.stack.handle import StackError
from registry_conformance.proof.rehearsal.crash import drawn
from registry_conformance.proof.rehearsal.external_environment import create_foreign_models
from registry_conformance.proof.rehearsal.runner import ScenarioRunner
from registry_conformance.proof.rehearsal.scenario import Scenario
from registry_conformance.proof.rehearsal.scenarios import SCENARIOS
from registry_conformance.run.option_values import store_named
from registry_conformance.run.session.exit_codes import Exit

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """What a rehearsal was asked for; ``only`` is a part of it, ``scene`` a text that scenarios' names have.

    ``sample`` is how many scenarios are drawn by the seed, ``None`` for all.
    """

    crashes: int
    seed: int | None
    store: str
    only: str | None
    scene: str
    sample: int | None = None


class RehearsalError(ValueError):
    """The requested rehearsal is not possible; the message says why."""


def rehearse(asked: RehearsalRequest, say: Say) -> int:
    """Rehearse; return the exit code: 0 as expected, 1 not, 6 if no stack started."""
    _check(asked)
    isolate()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1_000_000)
    try:
        with temporary_folder("rehearsal-") as folder:
            runner = ScenarioRunner(folder, store_named(asked.store), say)
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


def _check(asked: RehearsalRequest) -> None:
    if asked.scene and not _scenarios(asked.scene):
        names = ", ".join(one.name for one in SCENARIOS)
        raise RehearsalError(f"--scene={asked.scene}: in no name of a scenario; there are: {names}")
    if asked.scene and asked.only not in (None, "scenes"):
        raise RehearsalError(f"--scene={asked.scene}: --only={asked.only} plays no scenario")
    if asked.sample and (asked.scene or asked.only not in (None, "scenes")):
        raise RehearsalError(f"--sample={asked.sample}: draws from all scenarios; leave out --scene and --only")
    if asked.only == "crashes" and asked.crashes < 1:
        raise RehearsalError("--crashes is a number of 1 or more with --only=crashes")


def _scenarios(text: str) -> list[Scenario]:
    """Return the scenarios with a text in their names; those that take hours only if no other has it."""
    named = [scenario for scenario in SCENARIOS if text in scenario.name]
    return [scenario for scenario in named if not scenario.long] or named


def _sampled(asked: RehearsalRequest, seed: int, say: Say) -> list[Scenario]:
    """Return the scenarios to run, in order."""
    found = _scenarios(asked.scene)
    if not asked.sample or asked.sample >= len(found):
        return found
    say(f"{asked.sample} of {len(found)} scenarios (--seed={seed} draws them again)")
    chosen = sorted(random.Random(seed).sample(range(len(found)), asked.sample))  # noqa: S311 - no secret
    return [found[number] for number in chosen]


def _play(runner: ScenarioRunner, asked: RehearsalRequest, seed: int, say: Say) -> list[str]:
    wrong: list[str] = []
    create_foreign_models(runner.target)
    if asked.only in (None, "scenes"):
        wrong += [problem for scenario in _sampled(asked, seed, say) if (problem := runner.scenario(scenario))]
    if asked.scene:
        return wrong
    runner.apply()
    if asked.only in (None, "whole") and not asked.sample:
        wrong += filter(None, [runner.whole()])
    if asked.only in (None, "crashes"):
        say(f"{asked.crashes} crashes (--seed={seed} draws them again)")
        crashes = drawn(asked.crashes, seed)
        crashes += [replace(crashes[0], lost=True)] if crashes else []
        wrong += [problem for crash in crashes if (problem := runner.crash(crash))]
    return wrong
