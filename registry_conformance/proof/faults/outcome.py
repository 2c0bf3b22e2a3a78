"""The result for one fault, or for one round on the reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from registry_conformance.judge.verdict import Verdict
from registry_conformance.proof.faults.stored_facts import StoredFacts

RED = frozenset({Verdict.FAILED, Verdict.ERROR})
JUDGED = RED | {Verdict.PASSED}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The result of one case: its node id, its requirements, and its verdict."""

    nodeid: str
    requirements: tuple[str, ...]
    verdict: Verdict
    message: str = ""

    @property
    def check(self) -> str:
        """The check that this is a case of."""
        return self.nodeid.partition("[")[0]


@dataclass(slots=True)
class FaultOutcome:
    """The result for one fault; ``name`` is empty for a round on the reference.

    ``unconfirmed`` says why its effect did not show, ``problem`` why it could not be tested completely. ``diagnosis``
    are the causes named, best first, ``look`` the facts behind them. ``seconds`` is the total, ``armed_in`` the time
    for the injection.
    """

    name: str
    expected: tuple[str, ...] = ()
    unconfirmed: str = ""
    problem: str = ""
    seen: list[CaseResult] = field(default_factory=list)
    diagnosis: tuple[str, ...] = ()
    right: str = ""
    armed_in: float = 0.0
    seconds: float = 0.0
    inapplicable: str = ""
    look: StoredFacts | None = None

    @property
    def armed(self) -> bool:
        """Whether its effect was confirmed."""
        return not (self.unconfirmed or self.inapplicable) and self.armed_in > 0

    @property
    def red(self) -> list[CaseResult]:
        """The cases that failed."""
        return [seen for seen in self.seen if seen.verdict in RED]

    @property
    def caught_by(self) -> list[str]:
        """The failed checks of expected requirements."""
        return _checks(seen for seen in self.red if set(seen.requirements) & set(self.expected))

    @property
    def unexpected(self) -> list[str]:
        """The failed checks of other requirements."""
        return _checks(seen for seen in self.red if not set(seen.requirements) & set(self.expected))

    @property
    def missed(self) -> list[str]:
        """The expected requirements that no failed check verifies."""
        failed = {name for seen in self.red for name in seen.requirements}
        return [name for name in self.expected if name not in failed]

    @property
    def caught(self) -> bool:
        """Whether a check of an expected requirement failed."""
        return bool(self.caught_by)

    @property
    def place(self) -> int:
        """The rank of the right cause in the diagnosis, from 1; 0 if it is not named."""
        return self.diagnosis.index(self.right) + 1 if self.right in self.diagnosis else 0


def _checks(seen: Iterable[CaseResult]) -> list[str]:
    return list(dict.fromkeys(each.check for each in seen))
