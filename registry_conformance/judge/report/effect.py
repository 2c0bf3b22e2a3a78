"""The effect of a change: which promises and clients it breaks or fixes, from a run on each side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.conclusion import first_cause
from registry_conformance.judge.report.profiles import Answer, registration_by_door
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.tally import plural, some
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.verdict import Verdict

_MOST_IDS = 6
_UNASKED = (Verdict.UNTESTED, Verdict.INAPPLICABLE)
_UNCLEAR = (Verdict.INCONCLUSIVE, Verdict.ERROR)
_JUDGED = (Verdict.PASSED, Verdict.FAILED)
_LISTS = ("broken", "mended", "unproved", "still", "unclear")


@dataclass(frozen=True, slots=True)
class Promise:
    """One requirement on both sides of a change, with what was observed after it, empty if it holds then.

    ``anew`` is whether a case of it fails after the change that did not fail before; ``unasked`` whether no such case
    ran before.
    """

    id: str
    level: Level
    text: str
    before: Verdict
    after: Verdict
    seen: str = ""
    anew: bool = False
    unasked: bool = False

    @property
    def list(self) -> str:
        """The list of an effect that it belongs in, empty for none."""
        if self.anew:
            return "broken"
        if self.before is Verdict.PASSED and self.after in (*_UNASKED, *_UNCLEAR):
            return "unproved"
        if self.before in _UNCLEAR or self.after in _UNCLEAR:
            return "unclear"
        if self.after is Verdict.PASSED:
            return {Verdict.FAILED: "mended", Verdict.PASSED: "kept"}.get(self.before, "")
        return "still" if self.before is self.after is Verdict.FAILED else ""

    @property
    def undecided(self) -> bool:
        """Whether the change may break it: it held before, or may have, and cannot be judged now."""
        may_have_been = self.before is not Verdict.FAILED and self.after is not Verdict.PASSED
        return self.list == "unclear" and self.level is Level.MUST and may_have_been


@dataclass(frozen=True, slots=True)
class ClientAtDoor:
    """One client at one door: whether it could register a model before and after (``yes``, ``no``, ``not known``)."""

    client: str
    door: str
    before: str
    after: str
    why: str = ""

    @property
    def undecided(self) -> bool:
        """Whether the change may lock this client out."""
        return "not known" in (self.before, self.after) and self.before != "no" and self.after != "yes"

    def __str__(self) -> str:
        return f"{self.client} at the {self.door} door"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does. A promise stands in one list at most.

    ``broken`` are not kept after in a case in which they were before, or were not asked; ``mended`` are kept now;
    ``unproved`` were kept, and nobody can say so after; ``still`` fail on both sides; ``unclear`` could not be judged
    on a side; ``kept`` is how many are kept on both, ``judged`` how many were judged on both. ``cut_off`` and
    ``let_in`` are clients that could register a model on one side alone, ``as_before`` those that can on both,
    ``unsure`` those of which it is not known. ``cause`` and ``fix`` are the first cause of what is red after, empty if
    none is known. ``unfounded`` is why nothing can be compared with the base, and then no list is filled. ``problem``
    is why a side could not be judged, and ``nothing`` whether neither verified anything.
    """

    broken: tuple[Promise, ...] = ()
    mended: tuple[Promise, ...] = ()
    unproved: tuple[Promise, ...] = ()
    still: tuple[Promise, ...] = ()
    unclear: tuple[Promise, ...] = ()
    kept: int = 0
    judged: int = 0
    cut_off: tuple[ClientAtDoor, ...] = ()
    let_in: tuple[ClientAtDoor, ...] = ()
    as_before: tuple[ClientAtDoor, ...] = ()
    unsure: tuple[ClientAtDoor, ...] = ()
    cause: str = ""
    fix: str = ""
    problem: str = ""
    nothing: bool = False
    unfounded: str = ""

    @classmethod
    def of(cls, sides: Sequence[tuple[RunRecord, RunRecord]]) -> Effect:
        """Return the effect of a change, from pairs of runs before and after it.

        The first pair judged the requirements; each further pair registered a model with another client.
        """
        before, after = sides[0]
        nothing = all(tally.unverified(run) and not run.problem for run in (before, after))
        if unfounded := "" if nothing else _unfounded(before):
            return cls(unfounded=unfounded)
        found: dict[str, list[Promise]] = {}
        for promise in _promises(before, after):
            found.setdefault(promise.list, []).append(promise)
        lists = {name: tuple(sorted(found.get(name, ()), key=_binding)) for name in _LISTS}
        clients = [client for pair in sides for client in _clients(*pair)]
        cause = first_cause(after)
        return cls(
            broken=lists["broken"],
            mended=lists["mended"],
            unproved=lists["unproved"],
            still=lists["still"],
            unclear=lists["unclear"],
            kept=len(found.get("kept", ())),
            judged=sum(each.before in _JUDGED and each.after in _JUDGED for every in found.values() for each in every),
            cut_off=tuple(each for each in clients if each.before == "yes" and each.after == "no"),
            let_in=tuple(each for each in clients if each.before == "no" and each.after == "yes"),
            as_before=tuple(each for each in clients if each.before == each.after == "yes"),
            unsure=tuple(each for each in clients if each.undecided),
            cause=str(cause["cause"]) if cause else "",
            fix=str(cause["remedy"]) if cause else "",
            problem=_problem(sides),
            nothing=nothing,
        )

    @property
    def exit_code(self) -> int:
        """The exit code of the gate: 0 nothing is broken, 1 something is, 5 nothing was verified, 6 undecided."""
        if self.unfounded:
            return 6
        if self.broken or self.cut_off:
            return 1
        if self.nothing:
            return 5
        doubt = self.problem or self.unproved or self.unsure or not self.judged
        return 6 if doubt or any(each.undecided for each in self.unclear) else 0

    @property
    def sentence(self) -> str:
        """The effect of the change in one sentence, with its cause if known."""
        if self.unfounded:
            return f"It cannot be said what this change does: {self.unfounded}."
        if self.problem and not (self.broken or self.cut_off):
            return f"It cannot be said what this change does: {self.problem.rstrip('.')}."
        if self.nothing:
            return "It cannot be said what this change does: nothing was verified before or after it."
        if not (self.judged or self.broken or self.cut_off):
            lead = "It cannot be said what this change does: no promise was judged on both sides"
            return f"{'; '.join([lead, *self._other_clauses()])}."
        told = [f"breaks {_named(self.broken, self.cut_off)}"] if self.broken or self.cut_off else []
        told += [f"mends {_named(self.mended, self.let_in)}"] if self.mended or self.let_in else []
        clauses = [f"This change {' and '.join(told) or 'breaks nothing and mends nothing'}"]
        if self.cause and (self.broken or self.cut_off):
            clauses += [f"cause: {self.cause.rstrip('.')}", f"fix: {self.fix.rstrip('.')}"]
        return f"{'; '.join([*clauses, *self._other_clauses()])}."

    def _other_clauses(self) -> Iterator[str]:
        """Yield short clauses on what is unknown or unchanged."""
        if fresh := [each for each in self.broken if each.unasked]:
            yield f"{_named(fresh)} by checks not asked before"
        if self.unproved:
            yield f"{_named(self.unproved)} kept before, not proved after"
        if self.still:
            yield f"{_named(self.still)} not kept before or after"
        if self.unclear:
            yield f"{_named(self.unclear)} could not be judged on one side or both"
        if self.unsure:
            yield f"whether {_clients_named(self.unsure)}, registers a model is not known on one side or both"
        if self.kept and not (self.broken or self.cut_off):
            yield f"{plural(self.kept, 'promise')} kept before and after"
        if self.as_before and not self.cut_off:
            yield f"{_clients_named(self.as_before)}, registers a model as before"


def _promises(before: RunRecord, after: RunRecord) -> Iterator[Promise]:
    """Yield every requirement that both runs have."""
    was, now, anew, worst = tally.verdicts(before), tally.verdicts(after), _broken_anew(before, after), _worst(after)
    asked = {record.nodeid for record in before.records if record.verdict not in _UNASKED}
    for name, requirement in after.register.items():
        if name not in was:
            continue
        failed = anew.get(name, [])
        seen = failed[0] if failed else worst.get(name)
        told = tally.brief(tally.reason(seen)) if seen and seen.verdict is not Verdict.PASSED else ""
        told = told or after.beyond.get(name, "")
        unasked = bool(failed) and not any(record.nodeid in asked for record in failed)
        yield Promise(name, requirement.level, requirement.text, was[name], now[name], told, bool(failed), unasked)


def _broken_anew(before: RunRecord, after: RunRecord) -> dict[str, list[CheckRecord]]:
    """Return requirement id -> those of its checks that fail now, and were neither failed nor unclear before."""
    past = {record.nodeid: record.verdict for record in before.records}
    found: dict[str, list[CheckRecord]] = {}
    for record in after.records:
        if record.verdict is Verdict.FAILED and past.get(record.nodeid, Verdict.UNTESTED) not in tally.RED:
            for name in record.requirements:
                found.setdefault(name, []).append(record)
    return found


def _worst(run: RunRecord) -> dict[str, CheckRecord]:
    """Return requirement id -> its check with the worst verdict."""
    worst: dict[str, CheckRecord] = {}
    for record in run.records:
        for name in record.requirements:
            if name not in worst or record.verdict > worst[name].verdict:
                worst[name] = record
    return worst


def _binding(promise: Promise) -> tuple[int, str]:
    return list(Level).index(promise.level), promise.id


def _clients(before: RunRecord, after: RunRecord) -> Iterator[ClientAtDoor]:
    """Yield the client of a pair of runs at each door where one of them tried to register."""
    was, now = registration_by_door(before), registration_by_door(after)
    gone = Answer("no", "this door is not served any more")
    name = f"the MLflow client {after.client or before.client}"
    unknown = Answer("not known", "")
    for door in dict.fromkeys((*was, *now)):
        new = bool(was) and not before.problem and door not in (before.target.get("doors") or {})
        first = was.get(door, Answer("no", "this door was not served") if new else unknown)
        missing = door not in now and door not in (after.target.get("doors") or {})
        answer = now.get(door, gone if missing and not after.problem else unknown)
        yield ClientAtDoor(name, door, first.word, answer.word, answer.why)


def _unfounded(before: RunRecord) -> str:
    """Return why nothing can be compared with the base, empty if something can."""
    if before.problem:
        return f"the base could not be judged: {tally.first_line(before.problem).rstrip('.')}"
    why = tally.unverified(before)
    return f"nothing was verified of the base: {why}" if why else ""


def _problem(sides: Sequence[tuple[RunRecord, RunRecord]]) -> str:
    """Return why a side could not be judged, empty if both were."""
    for before, after in sides:
        if before.problem:
            return f"before it, {tally.first_line(before.problem)}"
        if after.problem:
            return f"with it, {tally.first_line(after.problem)}"
    for _, after in sides[1:]:
        if not registration_by_door(after):
            return f"with it, no registration was tried with the MLflow client {after.client}"
    return ""


def _named(promises: Sequence[Promise], clients: Sequence[ClientAtDoor] = ()) -> str:
    told = []
    if promises:
        must = sum(each.level is Level.MUST for each in promises)
        ids = some([each.id for each in promises], _MOST_IDS)
        told.append(f"{plural(len(promises), 'promise')} ({ids}{f'; {must} MUST' if must else ''})")
    if clients:
        told.append(f"registration with {_clients_named(clients)}")
    return " and ".join(told)


def _clients_named(clients: Sequence[ClientAtDoor]) -> str:
    """Return the clients in words, each once, with its doors."""
    doors: dict[str, list[str]] = {}
    for each in clients:
        doors.setdefault(each.client, []).append(each.door)
    told = [f"{client} at the {', '.join(at)} door{'s' * (len(at) > 1)}" for client, at in doors.items()]
    return " and ".join(told)
