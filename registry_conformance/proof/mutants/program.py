"""The command ``mutants``: from its options to its exit code."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.documents.pages import SCORE, SCORE_BADGE
from registry_conformance.documents.score import render_badge, render_score, score_document
from registry_conformance.judge.locations import REGISTER, ROOT
from registry_conformance.judge.machine import isolate, new_run_id, suite_version
from registry_conformance.judge.report.proof import MUTANTS, keep
from registry_conformance.judge.report.write import ReportFolderError, check_writable
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.time_left import time_left
from registry_conformance.lab.stack.handle import Stack, StackError
from registry_conformance.proof.faults.selection import Check
from registry_conformance.proof.forked_session import HEALTHY, Job
from registry_conformance.proof.mutants import coverage, directives
from registry_conformance.proof.mutants.catalogue import catalogue, sample, selected
from registry_conformance.proof.mutants.coverage import Coverage, CoverageError
from registry_conformance.proof.mutants.equivalent import EquivalentError, reason_of, reasons
from registry_conformance.proof.mutants.journal import Journal
from registry_conformance.proof.mutants.mutant import NGINX, Mutant
from registry_conformance.proof.mutants.outcome import Fate, MutantOutcome
from registry_conformance.proof.mutants.plan import Planner
from registry_conformance.proof.mutants.record import record_coverage
from registry_conformance.proof.mutants.result import MutantResult, share
from registry_conformance.proof.mutants.session import do_jobs
from registry_conformance.proof.mutants.worker import MutantWorker
from registry_conformance.run.option_values import SettingsError
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.settings import Settings

Say = Callable[[str], None]
"""Where lines go that a person reads."""


@dataclass(frozen=True, slots=True)
class MutantsRequest:
    """What was asked for.

    ``only`` names mutants, none for all; ``layers``, ``kinds`` and ``subjects`` leave only some of these; ``sample``
    is how many are drawn, with ``seed``, ``None`` for one drawn now. ``depth`` is how many cases are tried of a mutant
    at most, ``diagnose`` whether the diagnosis is asked about what is killed; ``resume`` takes up a run that broke
    off; ``floor`` is the share of killed ones below which the exit code is 1; ``learn`` keeps what killed which for
    the next run; ``write_docs`` makes the result the one that ``docs/score.md`` tells of.
    """

    only: tuple[str, ...]
    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    subjects: tuple[str, ...]
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
    """Judge mutants, report, write; return the exit code: 0 enough are killed, 1 too few, and those of every run."""
    return _guarded(lambda settings: _run(asked, settings, say), asked.store, asked.report_dir, say)


def record(jobs: int, store: str, report_dir: Path, say: Say, *, new: bool = False) -> int:
    """Run the checks on the reference and record their coverage, of ``new`` cases alone; return the exit code."""
    return _guarded(lambda settings: record_coverage(jobs, settings, say, new=new), store, report_dir, say)


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
    """Return the mutants to judge."""
    known = catalogue()
    left = [known[name] for name in asked.only] or list(known.values())
    left = selected(left, asked.layers, asked.kinds, asked.subjects)
    return left if asked.sample is None else sample(left, asked.sample, seed)


def without_missing_proxies(mutants: Sequence[Mutant]) -> tuple[list[Mutant], dict[str, int]]:
    """Return the mutants whose proxy is on this machine, and of the others how many there are by the reason.

    They leave a sample after it was drawn: so it is the same on every machine but for them.
    """
    missing = {each.proxy: why for each in mutants if each.proxy == NGINX and (why := directives.missing())}
    left_out = Counter(missing[each.proxy] for each in mutants if each.proxy in missing)
    return [each for each in mutants if each.proxy not in missing], dict(left_out)


@dataclass
class _Session:
    """One run over mutants: earlier results, and those so far."""

    asked: MutantsRequest
    mutants: Sequence[Mutant]
    known: Coverage
    register: Register
    journal: Journal
    say: Say
    began: float = field(default_factory=time.monotonic)
    outcomes: dict[str, MutantOutcome] = field(default_factory=dict)
    green: dict[str, set[str]] = field(default_factory=dict)
    """Proxy -> the cases that passed on the reference with it: what a fork sees of it is what is known then."""

    @property
    def proxies(self) -> list[str]:
        """The proxies of the stacks that are needed still, the reference's first."""
        return sorted({each.proxy for each in self.mutants if each.id not in self.outcomes})

    def jobs(self, checks: Sequence[Check], proxy: str) -> Iterator[Job]:
        """Yield a job for each mutant of such stacks without a known result."""
        planner = Planner(checks, self.known, self.register)
        planner.prepare()
        for mutant in self.mutants:
            if mutant.proxy == proxy and mutant.id not in self.outcomes:
                plan = partial(planner.plan, mutant, self.asked.depth)
                green = self.green.setdefault(proxy, set())
                judge = partial(_judge, mutant=mutant, plan=plan, green=green, diagnose=self.asked.diagnose)
                yield Job(mutant.id, f"-{mutant.id[-8:]}", judge)

    def take(self, name: str, result: Any) -> None:
        """Store the result of a mutant."""
        outcome = result if isinstance(result, MutantOutcome) else MutantOutcome(name, Fate.UNDECIDED, str(result))
        self.outcomes[name] = outcome
        if outcome.green:
            self.green[next(each.proxy for each in self.mutants if each.id == name)].add(outcome.green)
        self.journal.add(outcome)
        done, total = len(self.outcomes), len(self.mutants)
        left = time_left(done, total, time.monotonic() - self.began)
        self.say(f"{done:5} of {total}  {name:50} {_word(outcome):70} {left}".rstrip())


def _judge(
    stack: Stack,
    checks: Sequence[Check],
    session: pytest.Session,
    mutant: Mutant,
    plan: Callable[[], list[pytest.Item]],
    green: Set[str],
    *,
    diagnose: bool,
) -> MutantOutcome:
    """In a fork: plan and judge; what the plans of all mutants need was read before the fork."""
    return MutantWorker(stack, HEALTHY, checks, session, green=green).judge_mutant(mutant, plan(), diagnose=diagnose)


def _run(asked: MutantsRequest, settings: Settings, say: Say) -> int:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    seed = random.SystemRandom().randrange(1 << 31) if asked.seed is None else asked.seed
    mutants, left_out = without_missing_proxies(chosen(asked, seed))
    register = Register.load(REGISTER)
    known = coverage.read()
    journal = Journal(asked.report_dir / "mutants.journal", f"{suite_version()} {register.version} {asked.depth}")
    session = _Session(asked, mutants, known, register, journal, say)
    session.outcomes = _known_before(mutants, journal if asked.resume else None)
    say(f"mutants: {len(mutants)} of {len(catalogue())}, seed {seed}, {asked.jobs} stacks, {asked.depth} cases at most")
    for why, count in left_out.items():
        say(f"mutants: {count} are left out: {why}")
    for proxy in session.proxies:
        problem = do_jobs(partial(session.jobs, proxy=proxy), session.take, asked.jobs, settings, proxy)
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
        left_out=left_out,
        mutants={each.id: each for each in mutants},
        outcomes=[session.outcomes[each.id] for each in mutants],
    )
    document = result.document()
    data = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    of_all = not (asked.only or asked.layers or asked.kinds or asked.subjects)
    keep(settings.report_dir, settings.run_id, {MUTANTS: data}, counts=MUTANTS if of_all else "")
    if asked.write_docs:
        _write_docs(document)
    if asked.learn:
        _learn(known, session)
    return _report(document, asked, settings.report_dir, say)


def _known_before(mutants: Sequence[Mutant], journal: Journal | None) -> dict[str, MutantOutcome]:
    """Return the results that need no run: equivalent mutants, and those judged before."""
    written = reasons()
    found = {
        each.id: MutantOutcome(each.id, Fate.EQUIVALENT, why) for each in mutants if (why := reason_of(each, written))
    }
    before = {name: each for name, each in journal.read().items() if each.fate is not Fate.UNDECIDED} if journal else {}
    return {each.id: before[each.id] for each in mutants if each.id in before} | found


def _write_docs(document: dict[str, Any]) -> None:
    kept = score_document(document)
    SCORE.with_suffix(".json").write_text(json.dumps(kept, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    SCORE.write_text(render_score(kept), encoding="utf-8")
    SCORE_BADGE.write_text(render_badge(kept), encoding="utf-8")


def _learn(known: Coverage, session: _Session) -> None:
    traits = {each.id: each.traits for each in session.mutants}
    for outcome in session.outcomes.values():
        known.learn_seconds(outcome.passed_in)
        if outcome.fate is Fate.KILLED:
            known.learn(traits[outcome.id], outcome.killed_by.partition("[")[0])
    coverage.write(known)


def _word(outcome: MutantOutcome) -> str:
    if outcome.fate is Fate.KILLED:
        return f"killed by {outcome.killed_by.rpartition('::')[2][:40]} after {outcome.tried}, {outcome.seconds:.1f} s"
    if outcome.fate is Fate.SURVIVED:
        unreached = "" if outcome.reached else ", never reached"
        return f"SURVIVED {outcome.tried} cases{unreached}, {outcome.seconds:.1f} s"
    return f"{outcome.fate}: {outcome.why[:56]}"


def _report(document: dict[str, Any], asked: MutantsRequest, reports: Path, say: Say) -> int:
    numbers = document["summary"]
    say("")
    for name, counts in {"all": numbers, **numbers["by_layer"]}.items():
        part = share(counts)
        said = ", ".join(f"{counts[fate]} {fate}" for fate in Fate if counts[fate])
        say(f"{name:8} {counts['mutants']:5} mutants: {said}" + ("" if part is None else f" ({part:.0%} killed)"))
    if numbers["diagnosis"]:
        say("diagnosis: " + ", ".join(f"{count} {what}" for what, count in numbers["diagnosis"].items()))
    say(f"{document['seconds']:.0f} s, {numbers['seconds_a_mutant']} s a mutant on one of {asked.jobs} stacks")
    latest = reports / "latest" / MUTANTS
    say(str(latest.relative_to(ROOT) if latest.is_relative_to(ROOT) else latest))
    part = share(numbers)
    if part is None:
        return Exit.NOTHING_VERIFIED
    return Exit.OK if part >= asked.floor else Exit.FAILED
