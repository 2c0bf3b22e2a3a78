"""Mutants: from what was asked for to exit code."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.documents.pages import SCORE
from registry_conformance.documents.score import render_score, score_document
from registry_conformance.judge.locations import REGISTER, ROOT, SUITES, cache_folder
from registry_conformance.judge.machine import isolate, new_run_id, suite_version
from registry_conformance.judge.report.proof import keep
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import ReportFolderError, check_writable
from registry_conformance.judge.requirement import Register
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.lab.stack.request import StackRequest
from registry_conformance.proof.faults.prover import HEALTHY
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.mutants import coverage
from registry_conformance.proof.mutants.catalogue import catalogue, sample
from registry_conformance.proof.mutants.coverage import Coverage, CoverageError
from registry_conformance.proof.mutants.equivalent import EquivalentError, reason_of, reasons
from registry_conformance.proof.mutants.journal import Journal
from registry_conformance.proof.mutants.mutant import Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome
from registry_conformance.proof.mutants.plan import Planner
from registry_conformance.proof.mutants.result import NAME, MutantResult, share
from registry_conformance.proof.mutants.runner import Errand, Runner
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.settings import Settings

PATIENCE = 60.0
"""Seconds that a part may take to be ready with a mutant in it, before that counts as one that does not start."""
RECORDED_CASES = 4
"""Cases of one check that are recorded, evenly spread."""
Say = Callable[[str], None]
"""Where lines go that a person reads."""


@dataclass(frozen=True, slots=True)
class MutantsRequest:
    """What was asked for.

    ``only`` names mutants, none for all; ``layers`` and ``kinds`` leave only some of these; ``sample`` is how many are
    drawn, with ``seed``, ``None`` for one drawn now. ``depth`` is how many cases are tried of a mutant at most,
    ``diagnose`` whether the diagnosis is asked about what is killed; ``resume`` takes up a run that broke off;
    ``floor`` is the share of killed ones below which the exit code is 1; ``learn`` keeps what killed which for the next
    run; ``write_docs`` makes the result the one that ``docs/score.md`` tells of.
    """

    only: tuple[str, ...]
    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    sample: int | None
    seed: int | None
    depth: int
    jobs: int
    store: str
    report_dir: Path
    diagnose: bool
    resume: bool
    learn: bool
    floor: float
    write_docs: bool


def run(asked: MutantsRequest, say: Say) -> int:
    """Judge mutants, tell, write; return the exit code: 0 enough are killed, 1 too few, and those of every run."""
    return _guarded(lambda settings: _run(asked, settings, say), asked.store, asked.report_dir, say)


def record(jobs: int, store: str, report_dir: Path, say: Say) -> int:
    """Run the checks on the reference and keep what each touches; return the exit code."""
    return _guarded(lambda settings: _record(jobs, settings, say), store, report_dir, say)


def _guarded(work: Callable[[Settings], int], store: str, report_dir: Path, say: Say) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    isolate()
    run_settings = {"stack": "embedded", "store": store, "fault": [], "report_dir": str(report_dir), "proxy_port": 0}
    try:
        settings = Settings.read(run_settings | {"run_id": new_run_id().replace("verify", "mutants")})
        check_writable(settings.report_dir)
        return work(settings)
    except (SettingsError, ReportFolderError, CoverageError, EquivalentError) as problem:
        say(f"mutants: {problem}")
        return Exit.USAGE
    except StackError as problem:
        say(f"mutants: could not verify: {problem}")
        return Exit.COULD_NOT_VERIFY
    except KeyboardInterrupt:
        say("mutants: interrupted; --resume goes on from here")
        return Exit.INTERRUPTED


def chosen(asked: MutantsRequest, seed: int) -> list[Mutant]:
    """Return the mutants that are to be judged."""
    known = catalogue()
    left = [known[name] for name in asked.only] or list(known.values())
    left = [each for each in left if not asked.layers or each.layer in asked.layers]
    left = [each for each in left if not asked.kinds or each.kind in asked.kinds]
    return left if asked.sample is None else sample(left, asked.sample, seed)


@dataclass
class _Session:
    """One run over mutants: what is known before, and what came home so far."""

    asked: MutantsRequest
    mutants: Sequence[Mutant]
    known: Coverage
    register: Register
    journal: Journal
    say: Say
    began: float = field(default_factory=time.monotonic)
    outcomes: dict[str, MutantOutcome] = field(default_factory=dict)

    def errands(self, checks: Sequence[Check]) -> Iterator[Errand]:
        """Yield an errand for each mutant that is to be tried; of the others it is known already what they are."""
        planner = Planner(checks, self.known, self.register)
        for mutant in self.mutants:
            if mutant.id not in self.outcomes:
                plan = partial(planner.plan, mutant, self.asked.depth)
                yield Errand(mutant.id, partial(_judge, mutant=mutant, plan=plan, diagnose=self.asked.diagnose))

    def home(self, name: str, brought: Any) -> None:
        """Take what came of a mutant."""
        outcome = brought if isinstance(brought, MutantOutcome) else MutantOutcome(name, Fate.UNDECIDED, str(brought))
        self.outcomes[name] = outcome
        self.journal.add(outcome)
        done, total = len(self.outcomes), len(self.mutants)
        left = (time.monotonic() - self.began) / done * (total - done)
        self.say(f"{done:5} of {total}  {name:50} {_word(outcome):70} about {left / 60:.0f} min left")


def _judge(worker: Any, mutant: Mutant, plan: Callable[[], list[pytest.Item]], *, diagnose: bool) -> MutantOutcome:
    """In a fork: plan and judge; a plan costs milliseconds, which the conductor need not pay."""
    found: MutantOutcome = worker.judge_mutant(mutant, plan(), diagnose=diagnose)
    return found


def _run(asked: MutantsRequest, settings: Settings, say: Say) -> int:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    seed = random.SystemRandom().randrange(1 << 31) if asked.seed is None else asked.seed
    mutants = chosen(asked, seed)
    register = Register.load(REGISTER)
    known = coverage.read()
    journal = Journal(asked.report_dir / "mutants.journal", f"{suite_version()} {register.version} {asked.depth}")
    session = _Session(asked, mutants, known, register, journal, say)
    session.outcomes = _known_before(mutants, journal if asked.resume else None)
    say(f"mutants: {len(mutants)} of {len(catalogue())}, seed {seed}, {asked.jobs} stacks, {asked.depth} cases at most")
    if len(session.outcomes) < len(mutants):
        problem = _conduct(session.errands, session.home, asked.jobs, settings)
        if problem:
            say(problem)
            return Exit.USAGE
    result = MutantResult(
        run=settings.run_id,
        suite_version=suite_version(),
        register_version=register.version,
        started=started,
        seconds=time.monotonic() - session.began,
        catalogue=len(catalogue()),
        sample=asked.sample or 0,
        seed=seed,
        depth=asked.depth,
        jobs=asked.jobs,
        mutants={each.id: each for each in mutants},
        outcomes=[session.outcomes[each.id] for each in mutants],
    )
    document = result.document()
    data = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    keep(settings.report_dir, settings.run_id, {NAME: data}, whole=False)
    if asked.write_docs:
        _write_docs(document)
    if asked.learn:
        _learn(known, session)
    return _tell(document, asked, settings.report_dir, say)


def _known_before(mutants: Sequence[Mutant], journal: Journal | None) -> dict[str, MutantOutcome]:
    """Return the outcomes that need no run: mutants that are equivalent, and those that were decided before."""
    written = reasons()
    found = {
        each.id: MutantOutcome(each.id, Fate.EQUIVALENT, why) for each in mutants if (why := reason_of(each, written))
    }
    before = {name: each for name, each in journal.read().items() if each.fate is not Fate.UNDECIDED} if journal else {}
    return {each.id: before[each.id] for each in mutants if each.id in before} | found


def _conduct(
    errands: Callable[[Sequence[Check]], Any], home: Callable[[str, Any], None], jobs: int, settings: Settings
) -> str:
    """Start a stack and do errands on its like; return why the checks could not be collected, empty if they were."""
    stack = OwnedStack(
        StackRequest(settings.run_id, HEALTHY, settings.store, settings.stack, cache=cache_folder(), patience=PATIENCE)
    )
    try:
        secrets = stack.target().secrets
        hide = Redactor(secrets)
        runner = Runner(stack, jobs, errands, lambda name, brought: home(name, _hidden(brought, hide)))
        own = [f"--stack={settings.stack}", f"--store={settings.store}", f"--report-dir={settings.report_dir}"]
        places = [str(SUITES / "contract"), str(SUITES / "local")]
        code = pytest.main([*places, "-p", "no:terminal", *own], plugins=[runner])
    finally:
        stack.close()
    if code == pytest.ExitCode.INTERRUPTED:  # pytest keeps it to itself
        raise KeyboardInterrupt
    return "\n".join(runner.problems)


def _hidden(brought: Any, hide: Redactor) -> Any:
    """Return what came home without secrets."""
    if isinstance(brought, MutantOutcome):
        brought.message, brought.why = hide.text(brought.message), hide.text(brought.why)
    return RuntimeError(hide.text(str(brought))) if isinstance(brought, Exception) else brought


def _write_docs(document: dict[str, Any]) -> None:
    kept = score_document(document)
    SCORE.with_suffix(".json").write_text(json.dumps(kept, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    SCORE.write_text(render_score(kept), encoding="utf-8")


def _learn(known: Coverage, session: _Session) -> None:
    places = {each.id: each.place for each in session.mutants}
    for outcome in session.outcomes.values():
        if outcome.fate is Fate.KILLED:
            known.learn(places[outcome.id], outcome.killed_by.partition("[")[0])
    coverage.write(known)


def _record(jobs: int, settings: Settings, say: Say) -> int:
    before = coverage.read()
    known = Coverage(dict(before.seconds), dict(before.tokens), before.kills)
    fresh, total = 0, 0

    def errands(checks: Sequence[Check]) -> Iterator[Errand]:
        nonlocal total
        asked = [each for each in checks if not each.local]
        cases = [case for each in asked for case in each.cases[:: max(1, len(each.cases) // RECORDED_CASES)]]
        cases.sort(key=lambda case: case.nodeid in before.tokens)  # what nobody knows yet first: a run may break off
        total = len(cases)
        return (Errand(case.nodeid, partial(_recorded, case=case)) for case in cases)

    def home(name: str, brought: Any) -> None:
        nonlocal fresh
        fresh += 1
        if isinstance(brought, tuple) and brought[1]:
            known.seconds[name], known.tokens[name] = brought
        if fresh % 50 == 0 or fresh == total:
            coverage.write(known)
            say(f"{fresh:5} of {total} cases recorded")

    problem = _conduct(errands, home, jobs, settings)
    if problem:
        say(problem)
        return Exit.USAGE
    coverage.write(known)
    say(f"what {len(known.tokens)} cases touch is known: {coverage.FILE.relative_to(ROOT)}")
    return Exit.OK if known.tokens else Exit.NOTHING_VERIFIED


def _recorded(worker: Any, case: pytest.Item) -> tuple[float, frozenset[str]]:
    found: tuple[float, frozenset[str]] = worker.record(case)
    return found


def _word(outcome: MutantOutcome) -> str:
    if outcome.fate is Fate.KILLED:
        return f"killed by {outcome.killed_by.rpartition('::')[2][:40]} after {outcome.tried}, {outcome.seconds:.1f} s"
    if outcome.fate is Fate.SURVIVED:
        unreached = "" if outcome.reached else ", never reached"
        return f"SURVIVED {outcome.tried} cases{unreached}, {outcome.seconds:.1f} s"
    return f"{outcome.fate}: {outcome.why[:56]}"


def _tell(document: dict[str, Any], asked: MutantsRequest, reports: Path, say: Say) -> int:
    numbers = document["summary"]
    say("")
    for name, counts in {"all": numbers, **numbers["by_layer"]}.items():
        part = share(counts)
        said = ", ".join(f"{counts[fate]} {fate}" for fate in Fate if counts[fate])
        say(f"{name:8} {counts['mutants']:5} mutants: {said}" + ("" if part is None else f" ({part:.0%} killed)"))
    if numbers["diagnosis"]:
        say("diagnosis: " + ", ".join(f"{count} {what}" for what, count in numbers["diagnosis"].items()))
    say(f"{document['seconds']:.0f} s, {numbers['seconds_a_mutant']} s a mutant on one of {asked.jobs} stacks")
    latest = reports / "latest" / NAME
    say(str(latest.relative_to(ROOT) if latest.is_relative_to(ROOT) else latest))
    part = share(numbers)
    if part is None:
        return Exit.NOTHING_VERIFIED
    return Exit.OK if part >= asked.floor else Exit.FAILED
