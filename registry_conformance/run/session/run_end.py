"""The end of a run: diagnosis, clean-up, reports, exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.terminal import TerminalReporter

from registry_conformance.judge.end_requests import EndRequests, Stopped
from registry_conformance.judge.report import attestation
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.summary import conclusion, in_brief, in_short, summary
from registry_conformance.judge.report.tally import RED, plural
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.stack.handle import OwnedStack
from registry_conformance.run.session.arguments import whole
from registry_conformance.run.session.exit_codes import Exit, exit_code, left_behind
from registry_conformance.run.session.failure_diagnosis import diagnosed
from registry_conformance.run.session.fitted import fitting
from registry_conformance.run.session.live_request import only_the_way
from registry_conformance.run.session.load_diagnosis import diagnosed_load
from registry_conformance.run.session.load_request import OUTCOME
from registry_conformance.run.session.records import Records
from registry_conformance.run.session.reporting import remember_durations, report, share_allure
from registry_conformance.run.session.run_record import RunClock
from registry_conformance.run.session.step_reporter import TELLER
from registry_conformance.run.settings import Settings

if TYPE_CHECKING:
    from registry_conformance.run.session.live_run import LiveRun


@dataclass(frozen=True, slots=True)
class RunEnd:
    """Ends a run that has no more checks to run: ``due`` is how many it had, ``problem`` why it stopped early."""

    config: pytest.Config
    settings: Settings
    terminal: TerminalReporter
    requests: EndRequests
    clock: RunClock
    records: Records
    due: int
    problem: str
    target: Target | None
    stack: OwnedStack | None
    live: LiveRun | None

    def conclude(self, ended: int) -> Exit:
        """Diagnose failures, clean up the live target (probes included), and report; return the exit code."""
        if self.live:
            ended = self._excuse(self.live, ended)
        if self.requests.reason:  # pytest forgets that it was interrupted if it is interrupted once more
            ended = pytest.ExitCode.INTERRUPTED
        run = self._run_record(self._code(ended))
        if self.live and self.requests.reason:
            self._keep_what_is_judged(run, self.live)
        try:
            with suppress(Stopped), self.requests.giving_way(to_request=1):
                run = self._explained(run)
        finally:
            leftovers = self._cleaned_up(self.live) if self.live else ()
        if self.live:
            code = self._code(pytest.ExitCode.INTERRUPTED if self.requests.reason else ended, leftovers)
            run = replace(run, exit_code=code, leftovers=leftovers, spent=self.live.spent)
        elif self.stack is not None and self.settings.store_url:
            run = left_behind(run, self.stack)
        return self._report(run)

    def report_failed_start(self) -> Exit:
        """Report a run whose target did not start; return the exit code."""
        return self._report(self._run_record(Exit.COULD_NOT_VERIFY))

    def _keep_what_is_judged(self, run: RunRecord, live: LiveRun) -> None:
        """Write the reports before the clean-up: a run that was asked to end may be killed during it."""
        self._write(replace(run, leftovers=live.not_cleaned_up()), lambda _: None)
        self.terminal.write_line(f"stopped by {self.requests.reason}: the report is written, cleaning up now ...")

    def _cleaned_up(self, live: LiveRun) -> tuple[str, ...]:
        """Clean up, unless the user asked a second time to end; return what is left."""
        try:
            with self.requests.giving_way(to_request=2):
                return live.close(self.terminal.write_line)
        except Stopped:
            self.terminal.write_line("clean-up: cut short; the ledger has what is left, and scripts/janitor removes it")
            return live.not_cleaned_up()

    def _excuse(self, live: LiveRun, ended: int) -> int:
        """Apply expected failures; return pytest's exit status then."""
        red = any(record.verdict in RED for record in self.records.all())
        judged = live.excused(self.records.all(), whole=whole(self.config))
        self.records.excuse(judged)
        all_excused = red and not any(record.verdict in RED for record in judged)
        return pytest.ExitCode.OK if all_excused and ended == pytest.ExitCode.TESTS_FAILED else ended

    def _code(self, ended: int, leftovers: Sequence[str] = ()) -> Exit:
        """Return the exit code; in a step-by-step registration, reaching the target alone proves nothing yet."""
        by_step = TELLER in self.config.stash
        counted = (record for record in self.records.all() if not (by_step and only_the_way(record)))
        return exit_code(ended, [record.verdict for record in counted], self.problem, leftovers=bool(leftovers))

    def _explained(self, run: RunRecord) -> RunRecord:
        """Return a run with its diagnosis, if the target can be probed."""
        if self.target is None or run.exit_code == Exit.INTERRUPTED:
            return run
        if (outcome := self.config.stash.get(OUTCOME, None)) is not None:
            return diagnosed_load(run, outcome)
        if run.problem and not (self.live and self.live.silent):
            return run
        return diagnosed(run, self.target, self.live.at_broken_doors if self.live else None)

    def _run_record(self, code: Exit) -> RunRecord:
        live, owned, records = self.live is not None, self.stack is not None, self.records.all()
        return self.clock.record(code, self._interruption, records, self.target, live=live, owned=owned)

    @property
    def _interruption(self) -> str:
        """Why the run was interrupted, empty if it was not."""
        if self.problem or not self.requests.reason:
            return self.problem
        return f"stopped by {self.requests.reason} after {len(self.records)} of {plural(self.due, 'check')}"

    def _report(self, run: RunRecord) -> Exit:
        remember_durations(self.config, self.records.all())
        return self._write(run, fitting(self.terminal))

    def _write(self, run: RunRecord, say: Callable[[str], None]) -> Exit:
        redactor = Redactor(self.target.secrets if self.target else ())
        code = report(run, self.settings.report_dir, self.target, redactor, say, self._teller(run), self._signer)
        return code if code == Exit.USAGE else share_allure(run, self.settings, say, code)

    def _teller(self, run: RunRecord) -> Callable[[RunRecord, str], list[str]]:
        """Return the function that renders the end of a run: in full, or short for some checks or ``-q``."""
        if TELLER in self.config.stash:
            return conclusion
        if self.config.option.verbose < 0:
            return in_brief
        return summary if run.whole or run.problem or run.load is not None else in_short

    @property
    def _signer(self) -> Any:
        """The attestation's signer, ``None`` if no key was given."""
        key = self.settings.attestation_key
        return attestation.signer(key) if key else None
