"""Confirms that a fault has an effect: runs its symptom's steps, without any check."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.clients.isolated_process import IsolatedProcess
from registry_conformance.judge.clients.json_lines import whole_lines
from registry_conformance.judge.clients.sdk_registration import RegistrationPlan, register
from registry_conformance.judge.clients.signing import CARRIERS
from registry_conformance.judge.clients.tls import Handshakes
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door, Target
from registry_conformance.judge.temporary import temporary_folder
from registry_conformance.judge.waiting import awaited
from registry_conformance.lab.faults.symptom import Acts, Ask, LogLine, Passes, Speaks, Step, Stores, Walks


@dataclass
class SymptomContext:
    """The context of a symptom: the target, and the sizes of its logs when the fault was injected."""

    target: Target
    run: str
    began: Mapping[str, int]
    home: Path
    settles: float
    name: str = field(default_factory=lambda: f"sign-{secrets.token_hex(4)}")

    def fill(self, text: str) -> str:
        """Return a text with the bucket, its prefix and a new name filled in."""
        bucket = self.target.bucket
        known = {"run": self.name} | ({"bucket": bucket.bucket, "prefix": bucket.prefix} if bucket else {})
        return re.sub(r"\{(run|bucket|prefix)\}", lambda found: known.get(found[1], found[0]), text)


def sizes(target: Target) -> dict[str, int]:
    """Return part -> bytes in its log, and ``to PART`` -> bytes in the record of its link."""
    files = {**target.logs, **{f"to {link}": record for link, record in target.records.items()}}
    return {name: file.stat().st_size if file.exists() else 0 for name, file in files.items()}


def unconfirmed(
    symptoms: tuple[Step, ...], target: Target, run: str, began: Mapping[str, int], settles: float = 3.0
) -> str:
    """Return why a fault's effect is not confirmed, empty if it is: the first step that fails.

    ``began`` is what ``sizes`` returned before the injection; ``settles`` is how many seconds a line or an object may
    take.
    """
    with temporary_folder(f"{run}-sign-") as home:
        context = SymptomContext(target, run, began, home, settles)
        for step in symptoms:
            if problem := _STEPS[type(step)](step, context):
                return problem
    return "" if symptoms else "it has no signs"


def _ask(step: Ask, context: SymptomContext) -> str:
    door = _door(step.door, context.target)
    if door is None:
        return f"the target has no door {step.door!r}"
    key = context.target.keys.get(step.key, step.key) if step.key else None
    sender = HttpSender(replace(door, patience=step.patience), key, Evidence(), context.run, deadline=step.patience + 2)
    carrier = next(name for name in CARRIERS if name == step.carrier)
    body = None if step.body is None else context.fill(step.body).encode()
    headers = [(name, context.fill(value)) for name, value in step.headers]
    if body and body.startswith(b"{") and not headers:
        headers = [("Content-Type", "application/json")]
    exchange = sender.send(
        step.method, context.fill(step.path), headers=headers, body=body, chunked=step.chunked, carrier=carrier
    )
    said = _described(exchange)
    if step.status and not re.fullmatch(step.status, str(exchange.status or "none")):
        return f"{exchange}, not {step.status}"
    if step.shows and not re.search(context.fill(step.shows), said):
        return f"{exchange} does not show {step.shows!r}"
    if step.lacks and re.search(context.fill(step.lacks), said):
        return f"{exchange} shows {step.lacks!r}"
    return f"{exchange} took less than {step.slower} s" if exchange.seconds < step.slower else ""


def _described(exchange: Exchange) -> str:
    head = "\n".join(f"{name.lower()}: {value}" for name, value in exchange.response_headers)
    return f"{exchange.status}\n{head}\n\n{exchange.text}\n{exchange.error}"


def _door(name: str, target: Target) -> Door | None:
    special = {"origin": target.origin, "secure": target.secure}
    return special[name] if name in special else next((door for door in target.doors if door.name == name), None)


def _acts(step: Acts, context: SymptomContext) -> str:
    def acted() -> bool:
        return any("rules" in line for line in _passed(step.link, context))

    return "" if _settled(acted, context) else f"no rule acted on the link to {step.link}"


def _passes(step: Passes, context: SymptomContext) -> str:
    def last() -> bool:
        heads = [line["request"]["head"] for line in _passed(step.link, context)]
        return bool(heads) and bool(re.search(context.fill(step.head), heads[-1])) == step.present

    return "" if _settled(last, context) else f"not {step} in the last request on the link to {step.link}"


def _passed(link: str, context: SymptomContext) -> list[dict[str, Any]]:
    """Return the record of a link since the fault was injected, none without a recorder."""
    record = context.target.records.get(link)
    if record is None or not record.exists():
        return []
    return [json.loads(line) for line in whole_lines(record, context.began.get(f"to {link}", 0))]


def _stores(step: Stores, context: SymptomContext) -> str:
    if context.target.bucket is None:
        return "the target shows no bucket"
    bucket, suffix = Bucket(context.target.bucket, Evidence()), context.fill(step.key)

    def found() -> bool:
        held = {key: size for key, size in bucket.keys("").items() if key.endswith(suffix)}
        wanted = any(step.size is None or size == step.size for size in held.values())
        return wanted == step.present

    if _settled(found, context):
        return ""
    return f"the bucket {'lacks' if step.present else 'holds'} an object {suffix!r}"


def _logs(step: LogLine, context: SymptomContext) -> str:
    log = context.target.logs.get(step.part)
    if log is None:
        return f"the target has no log of {step.part}"

    def logged() -> bool:
        with log.open("rb") as file:
            file.seek(context.began.get(step.part, 0))
            return re.search(step.line, file.read().decode(errors="replace")) is not None

    return "" if _settled(logged, context) else f"the log of {step.part} has no line like {step.line!r}"


def _speaks(step: Speaks, context: SymptomContext) -> str:
    if context.target.secure is None:
        return "the target has no secure door"
    met = Handshakes(context.target.secure, Evidence()).meet(only=step.version)
    return "" if met.version == step.version else f"the secure door does not speak {step.version}: {met.problem}"


def _walks(step: Walks, context: SymptomContext) -> str:
    door = _door(step.door, context.target)
    if door is None:
        return f"the target has no door {step.door!r}"
    names = (f"{context.run}-{context.name}",) * 2
    isolated = IsolatedProcess(context.home / "fresh", context.run)
    home = isolated.home / "client"  # no client writes outside the folder of its process
    developer = Developer(door, context.target.keys["writer"], home, context.run, machine=context.target.machine)
    try:
        sdk_registration = isolated.call(register, developer, RegistrationPlan("pyfunc", *names, "champion", {}))
    finally:
        isolated.close()
    return (
        ""
        if re.search(step.fails, sdk_registration.problem)
        else f"the registration: {sdk_registration.problem or 'succeeds'}"
    )


_STEPS: Mapping[type, Callable[..., str]] = {
    Ask: _ask,
    Acts: _acts,
    Passes: _passes,
    Stores: _stores,
    LogLine: _logs,
    Speaks: _speaks,
    Walks: _walks,
}


def _settled(holds: Callable[[], bool], context: SymptomContext) -> bool:
    return awaited(holds, context.settles)
