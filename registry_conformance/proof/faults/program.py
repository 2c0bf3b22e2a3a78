"""The command ``prove``: from its options to its exit code."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.locations import REGISTER, ROOT, SUITES, cache_folder
from registry_conformance.judge.machine import isolate, new_run_id, suite_version
from registry_conformance.judge.report.proof import PROOF, keep
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import ReportFolderError, check_writable
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.time_left import time_left
from registry_conformance.lab.faults.catalogue import CATALOGUE
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.faults.conditions import behind_a_slow_line, every_core_busy
from registry_conformance.proof.faults.jobs import ProofJobs
from registry_conformance.proof.faults.outcome import FaultOutcome
from registry_conformance.proof.faults.page import page
from registry_conformance.proof.faults.reasons import REASONS
from registry_conformance.proof.faults.replay import DIAGNOSIS, lines
from registry_conformance.proof.faults.score import Proof
from registry_conformance.proof.faults.stored_facts import FOLDER
from registry_conformance.proof.faults.stored_facts import HEALTHY as HEALTHY_LOOK
from registry_conformance.proof.forked_session import HEALTHY, ForkedSession
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.settings import Settings

ROUNDS = 5
Say = Callable[[str], None]
"""Where lines go that a person reads."""


@dataclass(frozen=True, slots=True)
class ProofRequest:
    """What a proof was asked for.

    ``only`` names faults, none for all; ``sample`` is how many of these are drawn by ``seed``, which is drawn itself if
    it is ``None``. ``rounds`` on the reference are ``None`` for as many as the rest calls for; ``jobs`` is how many
    stacks there are at once. ``busy`` keeps every core busy meanwhile, ``slow`` lets each request to the proxy wait.
    """

    only: tuple[str, ...]
    rounds: int | None
    jobs: int
    stack: str
    store: str
    report_dir: Path
    thorough: bool
    sample: int | None = None
    seed: int | None = None
    busy: bool = False
    slow: bool = False


def prove(asked: ProofRequest, say: Say) -> int:
    """Run the proof, report, write; return the exit code.

    0: every fault is caught and named; 1: not; and those of every run.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    isolate()
    run = {
        "stack": asked.stack,
        "store": asked.store,
        "fault": [],
        "report_dir": str(asked.report_dir),
        "proxy_port": 0,
    }
    try:
        settings = Settings.read(run | {"run_id": new_run_id().replace("verify", "prove")})
        check_writable(settings.report_dir)
        return _prove(asked, settings, say)
    except (SettingsError, ReportFolderError) as problem:
        say(f"prove: {problem}")
        return Exit.USAGE
    except StackError as problem:
        say(f"prove: could not verify: {problem}")
        return Exit.COULD_NOT_VERIFY
    except KeyboardInterrupt:
        say("prove: interrupted; nothing was written")
        return Exit.INTERRUPTED


def _rounds(asked: ProofRequest, *, part: bool) -> int:
    """Return how many rounds on the reference there are: as many as were asked for, else none if a part is proved."""
    if asked.rounds is not None:
        return asked.rounds
    return 0 if part else ROUNDS


def _prove(asked: ProofRequest, settings: Settings, say: Say) -> int:
    began, started = time.monotonic(), datetime.now(UTC)
    part = bool(asked.only) or asked.sample is not None
    rounds = _rounds(asked, part=part)
    healthy = behind_a_slow_line(HEALTHY) if asked.slow else HEALTHY
    work = ProofJobs(chosen(asked, say), rounds, _Progress(began, say).tell, asked.thorough, healthy)
    say(f"proving: {len(work.faults)} faults, {rounds} rounds on the reference, {asked.jobs} {settings.stack} stacks")
    if asked.busy or asked.slow:
        say("meanwhile: " + ", ".join(["every core is kept busy"] * asked.busy + ["the line is slow"] * asked.slow))
    stack = OwnedStack(StackRequest(settings.run_id, HEALTHY, settings.store, settings.stack, cache=cache_folder()))
    try:
        secrets = stack.target().secrets
        session = ForkedSession(stack, asked.jobs, work.of, work.take)
        quiet = ["-p", "no:terminal"]
        own = [f"--stack={settings.stack}", f"--store={settings.store}", f"--report-dir={settings.report_dir}"]
        with every_core_busy() if asked.busy else nullcontext():
            code = pytest.main([str(SUITES / "contract"), str(SUITES / "local"), *quiet, *own], plugins=[session])
    finally:
        stack.close()
    interrupted = code == pytest.ExitCode.INTERRUPTED  # pytest keeps it to itself
    if interrupted and not work.outcomes:
        raise KeyboardInterrupt
    if session.problems or not work.outcomes:
        say("\n".join(session.problems) or f"prove: the checks could not be collected ({code})")
        return Exit.USAGE
    proof = Proof(
        run=settings.run_id,
        suite_version=suite_version(),
        register=Register.load(REGISTER),
        outcomes=work.outcomes,
        checks=work.checks,
        reasons=REASONS,
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=time.monotonic() - began,
        whole=not (part or asked.busy or asked.slow or interrupted),
    )
    _write(proof, settings.report_dir, Redactor(secrets))
    stands = _report(proof, settings.report_dir, say)
    if interrupted:
        say(f"prove: interrupted after {len(work.outcomes)} of {len(work.faults) + rounds}; these were written")
    return Exit.INTERRUPTED if interrupted else stands


def _write(proof: Proof, reports: Path, redactor: Redactor) -> None:
    document = redactor.value(proof.document())
    data = _json(document)
    measured = redactor.value(proof.diagnosis())
    files = {PROOF: data, "faults.html": page(document, measured).encode(), DIAGNOSIS: _json(measured)}
    for number, look in enumerate(proof.looks):
        name = f"{HEALTHY_LOOK}-{number}" if look.fault == HEALTHY_LOOK else look.fault
        files[f"{FOLDER}/{name}.json"] = _json(redactor.value(look.document()))
    keep(reports, proof.run, files, counts=PROOF if proof.whole else "")


def _json(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def chosen(asked: ProofRequest, say: Say) -> tuple[str, ...]:
    """Return the faults to inject, in the catalogue's order; print the seed of a sample."""
    names = asked.only or tuple(CATALOGUE)
    if asked.sample is None or asked.sample >= len(names):
        return names
    seed = random.SystemRandom().randrange(1_000_000) if asked.seed is None else asked.seed
    say(f"{asked.sample} of {len(names)} faults (--seed={seed} draws them again)")
    drawn = set(random.Random(seed).sample(sorted(names), asked.sample))  # noqa: S311 - no secret
    return tuple(name for name in names if name in drawn)


def _report(proof: Proof, reports: Path, say: Say) -> int:
    summary = proof.summary()
    faults = summary["faults"]
    say(f"\nfaults armed and confirmed: {summary['armed']} of {faults}")
    say(f"caught: {summary['caught']} of {faults}")
    say(f"diagnosed right: {summary['named_first']} at first place, {summary['named_in_three']} in the first three")
    say(f"false alarms in {summary['reference_rounds']} rounds on the reference: {len(summary['false_alarms'])}")
    if proof.whole:
        bare = [name for name, reason in summary["checks_no_fault_kills"].items() if not reason]
        say(f"checks that no fault kills: {len(bare)} of {summary['checks']} without a written reason")
        say(f"requirements that no fault turns red: {len(summary['requirements_unproven'])}")
    for name, why in summary["inapplicable"].items():
        say(f"not on this target: {name}: {why}")
    shortcomings = proof.shortcomings()
    for line in shortcomings:
        say(f"- {line}")
    if proof.looks:
        say("\n".join(lines(proof.judged_looks(), ())))
    latest = reports / "latest"
    where = latest.relative_to(ROOT) if latest.is_relative_to(ROOT) else latest
    say(f"{proof.seconds:.0f} s; {where}/faults.json, {where}/faults.html")
    return Exit.OK if proof.stands else Exit.FAILED


class _Progress:
    """One line for each result: progress, result, remaining time."""

    def __init__(self, began: float, say: Say) -> None:
        self._began = began
        self._say = say

    def tell(self, work: ProofJobs) -> None:
        """Print the latest result."""
        last, done, total = work.outcomes[-1], len(work.outcomes), len(work.faults) + work.rounds
        left = time_left(done, total, time.monotonic() - self._began)
        self._say(f"{done:4} of {total}  {last.name or 'the reference':36} {_word(last):44} {left}".rstrip())


def _word(outcome: FaultOutcome) -> str:
    if outcome.problem:
        return f"PROBLEM {outcome.problem[:60]}"
    if not outcome.name:
        red = [seen.check.rpartition("::")[2] for seen in outcome.red]
        return f"{len(outcome.seen)} cases, " + (f"RED {', '.join(red[:3])}" if red else "0 red")
    if outcome.inapplicable:
        return "not on this target"
    if not outcome.armed:
        return f"NOT ARMED {outcome.unconfirmed[:60]}"
    caught = f"caught by {len(outcome.caught_by)}" if outcome.caught else "MISSED"
    named = {0: "NOT NAMED", 1: "named"}.get(outcome.place, f"named at place {outcome.place}")
    return f"{caught}, {named}, {outcome.seconds:.0f} s"
