"""The doctor: one look at a target without the suite, told layer by layer, ending in the diagnosis."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from registry_conformance.judge.diagnosis.diagnosis import Diagnosis
from registry_conformance.judge.diagnosis.layers import layers
from registry_conformance.judge.target.target import Capability, Door, Target

_MOST_ODD = 3
_WIDTH = 200


class Health(enum.IntEnum):
    """The doctor's exit codes."""

    HEALTHY = 0
    ILL = 1
    USAGE = 4
    UNREACHABLE = 6


class AddressError(ValueError):
    """A URL cannot be a tracking URI; the message says what one looks like."""


def target_at(url: str, key: str) -> Target:
    """Return a target of which nothing is known but a tracking URI and an API key; raise ``AddressError``."""
    parts = urlsplit(url)
    try:
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.query:
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
        raise AddressError(f"--url={shown}: not a tracking URI; it looks like https://HOST/api/mlflow")
    absent = Capability(False, "the doctor was given a URL and a key, no more")
    return Target(
        name=parts.hostname or url,
        kind="address",
        doors=(Door("given", url.rstrip("/")),),
        keys={"writer": key},
        capabilities=dict.fromkeys(("origin", "store", "logs", "witness"), absent),
    )


def health(diagnosis: Diagnosis) -> Health:
    """Return what the exit code of a diagnosis is."""
    line = diagnosis.facts.value("reach.line.P")
    answers = diagnosis.facts.value("doors.search.P") + diagnosis.facts.value("doors.health.P")
    if "open" not in line or (answers and not any(digit in answers for digit in "2345")):
        return Health.UNREACHABLE
    return Health.ILL if diagnosis.causes or diagnosis.facts.anomalies else Health.HEALTHY


def lines(target: Target, diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the report for a terminal: each layer, then the causes."""
    yield f"Doctor: {target.name}, {', '.join(door.url for door in target.doors)}"
    yield ""
    for layer in layers(diagnosis.facts):
        yield f"{layer.name:<10}{layer.word:<10}" + _counts(layer.good, len(layer.anomalies))
        for fact in layer.anomalies[:_MOST_ODD]:
            yield _clip(f"    {fact.sentence}")
        if len(layer.anomalies) > _MOST_ODD:
            yield f"    and {len(layer.anomalies) - _MOST_ODD} more"
        if not layer.good and not layer.anomalies and layer.unseen:
            yield _clip(f"    {layer.unseen[0]}")
    yield ""
    if not diagnosis.causes:
        yield "Diagnosis: nothing is wrong with what could be seen."
    for cause in diagnosis.named:
        yield _clip(f"Diagnosis ({cause.sureness}): {cause.sentence}")
        yield from (_clip(f"  seen:   {seen}") for seen in cause.observations)
        yield _clip(f"  remedy: {cause.remedy}")
        yield f"  more:   {cause.link}"
    if others := [cause for cause in diagnosis.causes if cause.alternative]:
        yield _clip("Less likely: " + "; ".join(f"{cause.sentence} ({cause.layer})" for cause in others))


def document(target: Target, diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the report as JSON-able data: health, layers, causes, and every fact."""
    return {
        "schema": "doctor.v1",
        "target": {"name": target.name, "doors": {door.name: door.url for door in target.doors}},
        "health": health(diagnosis).name.lower(),
        "layers": {layer.name: layer.word for layer in layers(diagnosis.facts)},
        "diagnosis": [
            {
                "id": cause.id,
                "layer": cause.layer,
                "cause": cause.sentence,
                "band": str(cause.band),
                "note": cause.note,
                "alternative": cause.alternative,
                "observations": list(cause.observations),
                "remedy": cause.remedy,
                "link": cause.link,
            }
            for cause in diagnosis.causes
        ],
        "facts": {
            fact.name: {"value": fact.value, "normal": fact.normal, "sentence": fact.sentence}
            for fact in diagnosis.facts.values()
        },
    }


def _counts(good: int, anomalies: int) -> str:
    if not good and not anomalies:
        return ""
    return f"{good} of {good + anomalies} as expected"


def _clip(text: str) -> str:
    flat = " ".join(text.split()) if "\n" in text else text
    return flat if len(flat) <= _WIDTH else flat[: _WIDTH - 4] + " ..."
