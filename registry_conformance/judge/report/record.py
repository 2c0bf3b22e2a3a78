"""The records that every report is rendered from: one a check, and one for the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from registry_conformance.judge.evidence.items import EvidenceItem
from registry_conformance.judge.requirement import Register
from registry_conformance.judge.verdict import Verdict, merge


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """What became of one check case.

    ``message`` is the whole failure text as the console shows it, the reason if the check is inapplicable, empty
    where it passed; ``expected``, ``actual``, ``where`` and ``rerun`` are its parts. ``evidence`` holds JSON-able
    items, each with a ``kind`` (``exchange``, ``flow``, ``object``, ``log``, ``note``). ``seconds`` covers set-up, call
    and clean-up; ``started`` is in seconds since the epoch, 0 where the check never ran.
    """

    nodeid: str
    requirements: tuple[str, ...]
    verdict: Verdict
    seconds: float
    claim: str = ""
    door: str = ""
    message: str = ""
    expected: str = ""
    actual: str = ""
    where: str = ""
    rerun: str = ""
    evidence: Sequence[EvidenceItem] = ()
    diagnosis: Mapping[str, Any] | None = None
    started: float = 0.0

    def or_worse(self, other: CheckRecord) -> CheckRecord:
        """Return the worse of two records of this check, this one if they are equal.

        What it lacks about the check itself (a dead worker reports nothing) is taken from the other.
        """
        worse, better = (other, self) if other.verdict > self.verdict else (self, other)
        return replace(
            worse,
            requirements=worse.requirements or better.requirements,
            claim=worse.claim or better.claim,
            door=worse.door or better.door,
            started=worse.started or better.started,
        )


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Who was judged, with what, when, and all check records.

    ``target`` is JSON-able: ``name``, ``kind``, ``doors`` (name -> url), ``versions`` (part -> version),
    ``capabilities`` (name -> {"present": bool, "reason": str}), ``faults`` (injected on purpose). ``started`` and
    ``finished`` are ISO 8601 in UTC. ``exit_code`` is the run's; ``problem`` says why nothing could be verified.
    ``diagnosis`` holds the causes of what is red, ranked, as ``verdicts.json`` has them; ``fault_score`` what the suite
    caught when it was last proved, ``None`` if it was not, and ``mutant_score`` what it noticed of changes that rules
    make. ``series`` names what was judged and how, so that runs of
    one series can be compared, and ``whole`` is whether every check was asked for; ``changes`` is what changed since
    the last one, as ``verdicts.json`` has it, and ``trend`` what a chart shows of the last thirty, this one included.
    ``beyond`` maps requirements that no check can judge on this target to the reason; ``spent`` is what the run cost a
    target of others, ``requests``, ``bytes``, ``objects`` and ``seconds`` -> {"used": number, "allowed": number}.
    ``client`` is the version of the MLflow client that registrations are made with. ``load`` is what a load showed, as
    ``verdicts.json`` has it, ``None`` of a run without one.
    """

    run_id: str
    suite_version: str
    register: Register
    target: Mapping[str, Any]
    started: str
    finished: str
    seconds: float
    exit_code: int
    command: str = ""
    problem: str = ""
    records: Sequence[CheckRecord] = ()
    leftovers: Sequence[str] = field(default=())
    diagnosis: Sequence[Mapping[str, Any]] = ()
    fault_score: Mapping[str, Any] | None = None
    mutant_score: Mapping[str, Any] | None = None
    series: str = ""
    whole: bool = True
    changes: Mapping[str, Any] | None = None
    trend: Sequence[Mapping[str, Any]] = ()
    beyond: Mapping[str, str] = field(default_factory=dict)
    spent: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    client: str = ""
    load: Mapping[str, Any] | None = None

    def verdict_of(self, requirement_id: str) -> Verdict:
        """Return the merged verdict of every check that verifies the requirement."""
        found = merge(record.verdict for record in self.records if requirement_id in record.requirements)
        return max(found, Verdict.INAPPLICABLE) if requirement_id in self.beyond else found

    @property
    def verdict(self) -> Verdict:
        """The run's own verdict: the worst of its checks, ``INCONCLUSIVE`` if it could not verify."""
        if self.problem:
            return Verdict.INCONCLUSIVE
        return merge(record.verdict for record in self.records)
