"""The controller of a run: starts the target, collects the records, writes the reports, ends the run."""

from __future__ import annotations

import pickle
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.terminal import TerminalReporter

from registry_conformance.judge.end_requests import EndRequests, Stopped
from registry_conformance.judge.output import RobustOutput
from registry_conformance.judge.report import tally
from registry_conformance.judge.report.console import keep_secret
from registry_conformance.judge.report.write import ReportFolderError, check_writable
from registry_conformance.judge.target.ledger import LedgerError
from registry_conformance.judge.target.target import Target
from registry_conformance.judge.target.token import learn
from registry_conformance.judge.temporary import remove_abandoned
from registry_conformance.judge.verdict import Verdict
from registry_conformance.lab.external.store import ExternalStore
from registry_conformance.lab.stack.handle import OwnedStack, StackError
from registry_conformance.run.leftovers import sweep
from registry_conformance.run.session.context import REFUSAL, Context
from registry_conformance.run.session.exit_codes import Exit
from registry_conformance.run.session.header import judged
from registry_conformance.run.session.parts_watch import PartsWatch
from registry_conformance.run.session.progress import Progress, silence_pytest
from registry_conformance.run.session.records import Records
from registry_conformance.run.session.reporting import cache_folder, durations
from registry_conformance.run.session.run_end import RunEnd
from registry_conformance.run.session.run_record import RunClock
from registry_conformance.run.session.stack_request import stack_request
from registry_conformance.run.session.step_reporter import TELLER
from registry_conformance.run.session.workers import Workers

if TYPE_CHECKING:
    from registry_conformance.run.session.live_run import LiveRun


class RunController:
    """Runs in the process that the user started, with or without xdist workers."""

    def __init__(
        self,
        config: pytest.Config,
        context: Context,
        live: LiveRun | None = None,
        external_store: ExternalStore | None = None,
    ) -> None:
        self._config = config
        self._external_store = external_store
        self._live = live
        self._context = context
        self._settings = context.settings
        self._register = context.register
        self._records = Records()
        self._clock = RunClock(config, context)
        self._stack: OwnedStack | None = None
        self._problem = ""
        self._refusal = ""
        self._broken: dict[str, str] = {}
        self._due: set[str] = set()
        self._workers = Workers()
        self._watch = PartsWatch(live)
        self._requests = EndRequests()
        self.target: Target | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Start the stack before anything is collected; end with exit code 6 if that fails."""
        del session
        if self._config.option.collectonly:
            return
        self._terminal: TerminalReporter = self._config.pluginmanager.getplugin("terminalreporter")
        self._requests.install()
        silence_pytest(self._terminal, self._config)
        if not isinstance(self._terminal._tw._file, RobustOutput):
            self._terminal._tw._file = RobustOutput(self._terminal._tw._file)
        live_line = Progress(self._terminal, self._number_of_workers(), durations(self._config), self._register)
        self._progress = self._config.stash.get(TELLER, live_line)
        try:
            check_writable(self._settings.report_dir)
        except ReportFolderError as problem:
            raise pytest.UsageError(str(problem)) from problem
        try:
            self._stack, self.target = self._bring_up()
            keep_secret(self.target.secrets)
            live_line.ignore_doors(door.name for door in self.target.doors if door.broken)
        except (StackError, LedgerError) as problem:
            self._problem = str(problem)
            self._end.report_failed_start()
            self._close()
            pytest.exit("could not verify", returncode=Exit.COULD_NOT_VERIFY)
        except BaseException:
            with self._requests.noting():
                self._close()
            raise

    def pytest_report_header(self) -> list[str]:
        """Print the target, its versions, and its capabilities."""
        if self.target is None:
            return self._settings.lines()
        return [*self._settings.lines(), *judged(self.target)]

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send the target to a worker."""
        node.workerinput["conformance"] = {
            "run_id": self._settings.run_id,
            "address": self._stack.address if self._stack else "",
            "register": self._settings.register,
        } | ({"target": pickle.dumps(self.target)} if self._live else {})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """Register a worker's process."""
        self._workers.add(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        """Learn the collected checks from a worker."""
        del node
        self._expect(ids)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Keep the reason why a worker rejected the collection."""
        del error
        self._refusal = self._refusal or getattr(node, "workeroutput", {}).get(REFUSAL, "")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the error of a check file that cannot be imported."""
        if report.failed:
            self._broken[report.nodeid] = report.longreprtext

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn the collected checks."""
        if self.target is not None and session.items:
            self._expect([item.nodeid for item in session.items])

    def _expect(self, ids: list[str]) -> None:
        self._due = set(ids)
        self._progress.expect(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a check's record from its last report; if its worker died, from the first."""
        learn(getattr(report, "tokens", ()))
        record = self._records.ended(report)
        if record is None:
            return
        if self._watch.is_due(record) and self._lost_a_part() and record.verdict >= Verdict.FAILED:
            record = replace(record, verdict=Verdict.INCONCLUSIVE)
        if self._records.keep(record):
            self._progress.done(record)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Suppress pytest's dots if the progress line is shown."""
        if self._config.option.verbose > 0 or report.outcome not in {"passed", "failed", "skipped"}:
            return None
        if report.when == "call" or report.outcome != "passed":
            return report.outcome, "", ""
        return "", "", ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_keyboard_interrupt(self) -> Generator[None, None, None]:
        """Only note further requests while pytest takes the first: one more would break off the end of the run."""
        self._requests.only_note()
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        """After all other plugins: decide the exit code, write the reports, print the conclusion, stop the stack."""
        try:
            if self._requests.reason:
                with self._requests.noting():
                    self._workers.end()
                    remove_abandoned(self._settings.run_id)
            if self.target is not None:
                self._progress.end()
            with suppress(Stopped):
                yield
            if self._refusal:
                self._terminal.write_line(f"ERROR: {self._refusal}", red=True)
                session.exitstatus = Exit.USAGE
            elif self.target is not None and exitstatus != pytest.ExitCode.USAGE_ERROR:
                for nodeid, said in self._broken.items():
                    self._terminal.write_line(f"ERROR: {nodeid} cannot be read:\n{said}", red=True)
                ended = pytest.ExitCode.INTERNAL_ERROR if self._broken else exitstatus
                with self._requests.noting():
                    self._lost_a_part()
                    session.exitstatus = self._end.conclude(int(ended))
        finally:
            with suppress(Stopped), self._requests.giving_way(to_request=3):
                self._close()
            self._requests.only_note()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_unconfigure(self) -> Generator[None, None, None]:
        """Restore the handling of signals once pytest itself is done."""
        try:
            yield
        finally:
            self._requests.remove()

    @property
    def _end(self) -> RunEnd:
        """The end of the run, from what is known now."""
        return RunEnd(
            self._config,
            self._settings,
            self._terminal,
            self._requests,
            self._clock,
            self._records,
            len(self._due),
            self._problem,
            self.target,
            self._stack,
            self._live,
        )

    def _bring_up(self) -> tuple[OwnedStack | None, Target]:
        settings = self._settings
        for swept in sweep(containers=settings.stack == "docker" and self._live is None):
            self._terminal.write_line(swept)
        if self._live is not None:
            self._context.given = self._live.open(self._terminal.write_line)
            return None, self._context.given
        if self._context.given is not None:
            return None, self._context.given
        self._terminal.write_line(
            f"starting the {settings.stack} stack ({settings.store} store, {settings.backend}) ..."
        )
        order = stack_request(settings, cache_folder(self._config), self._external_store)
        stack = self._stack = self._watch.stack = OwnedStack(order)
        self._context.address = stack.address
        target = stack.target()
        slowest = sorted(stack.seconds().items(), key=lambda item: -item[1])
        took = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in slowest)
        self._terminal.write_line(f"ready after {self._clock.seconds:.1f} s ({took})")
        return stack, target

    def _lost_a_part(self) -> bool:
        """Return whether a part of the target is gone; later failures would only repeat that, so the run stops."""
        if not self._problem and not self._requests.reason:
            self._problem = self._watch.problem()
            return self._stopped() if self._problem else False
        return bool(self._problem)

    def _stopped(self) -> bool:
        """Stop the run before the next check."""
        for plugin in ("session", "dsession"):
            if runner := self._config.pluginmanager.getplugin(plugin):
                runner.shouldstop = tally.first_line(self._problem)
        return True

    def _number_of_workers(self) -> int:
        return len(getattr(self._config.option, "tx", None) or ())

    def _close(self) -> None:
        if self._stack is not None:
            self._stack.close()
            for one in self._stack.left:
                self._terminal.write_line(f"left behind: {one}", red=True)
            self._stack = None
