"""The command ``nightly``: from a plan to an exit code."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from registry_conformance.judge.locations import ROOT
from registry_conformance.judge.machine import child_environment, new_run_id, variable
from registry_conformance.judge.report.write import RUNS, ReportFolderError, check_writable, explained
from registry_conformance.proof.nightly import index
from registry_conformance.proof.nightly.digest import body, changed, lines, news
from registry_conformance.proof.nightly.night import BusyError, NightRun, alone, begin, copy_run, nights, publish
from registry_conformance.proof.nightly.plan import Job, NightlyPlan, NightlyPlanError
from registry_conformance.proof.nightly.result import Result, judged
from registry_conformance.proof.nightly.webhook import tell
from registry_conformance.run.child_run import end_with_parent, interrupt

USAGE, COULD_NOT, INTERRUPTED = 4, 6, 2
Say = Callable[[str], None]


def nightly(plan_file: Path, reports: Path, only: Sequence[str], say: Say, *, resume: bool) -> int:
    """Run a plan and return the exit code; 2 if interrupted, 4 for an invalid plan, 6 if another one is active."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        plan = NightlyPlan.read(plan_file)
        jobs = plan.chosen(only)
        check_writable(reports)
        with alone(reports) as lock, explained(reports):
            night = _resumed(reports, say) if resume else begin(reports)
            for job in _left(night, jobs):
                night = _judged(job, night, plan, lock, say)
            return _finish(night, plan, say)
    except (NightlyPlanError, ReportFolderError) as problem:
        say(f"nightly: {problem}")
        return USAGE
    except BusyError as problem:
        say(f"nightly: {problem}")
        return COULD_NOT
    except KeyboardInterrupt:
        say("nightly: interrupted; go on with --resume")
        return INTERRUPTED


def _resumed(reports: Path, say: Say) -> NightRun:
    """Return the last nightly run if it is unfinished, else a new one."""
    last = nights(reports)[-1:]
    if not last or last[0].finished:
        say("no night was interrupted: this is a new one")
        return begin(reports)
    say(f"going on with {last[0].folder.name}: {len(last[0].results)} targets are done")
    return last[0]


def _left(night: NightRun, jobs: Sequence[Job]) -> list[Job]:
    done = {result.name for result in night.results}
    return [job for job in jobs if job.name not in done]


def _judged(job: Job, night: NightRun, plan: NightlyPlan, lock: int, say: Say) -> NightRun:
    """Return the nightly run with the result and the reports of one job."""
    reports = night.folder.parent.parent
    say(f"{job.name}: {job.kind} {job.subject if job.kind != 'proof' else 'of the suite'} ...")
    result = _run(job, night, reports, plan.webhook, lock)
    if result.run and (reports / RUNS / result.run).is_dir():
        copy_run(reports / RUNS / result.run, night.folder / job.name)
    say(f"{job.name}: {result.sentence}")
    return night.with_result(result)


def _finish(night: NightRun, plan: NightlyPlan, say: Say) -> int:
    """Finish a nightly run, notify, and return its exit code."""
    reports = night.folder.parent.parent
    before = [each for each in nights(reports) if each.finished and each.folder != night.folder]
    night = replace(night, finished=datetime.now(UTC).isoformat(timespec="seconds"), changed=changed(night, before))
    url = (variable(plan.webhook) or "").strip() if plan.webhook else ""
    night = replace(night, told=_notify(night, news(night, before), url))
    night.write()
    digest = list(lines(night))
    (night.folder / "digest.md").write_text("\n".join(digest) + "\n")
    (night.folder / "index.html").write_text(index.render(night, reports))
    publish(night, plan.keep)
    say("")
    for line in digest:
        say(line)
    say("")
    say(f"{night.folder / 'index.html'}; webhook: {night.told}")
    return night.exit_code


def _notify(night: NightRun, names: Sequence[str], url: str) -> str:
    if not url:
        return "none is set"
    return tell(url, body(night, names)) if names else "not told: nothing changed"


def _run(job: Job, night: NightRun, reports: Path, secret: str, lock: int) -> Result:
    """Run one job until it ends or its time is up, with its output in a log in the run's folder.

    It inherits the lock: if the nightly run is killed, the job is interrupted, and the next nightly run waits for its
    clean-up.
    """
    run_id, began, problem = new_run_id(), time.monotonic(), ""
    with (night.folder / f"{job.name}.log").open("wb") as log:
        process = subprocess.Popen(
            job.command(reports, run_id),
            cwd=ROOT,
            env=child_environment(without=secret),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock,),
            preexec_fn=end_with_parent,  # noqa: PLW1509 - no threads here
        )
        try:
            process.wait(job.minutes * 60)
        except subprocess.TimeoutExpired:
            problem = f"Could not verify: not finished after {job.minutes:g} minutes, and ended."
        finally:
            interrupt(process)
    code = process.returncode if process.returncode >= 0 else 3
    if problem:
        code = COULD_NOT
    return judged(job, reports, run_id, code, time.monotonic() - began, problem)
