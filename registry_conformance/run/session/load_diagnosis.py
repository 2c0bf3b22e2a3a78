"""The diagnosis of a failed load, from its own figures; no further requests are sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from registry_conformance.judge.diagnosis.causes.load import CAUSES
from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.load import figures
from registry_conformance.judge.load.history import Operation
from registry_conformance.judge.load.outcome import LoadOutcome
from registry_conformance.judge.load.proof import Finding
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.session.failure_diagnosis import explained

_POOL = re.compile(r"QueuePool limit|too many clients|remaining connection slots", re.IGNORECASE)
_LIMIT = (429, 503, None)
"""What who takes no more answers, or does not answer."""


def diagnosed_load(run: RunRecord, outcome: LoadOutcome) -> RunRecord:
    """Return a run with the causes of its load's failures; unchanged without failures."""
    failed = [record for record in run.records if record.verdict is Verdict.FAILED]
    if not failed:
        return run
    red = {name for record in failed for name in record.requirements}
    judged = {name for record in run.records for name in record.requirements}
    kept_by = {name: one.layer for name, one in run.register.items()}
    return explained(run, conclude(load_facts(outcome), red, CAUSES, judged=judged, kept_by=kept_by, known={}))


def load_facts(outcome: LoadOutcome) -> Facts:
    """Return the results of a load as facts for the diagnosis."""
    facts, proof = Facts(), outcome.proof
    lost = [each for each in proof.lost if each.key.startswith("artifact")]
    facts.record(
        "load.stored.P",
        "lost" if lost else "stored",
        f"{len(lost)} of {proof.looked_at['put']} acknowledged artifacts are not there" + _first(lost),
        "stored",
    )
    facts.record(
        "load.numbers.P",
        "twice" if proof.same_number else "once",
        f"{len(proof.same_number)} version numbers were given twice" + _first(proof.same_number),
        "once",
    )
    strangers = outcome.let_in()
    facts.record(
        "load.strangers.P",
        "let in" if strangers else "refused",
        f"{len(outcome.all_let_in)} requests with a bad key were served while others asked the same",
        "refused",
    )
    _errors(facts, outcome)
    share = outcome.overtaken
    if share is not None and not outcome.generator.saturated:
        said = f"{share:.1%} of the requests that were under way together were overtaken by one that was sent later"
        facts.record(
            "load.line.P", "one line" if share < figures.LEAST_OVERTAKEN else "side by side", said, "side by side"
        )
    return facts


def _errors(facts: Facts, outcome: LoadOutcome) -> None:
    failed = outcome.improper
    if not failed:
        facts.record("load.errors.P", "none", "every refusal was proper", "none")
        return
    most, count = Counter(one.error.rpartition(" → ")[2][:120] for one in failed).most_common(1)[0]
    words = f"{len(failed)} requests failed, {count} of them: {most}"
    facts.record("load.errors.P", _kind_of_errors(failed), words, "none")


def _kind_of_errors(failed: Sequence[Operation]) -> str:
    """Return ``500 pool`` if a pool of connections was used up, ``limit`` if most met a limit, else ``others``."""
    if any(_POOL.search(one.error) for one in failed):
        return "500 pool"
    limits = sum(one.status in _LIMIT for one in failed)
    return "limit" if limits * 2 > len(failed) else "others"


def _first(found: Sequence[Finding]) -> str:
    return f", the first: {found[0]}" if found else ""
