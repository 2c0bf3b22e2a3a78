"""The doctor: one look at a target without the suite, told shortest first, then to who runs it, then layer by layer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from registry_conformance.judge.diagnosis.bands import Band
from registry_conformance.judge.diagnosis.client_words import for_older_clients
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.layers import layers
from registry_conformance.judge.diagnosis.named import UNKNOWN, Diagnosis, Named
from registry_conformance.judge.diagnosis.outcome import Health, health, slow
from registry_conformance.judge.diagnosis.pacing import PACED
from registry_conformance.judge.diagnosis.preflight import KINDS
from registry_conformance.judge.diagnosis.preflight.finding import YOURS
from registry_conformance.judge.diagnosis.preflight.products import APPLICATION
from registry_conformance.judge.diagnosis.preflight.target import GIVEN
from registry_conformance.judge.diagnosis.repetition import BRIDGED, MET
from registry_conformance.judge.diagnosis.server_version import lacks_logged_models
from registry_conformance.judge.diagnosis.steps import registers, stops_at
from registry_conformance.judge.diagnosis.tried import tried
from registry_conformance.judge.report.tally import confidence_label, plural, shown_layer
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Capability, Door, Target

_LONG_PATH = re.compile(r"(https?://[^/\s]+/\S{24})\S{12,}(\S{24})")
"""A URL with a long path, and what is shown of it where a line would be too long: what came of it stands behind."""
_MOST_ANOMALIES = 3
_MOST_REASONS = 3
_MOST_NAMED = 6
_TIME = re.compile(r"\btime\b|\b\d+ s\b|timed out")
"""How a reason says that more time may help."""
_WIDTH, _VERDICT_WIDTH = 200, 600
_REGISTERS_FIRST = "register.lookup.P"
"""The fact of the first request of a registration."""
_NOTED = (f"{PACED}.P", "first.named.P", "first.default.P", "client.store.P", "delete.kept.P")
"""What is told in any case, since it is no failure, and whoever registers may want to know it."""
_YOURS = frozenset(kind.id for kind in KINDS if kind.whose == YOURS)


def target_at(door: Door, credential: Credential | None) -> Target:
    """Return a target of which nothing is known but a door and a credential."""
    absent = Capability(False, "the doctor was given an address, no more")
    return Target(
        name=urlsplit(door.url).hostname or door.url,
        kind=GIVEN,
        doors=(door,),
        keys={"writer": credential} if credential else {},
        capabilities=dict.fromkeys(("origin", "store", "logs", "witness"), absent),
    )


def lines(target: Target, diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the report for a terminal: the verdict, who fixes it and how, each cause, each layer, what is unseen."""
    yield f"Doctor: {target.name}, {', '.join(door.url for door in target.doors)}"
    if who := _greeting(diagnosis):
        yield f"        {who}"
    yield ""
    yield from (_clip(line, _VERDICT_WIDTH) for line in _verdict(diagnosis))
    yield ""
    if not slow(diagnosis):  # the verdict has said it
        yield from _causes(diagnosis)
    yield from _layers(diagnosis)
    if notes := sum(fact.note for fact in diagnosis.facts.values()):
        yield f"Notes: {notes} responses differ from the reference's in details that no client needs (see --json)."
    yield from (_clip(line) for line in _missed(diagnosis))


def document(target: Target, diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the report as JSON-able data: health, verdict, layers, causes, and every fact."""
    return {
        "schema": "doctor.v1",
        "target": {"name": target.name, "doors": {door.name: door.url for door in target.doors}},
        "health": health(diagnosis).value,
        "exit_code": health(diagnosis).exit_code,
        "verdict": list(_verdict(diagnosis)),
        "layers": {layer.name: layer.word for layer in layers(diagnosis.facts)},
        "diagnosis": [cause.document for cause in (() if slow(diagnosis) else diagnosis.causes)],
        "facts": {
            fact.name: {
                "value": fact.value,
                "normal": fact.normal,
                "sentence": fact.sentence,
                **({"missed": True} if fact.missed else {}),
                **({"note": True} if fact.note else {}),
            }
            for fact in diagnosis.facts.values()
        },
    }


def _greeting(diagnosis: Diagnosis) -> str:
    """Return who answers, in a line, as far as it is known."""
    facts = diagnosis.facts
    version, product = facts.value("first.version.P"), facts.get("first.product.P")
    words = [f"MLflow {version}, as it says itself"] if version else []
    bare = facts.value("first.product.P") == APPLICATION
    if lacks_logged_models(facts):
        words.append("clients of MLflow 3 cannot log models to it, those of its own major version can")
    if product is not None and product.seen and not (version and bare):
        words.append(f"before it: {product.sentence}" if version else product.sentence)
    if facts.value("first.open.P") == "open":
        words.append("open: nobody is asked for a key")
    if moved := facts.value("first.moved.P"):
        words.append(f"every request is redirected to {moved}: give that address")
    return "; ".join(words)


def _verdict(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the verdict in a line, and in another who fixes it, or for which clients it holds."""
    said = tuple(_said_of_registration(diagnosis))
    yield from said
    for told in _NOTED:
        if diagnosis.facts.value(told):
            yield f"Note: {diagnosis.facts[told].sentence}."
    if said[0].startswith("YES") and lacks_logged_models(diagnosis.facts):
        yield f"For clients of MLflow 3, NO: {for_older_clients(diagnosis.facts)}."


def _said_of_registration(diagnosis: Diagnosis) -> Iterator[str]:
    facts, state = diagnosis.facts, health(diagnosis)
    if state in (Health.HEALTHY, Health.SLOW) and (reason := _untried(facts)):
        yield f"NOT TRIED: no registration was made ({reason}). {_seen(diagnosis)}"
        return
    if state is Health.HEALTHY:
        yield f"YES: {_can(facts)}, as far as the doctor sees; nothing is wrong with what it saw."
        if told := tried(facts):
            yield told
        return
    if state is Health.INTERMITTENT:
        yield f"YES: {_can(facts)}, though some requests fail at first."
        yield f"{facts[f'{BRIDGED}.P'].sentence}."
        return
    if state is Health.SLOW:
        yield f"YES: {_can(facts)}, as far as the doctor sees, but it is slow: {_what_is_slow(facts)}."
        return
    if state is Health.COULD_NOT_TELL:
        yield f"COULD NOT TELL: {plural(len(facts.missed), 'test')} could not be made. {_seen(diagnosis)}"
        return
    first = next(iter(diagnosis.named), None)
    if first is not None and first.id in _YOURS:
        yield f"NO: {first.sentence}"
        yield f"Yours to fix: {first.remedy}"
        return
    stop = stops_at(facts)
    if stop is not None and "open" in facts.value("reach.line.P"):
        step, fact = stop
        why = first.sentence if first is not None and _explains_a_step(first) else _placed(first) + fact.sentence
        yield f"NO: registration stops at {step.words}: {why}"
    elif first is not None:
        unknown = first.id == UNKNOWN and first.observations
        said = _placed(first) + first.observations[0] if unknown else first.sentence
        yield f"{_whether(facts)}: {said}"
    else:
        yield f"UNCLEAR: {facts.anomalies[0].sentence}"
    given = "address works" if facts.value("first.open.P") == "open" else "address and key work"
    works = f"Your {given}: this" if _let_in(diagnosis) else "This"
    yield f"{works} is the operator's to fix; send them the file that --bundle FILE writes."


def _whether(facts: Facts) -> str:
    """Return whether a model can be registered where something is wrong."""
    if not registers(facts):
        return "NO"
    met = facts.get(f"{MET}.P")
    at_times = met is not None and not met.normal
    return "NOT EVERY TIME" if at_times else "YES, a model can be registered, but"


def _can(facts: Facts) -> str:
    """Return that a model can be registered, and by which clients if not by all."""
    return "a model can be registered here" + " by clients of MLflow 2" * lacks_logged_models(facts)


def _untried(facts: Facts) -> str:
    """Return why no registration was made, on purpose; empty if one was, or should have been."""
    first = facts.get(_REGISTERS_FIRST)
    return "" if first is None or first.seen or first.missed else first.sentence.removeprefix("not seen: ")


def _seen(diagnosis: Diagnosis) -> str:
    """Return a sentence about what was seen of a target where nothing failed."""
    if slow(diagnosis):
        return f"What could be seen works, but is slow: {_what_is_slow(diagnosis.facts)}."
    return "Nothing is wrong with what could be seen."


def _what_is_slow(facts: Facts) -> str:
    """Return the sentence of what is slow: of several things the first that was asked."""
    return facts.anomalies[0].sentence


def _explains_a_step(cause: Named) -> bool:
    return cause.id != UNKNOWN and cause.band is not Band.POSSIBLE and not cause.note


def _placed(cause: Named | None) -> str:
    """Return what is said where no known cause fits, as the beginning of a sentence; empty if there is a cause."""
    return f"{cause.sentence}; seen: " if cause is not None and cause.id == UNKNOWN else ""


def _let_in(diagnosis: Diagnosis) -> bool:
    return diagnosis.facts.value("doors.search.P").endswith("200 json")


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the causes for who runs the deployment, the independent ones whole, the others in a line."""
    for cause in diagnosis.named:
        told = cause.id in _YOURS and cause is diagnosis.causes[0]  # the verdict has its sentence and its remedy
        said = "as above" if told else cause.sentence
        yield _clip(f"Diagnosis ({confidence_label(cause.document)}): {said}")
        yield from (_clip(f"  observed: {observed}") for observed in cause.observations)
        if not told:
            yield _clip(f"  {'next:' if cause.id == UNKNOWN else 'fix: '}     {cause.remedy}", _VERDICT_WIDTH)
        yield f"  docs:     {cause.link}"
    if others := [cause for cause in diagnosis.causes if cause.alternative]:
        yield _clip("Less likely: " + "; ".join(f"{cause.sentence} ({shown_layer(cause.layer)})" for cause in others))
    if diagnosis.causes:
        yield ""


def _layers(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield each layer with what is wrong there, or why it was not seen; those of which nothing was asked in a line."""
    unasked = []
    for layer in layers(diagnosis.facts):
        if not layer.good and not layer.anomalies and not layer.unseen:
            unasked.append(layer.name)
            continue
        yield f"{layer.name:<10}{layer.word:<10}" + _counts(layer.good, len(layer.anomalies))
        for fact in layer.anomalies[:_MOST_ANOMALIES]:
            yield _clip(f"    {fact.sentence}")
        if len(layer.anomalies) > _MOST_ANOMALIES:
            yield f"    and {len(layer.anomalies) - _MOST_ANOMALIES} more"
        if not layer.good and not layer.anomalies and layer.unseen:
            yield _clip(f"    {layer.unseen[0]}")
    if unasked:
        yield f"not tested: {', '.join(unasked)}"


def _missed(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what should have been asked and was not, and why."""
    missed = diagnosis.facts.missed
    if not missed:
        return
    yield ""
    named = ", ".join(fact.name for fact in missed[:_MOST_NAMED])
    yield f"Not tested, though it should have been: {plural(len(missed), 'test')} ({named})"
    reasons = list(dict.fromkeys(fact.sentence.removeprefix("not seen: ") for fact in missed))
    yield from (f"    {reason}" for reason in reasons[:_MOST_REASONS])
    if any(_TIME.search(reason) for reason in reasons):
        yield "    test again with more time: --budget SECONDS"


def _counts(good: int, anomalies: int) -> str:
    if not good and not anomalies:
        return ""
    return f"{good} of {good + anomalies} as expected"


def _clip(text: str, width: int = _WIDTH) -> str:
    flat = " ".join(text.split()) if "\n" in text else text
    short = flat if len(flat) <= width else _LONG_PATH.sub(r"\1...\2", flat)
    return short if len(short) <= width else short[: width - 4] + " ..."
