"""The controller of a run: brings the target up, collects the records, writes the reports, ends everything."""

from __future__ import annotations

import pickle
import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from registry_conformance.judge.machine import command_line, suite_version
from registry_conformance.judge.report import tally
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.proof import score
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.summary import conclusion, summary
from registry_conformance.judge.report.tally import RED
from registry_conformance.judge.report.write import ReportFolderError, check_writable
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.target.token import learn
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.external.store import ExternalStore
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.run.session.arguments import whole
from registry_conformance.run.session.context import Context
from registry_conformance.run.session.exit_codes import Exit, exit_code, left_behind
from registry_conformance.run.session.failure_diagnosis import diagnosed
from registry_conformance.run.session.header import judged
from registry_conformance.run.session.live_run import LiveRun, beyond, only_the_way
from registry_conformance.run.session.progress import Progress, hush
from registry_conformance.run.session.reporting import cache_folder, durations, remember_durations, report
from registry_conformance.run.session.stack_request import stack_request
from registry_conformance.run.session.step_reporter import TELLER

RUN_CONTROLLER = "conformance-conductor"
"""The name of the plugin that conducts a run."""
REFUSAL = "conformance_refusal"
"""Where a worker puts the reason why it refused to collect."""


class RunController:
    """Stands in the process that the user started, with or without xdist workers."""

    def __init__(
        self,
        config: pytest.Config,
        context: Context,
        live: LiveRun | None = None,
        elsewhere: ExternalStore | None = None,
    ) -> None:
        self._config = config
        self._elsewhere = elsewhere
        self._live = live
        self._context = context
        self._settings = context.settings
        self._register = context.register
        self._records: dict[str, CheckRecord] = {}
        self._spool = Spool()
        self._started, self._clock = datetime.now(UTC), time.monotonic()
        self._stack: OwnedStack | None = None
        self._problem = ""
        self._refusal = ""
        self._broken: dict[str, str] = {}
        self.target: Target | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Bring the stack up before anything is collected; end with exit code 6 where that fails."""
        del session
        if self._config.option.collectonly:
            return
        self._terminal: TerminalReporter = self._config.pluginmanager.getplugin("terminalreporter")
        hush(self._terminal, self._config)
        live_line = Progress(self._terminal, self._workers(), durations(self._config), self._register)
        self._progress = self._config.stash.get(TELLER, live_line)
        try:
            check_writable(self._settings.report_dir)
        except ReportFolderError as problem:
            pytest.exit(str(problem), returncode=Exit.USAGE)
        try:
            self._stack, self.target = self._bring_up()
        except StackError as problem:
            self._problem = str(problem)
            self._report(self._run_record(Exit.COULD_NOT_VERIFY))
            self._close()
            pytest.exit("could not verify", returncode=Exit.COULD_NOT_VERIFY)
        except BaseException:
            self._close()
            raise

    def pytest_report_header(self) -> list[str]:
        """Say who is judged, with which versions, and what the target lets us see."""
        if self.target is None:
            return self._settings.lines()
        return [*self._settings.lines(), *judged(self.target)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the target to a worker."""
        node.workerinput["conformance"] = {
            "run_id": self._settings.run_id,
            "address": self._stack.address if self._stack else "",
        } | ({"target": pickle.dumps(self.target)} if self._live else {})

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Learn from the workers what will run."""
        del node
        self._progress.expect(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Learn from a worker that ended why it refused to collect."""
        del error
        self._refusal = self._refusal or getattr(node, "workeroutput", {}).get(REFUSAL, "")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what a file of checks that cannot be read said."""
        if report.failed:
            self._broken[report.nodeid] = report.longreprtext

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn what will run."""
        if self.target is not None and session.items:
            self._progress.expect([item.nodeid for item in session.items])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a check's record from its last report; a worker that died leaves one without."""
        learn(getattr(report, "tokens", ()))
        raw = getattr(report, "check", None)
        if raw is not None:
            record: CheckRecord = pickle.loads(raw)  # noqa: S301 - from a worker of this run
        elif report.when not in {"setup", "call", "teardown"}:
            record = CheckRecord(report.nodeid, (), Verdict.ERROR, 0.0, message=str(report.longrepr))
        else:
            return
        if record.verdict in RED and self._lost_a_part() and record.verdict >= Verdict.FAILED:
            record = replace(record, verdict=Verdict.INCONCLUSIVE)
        self._records[record.nodeid] = replace(record, evidence=self._spool.keep(record.evidence))
        self._progress.done(record)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Keep pytest's dots away where the live line speaks."""
        if self._config.option.verbose > 0 or report.outcome not in {"passed", "failed", "skipped"}:
            return None
        if report.when == "call" or report.outcome != "passed":
            return report.outcome, "", ""
        return "", "", ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """After everyone else: decide the exit code, write the reports, say it in one sentence, end the stack."""
        try:
            if self.target is not None:
                self._progress.end()
            yield
            if self._refusal:
                self._terminal.write_line(f"ERROR: {self._refusal}", red=True)
                session.exitstatus = Exit.USAGE
            elif self.target is not None and exitstatus != pytest.ExitCode.USAGE_ERROR:
                for nodeid, said in self._broken.items():
                    self._terminal.write_line(f"ERROR: {nodeid} cannot be read:\n{said}", red=True)
                ended = pytest.ExitCode.INTERNAL_ERROR if self._broken else exitstatus
                session.exitstatus = self._conclude(int(ended))
        finally:
            self._close()

    def _conclude(self, ended: int) -> Exit:
        """Explain what is red, clean up after a visit, which the probes are part of, and report; return the code."""
        if self._live:
            self._problem = self._problem or self._live.given_up()
            ended = self._excuse(self._live, ended)
        run = self._run_record(self._code(ended))
        try:
            run = self._explained(run)
        finally:
            leftovers = self._live.close(self._terminal.write_line) if self._live else ()
        if self._live:
            code = self._code(ended, leftovers)
            run = replace(run, exit_code=code, leftovers=leftovers, spent=self._live.spent)
        elif self._stack is not None and self._settings.store_url:
            run = left_behind(run, self._stack)
        return self._report(run)

    def _excuse(self, live: LiveRun, ended: int) -> int:
        """Excuse what is expected to fail; return what pytest's exit status is then."""
        red = {nodeid for nodeid, record in self._records.items() if record.verdict in RED}
        judged = live.excused(list(self._records.values()), whole=whole(self._config))
        self._records = {record.nodeid: record for record in judged}
        all_excused = red and not any(record.verdict in RED for record in judged)
        return pytest.ExitCode.OK if all_excused and ended == pytest.ExitCode.TESTS_FAILED else ended

    def _code(self, ended: int, leftovers: Sequence[str] = ()) -> Exit:
        """Return the exit code; of a registration told step by step, having found the way there proves nothing yet."""
        told = TELLER in self._config.stash
        counted = (record for record in self._records.values() if not (told and only_the_way(record)))
        return exit_code(ended, [record.verdict for record in counted], self._problem, leftovers=bool(leftovers))

    def _explained(self, run: RunRecord) -> RunRecord:
        """Return a run with its diagnosis, where there is somebody to be asked for it."""
        if self.target is None or run.exit_code == Exit.INTERRUPTED:
            return run
        if run.problem and not (self._live and self._live.silent):
            return run
        return diagnosed(run, self.target)

    def _bring_up(self) -> tuple[OwnedStack | None, Target]:
        settings = self._settings
        if self._live is not None:
            self._context.given = self._live.open(self._terminal.write_line)
            return None, self._context.given
        if self._context.given is not None:
            return None, self._context.given
        self._terminal.write_line(
            f"starting the {settings.stack} stack ({settings.store} store, {settings.backend}) ..."
        )
        order = stack_request(settings, cache_folder(self._config), self._elsewhere)
        stack = self._stack = OwnedStack(order)
        self._context.address = stack.address
        target = stack.target()
        slowest = sorted(stack.seconds().items(), key=lambda item: -item[1])
        took = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in slowest)
        self._terminal.write_line(f"ready after {time.monotonic() - self._clock:.1f} s ({took})")
        return stack, target

    def _lost_a_part(self) -> bool:
        """Return whether the stack has lost a part, and stop the run then: what comes after would only repeat it."""
        if self._live is not None and not self._problem:
            self._problem = self._live.given_up()
            return self._stopped() if self._problem else False
        if self._stack is None or self._problem:
            return bool(self._problem)
        try:
            dead = self._stack.obituaries()
        except StackError as problem:
            dead = [str(problem)]
        if not dead:
            return False
        self._problem = "\n".join(dead)
        return self._stopped()

    def _stopped(self) -> bool:
        """End the run before the next check."""
        for plugin in ("session", "dsession"):
            if runner := self._config.pluginmanager.getplugin(plugin):
                runner.shouldstop = tally.first_line(self._problem)
        return True

    def _report(self, run: RunRecord) -> Exit:
        redactor = Redactor(self.target.secrets if self.target else ())
        remember_durations(self._config, self._records)
        told = conclusion if TELLER in self._config.stash else summary
        return report(run, self._settings.report_dir, self.target, redactor, self._terminal.write_line, told)

    def _run_record(self, code: Exit) -> RunRecord:
        name = {"name": f"the {self._settings.stack} stack", "kind": self._settings.stack}
        nothing: dict[str, Any] = {
            "doors": {},
            "versions": {},
            "capabilities": {},
            "ways": {},
            "faults": list(self._settings.faults),
        }
        return RunRecord(
            run_id=self._settings.run_id,
            suite_version=suite_version(),
            register=self._register,
            target=self.target.describe() if self.target else name | nothing,
            started=self._started.isoformat(timespec="milliseconds"),
            finished=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=time.monotonic() - self._clock,
            exit_code=code,
            command=command_line(),
            problem=self._problem,
            records=list(self._records.values()),
            beyond=self._beyond(),
            series=self.target.name + (self._settings.rerun_options if self._stack else "")
            if self.target
            else name["name"],
            whole=whole(self._config),
            client=version("mlflow"),
            fault_score=score(self._settings.report_dir, suite_version(), self._register.version),
        )

    def _beyond(self) -> dict[str, str]:
        """Return requirement id -> why no check can judge it here: it is not promised, or needs another target."""
        if self._settings.plan:
            return {}
        unasked = {}
        if self.target is not None:
            promises = self.target.promises
            found = {each.id: promises.unasked(each.profile, each.feature) for each in self._register.values()}
            unasked = {name: why for name, why in found.items() if why}
        return beyond(live=self._live is not None) | unasked

    def _workers(self) -> int:
        return len(getattr(self._config.option, "tx", None) or ())

    def _close(self) -> None:
        if self._stack is not None:
            self._stack.close()
            for one in self._stack.left:
                self._terminal.write_line(f"left behind: {one}", red=True)
            self._stack = None
