"""The preflight of a whole target: all doors concurrently, final findings, and the remaining doors."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from registry_conformance.judge.diagnosis.facts import Facts, Missed
from registry_conformance.judge.diagnosis.preflight import finding
from registry_conformance.judge.diagnosis.preflight.elsewhere import locations
from registry_conformance.judge.diagnosis.preflight.finding import Finding
from registry_conformance.judge.diagnosis.preflight.products import Answered, Product, product_of
from registry_conformance.judge.diagnosis.preflight.server_words import SERVER_KINDS
from registry_conformance.judge.diagnosis.preflight.stages import PATIENCE, Preflight, examine
from registry_conformance.judge.diagnosis.preflight.store_credentials import IN_ORDER
from registry_conformance.judge.diagnosis.preflight.transport import malformed_answer
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import NotAllowed, PreconditionFailed
from registry_conformance.judge.target.policy import OPEN
from registry_conformance.judge.target.target import Door, Target

GIVEN = "address"
"""The kind of a target of which nothing is known but an address and a credential."""
OURS = frozenset({"embedded", "docker"})
"""The kinds of a stack of our own: its address is right, its keys are good, MLflow is behind it."""
_DEEPER = frozenset(
    {
        kind.id
        for kind in (
            finding.NAME, finding.PORT, finding.SILENT, finding.CUT, finding.REFUSED, finding.REFUSED_OR_LOST,
            finding.REFUSED_BEHIND, finding.RIGHTS, finding.RIGHTS_OR_RULE, finding.WANTED,
            finding.PASSWORD, finding.LOST, finding.TOO_EARLY, finding.BARRED, finding.FAILS, finding.FAILING,
            finding.BEHIND, finding.UNAVAILABLE, finding.THROTTLED, *SERVER_KINDS,
        )
    }
)  # fmt: skip
"""What a target that shows more than its doors may have a cause for that the probes can find."""
_DIRECT = (
    "artifacts lie at {place}, where the MLflow client sends them itself, with the AWS credentials and "
    "MLFLOW_S3_ENDPOINT_URL of its environment; the doctor sends nothing there: log a small artifact with the client"
)
_AT_ANOTHER_HOST = (
    "artifacts lie at {host}, a server of their own, where the MLflow client sends them: the MLflow at this address "
    "serves none; the doctor sends nothing to a host that it was not given: log a small artifact with the client"
)
_UNREACHED = frozenset(kind.id for kind in (finding.NAME, finding.PORT, finding.SILENT, finding.CUT))
"""What keeps a client from a door, and has no cause deeper than the way to it if other doors work."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What the preflight of a target came to: by door, what is known; ``target`` has the doors that remain.

    ``ended`` are findings after which nothing more is asked at their doors, or nothing about keys where a door turned
    out to be open; ``open_questions`` those whose cause may lie deeper.
    """

    target: Target
    doors: dict[str, Preflight] = field(default_factory=dict)
    ended: tuple[Finding, ...] = ()
    open_questions: tuple[Finding, ...] = ()


def examine_target(target: Target, run: str, facts: Facts) -> Examined:
    """Run the preflight of every door concurrently, and record the facts."""
    if not target.doors:
        return Examined(target)
    if target.kind in OURS:
        _record_product(facts, _product(target.doors[0]) or Product("envoy", "this stack runs it"))
        return Examined(target)
    with ThreadPoolExecutor(len(target.doors)) as threads:
        asked = {door.name: threads.submit(_examined, target, door, run) for door in target.doors}
        doors = {name: done.result() for name, done in asked.items()}
    met = {name: each.finding for name, each in doors.items() if each.finding is not None}
    final = {name for name, each in met.items() if target.kind == GIVEN or each.kind.id not in _DEEPER}
    opened = tuple(door for door in target.doors if _open_though_promised(target, door, doors[door.name]))
    remaining = tuple(
        replace(door, policy=OPEN) if door in opened else _known(target, door, doors[door.name])
        for door in target.doors
        if door.name not in final
    )
    _record(facts, doors)
    if target.kind == GIVEN and (direct := [door for door in remaining if door.direct]):
        found = doors[direct[0].name]
        words = _AT_ANOTHER_HOST if found.artifacts else _DIRECT
        facts.unseen("put.P", Missed(words.format(host=found.artifacts, place=_bucket_in(found.met))))
        if direct[0].own_store not in ("", IN_ORDER):
            facts.record("client.store.P", "doubtful", direct[0].own_store)
    return Examined(
        replace(target, doors=remaining),
        doors,
        ended=(*(met[name] for name in met if name in final), *map(_opened, opened)),
        open_questions=tuple(met[name] for name in met if name not in final),
    )


def examine_broken(target: Target, run: str) -> Examined:
    """Run the preflight of a target's broken doors while others work.

    A finding about the connection is final; the other doors are reachable and can be probed.
    """
    broken = tuple(door for door in target.doors if door.broken)
    examined = examine_target(replace(target, doors=broken), run, Facts())
    unreached = {
        name: each.finding
        for name, each in examined.doors.items()
        if each.finding is not None and each.finding.kind.id in _UNREACHED
    }
    reached = tuple(door for door in broken if door.name not in unreached)
    return Examined(replace(target, doors=reached), examined.doors, tuple(unreached.values()))


def _examined(target: Target, door: Door, run: str) -> Preflight:
    """Return the result for a door; empty for one that must not be used."""
    try:
        return examine(door, target.key_at(door), run, min(PATIENCE, door.patience))
    except (NotAllowed, PreconditionFailed):
        return Preflight()


def _open_though_promised(target: Target, door: Door, found: Preflight) -> bool:
    """Return whether a door allows anonymous searches although a key is declared."""
    return target.kind != GIVEN and bool(found.open) and "read" not in door.policy.of("anonymous")


def _opened(door: Door) -> Finding:
    sentence = (
        f"nobody is asked for a key at {door.url}, though one is promised: whoever reaches it may search, at the least"
    )
    return Finding(finding.OPEN, sentence, finding.OPEN.remedy, ("a search without a credential is answered 200",))


def _known(target: Target, door: Door, found: Preflight) -> Door:
    """Return a door with its detected base path and policy, if nothing was declared."""
    if target.kind != GIVEN:
        return door
    direct = bool(found.artifacts) or (bool(door.own_store) and bool(_bucket_in(found.met)))
    return replace(door, url=found.moved or door.url, policy=OPEN if found.open else door.policy, direct=direct)


def _bucket_in(met: Iterable[Exchange]) -> str:
    """Return where a search shows that clients send artifacts to a bucket themselves, empty if it shows none."""
    return next((each[:80] for answer in met for each in locations(answer) if each.startswith("s3://")), "")


def _product(door: Door) -> Product:
    return product_of([Answered(*malformed_answer(door))])


def _record(facts: Facts, doors: dict[str, Preflight]) -> None:
    first = next(iter(doors.values()))
    _record_product(facts, first.product)
    if first.versions:
        version, *others = first.versions
        facts.record("first.version.P", version, f"the server says that it is MLflow {version}")
        words = f"the server says that it is MLflow {version}" + "".join(f", and at times {each}" for each in others)
        facts.record("version.turns.P", " ".join(first.versions), words, r"\S+")
    else:
        facts.unseen("first.version.P", "the server did not say which version of MLflow it is")
    if first.open is None:
        facts.unseen("first.open.P", "the client was not let in")
    else:
        value = "open" if first.open else "a key is asked for"
        words = "nobody is asked for a key: whoever reaches it may search, at the least" if first.open else value
        facts.record("first.open.P", value, words)
    if first.moved:
        words = f"every request is redirected to {first.moved}: clients follow, and need two requests for one"
        facts.record("first.moved.P", first.moved, words)
    if first.named:
        words = (
            f"not tried: {' and '.join(first.named)}: the doctor writes to what it made alone, so that it is not known "
            "whether this credential may write there"
        )
        facts.record("first.named.P", "not tried", words)
    if first.lacking:
        facts.record("first.default.P", "lacking", first.lacking)
    evidence = tuple(exchange.evidence() for each in doors.values() for exchange in each.met)
    ends = {name: each.finding.kind.id if each.finding else "none" for name, each in doors.items()}
    value = (
        "; ".join(f"{name} {end}" for name, end in ends.items()) if len(set(ends.values())) > 1 else ends.popitem()[1]
    )
    met = dict.fromkeys(each.finding.sentence for each in doors.values() if each.finding)
    words = "; ".join(met) or "MLflow answers at this address, and the client may search"
    facts.record("first.end.P", value, words, evidence=evidence)


def _record_product(facts: Facts, product: Product) -> None:
    if product:
        facts.record("first.product.P", product.id, f"{product.name} answers ({product.how})")
    else:
        facts.unseen("first.product.P", "what answers does not say which product it is")
