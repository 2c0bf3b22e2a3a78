"""The result for one mutant."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


class Fate(enum.StrEnum):
    """The result of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    INVALID = "invalid"
    UNDECIDED = "undecided"


class Named(enum.StrEnum):
    """What the diagnosis of a killed mutant was worth; empty if it was not asked."""

    PART = "right part"
    LAYER = "right layer"
    UNKNOWN = "honest unknown"
    WRONG = "wrong"
    NOTHING = "nothing named"


_UNTOLD = frozenset({"passed_in", "green"})


@dataclass(slots=True)
class MutantOutcome:
    """One mutant: its fate, and why.

    ``why`` is the reason of a mutant that is equivalent, invalid or undecided. ``killed_by`` is the case that failed,
    of ``requirements``, with its ``message``; ``tried`` is how many cases ran. ``reached`` is whether a rule on a link
    acted at all, of traffic. ``armed_in`` and ``seconds`` are seconds; ``cause`` and ``named`` are the diagnosis.
    ``passed_in`` is case -> seconds, of those that passed, ``green`` the case that was seen to pass on the reference:
    both are for the run and no part of the document.
    """

    id: str
    fate: Fate
    why: str = ""
    killed_by: str = ""
    requirements: tuple[str, ...] = ()
    message: str = ""
    tried: int = 0
    reached: bool = True
    armed_in: float = 0.0
    seconds: float = 0.0
    cause: str = ""
    named: str = ""
    passed_in: dict[str, float] = field(default_factory=dict)
    green: str = ""

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        told = {name: value for name, value in asdict(self).items() if name not in _UNTOLD}
        told |= {"fate": self.fate.value, "requirements": list(self.requirements)}
        return told | {"armed_in": round(self.armed_in, 2), "seconds": round(self.seconds, 2)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> MutantOutcome:
        """Return what a document tells; raise ``KeyError``, ``TypeError`` or ``ValueError`` if it is another one."""
        told = {name: document[name] for name in cls.__slots__ if name not in _UNTOLD}
        told |= {"fate": Fate(document["fate"]), "requirements": tuple(document["requirements"])}
        return cls(**told)
