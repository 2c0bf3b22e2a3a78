"""The key service called directly, if its address is known, and the requests in its record."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.http_sender import HttpSender
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.reachability import ONE, SEARCH
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Door

VALIDATE = "/api/v1/keys/validate"
_FIELDS = {"is_valid", "key_id", "user_id", "service_id", "scopes", "rate_limit_per_hour"}


def direct(context: ProbeContext) -> None:
    """Call the key service by its contract, with the writer's key and with an unknown key."""
    address, facts = context.target.key_service, context.facts
    if not address:
        facts.unseen("keys.platform.K", "the key service's address is not known")
        return
    for aspect, words, key, service, normal in (
        (
            "platform",
            "the writer's key, for service 'platform'",
            context.target.api_key("writer"),
            "platform",
            "valid",
        ),
        (
            "legacy",
            "the writer's key, for service 'ml-platform'",
            context.target.api_key("writer"),
            "ml-platform",
            "401 .*",
        ),
        ("unknown", "a key that nobody issued", f"hk_{context.name}", "platform", "401 .*"),
    ):
        sender = HttpSender(
            Door("the key service", address, patience=2.5 * context.waits.slack),
            key,
            Evidence(),
            context.run,
            deadline=4.0 * context.waits.slack,
        )
        answer = sender.send("POST", VALIDATE, json={"service_id": service, "client_ip": "127.0.0.1"})
        value = _validity(answer)
        facts.record(
            f"keys.{aspect}.K", value, f"the key service, asked about {words}: {value}", normal, (answer.evidence(),)
        )
        if answer.status is None:
            return


def _validity(answer: Exchange) -> str:
    said = answer.json()
    if not answer.ok:
        return summarize(answer)
    if not isinstance(said, dict):
        return "200 nonsense"
    if said.get("is_valid") is not True:
        return "200 not valid"
    return "valid" if set(said) >= _FIELDS else "200 fields missing"


def asked(context: ProbeContext) -> None:
    """Use a key twice and read the resulting requests in the key service's record."""
    record, facts = context.target.key_record, context.facts
    role = next((role for role in ("admin", "reader", "writer") if role in context.target.keys), "")
    if record is None or not record.exists() or not role:
        facts.unseen("asked.service.K", "the target shows no record of the key service")
        return
    began = record.stat().st_size
    unknown = f"hk_{context.name}"
    anyone = context.at("P", None)
    if anyone.why_not():
        facts.unseen("asked.service.K", anyone.why_not())
        return
    for _ in range(2):
        anyone.send("GET", SEARCH, query=ONE, headers=[("Authorization", f"Bearer {unknown}")])
    digest = hashlib.sha256(unknown.encode()).hexdigest()
    questions = _since(record, began)
    ours = [each for each in questions if each.get("key_sha256") == digest]
    times = len(ours)
    value = str(min(times, 9))
    facts.record("asked.times.K", value, f"a bad key used twice is asked about {times} times", "2")
    last = (ours or questions or [{}])[-1]
    if not last:
        facts.record(
            "asked.service.K", "nothing asked", "the key service was asked nothing about a key in use", "platform"
        )
        return
    body = last.get("body")
    service = str(body.get("service_id", "none")) if isinstance(body, dict) else "no document"
    ip = "told" if isinstance(body, dict) and body.get("client_ip") else "not told"
    facts.record("asked.service.K", service, f"the key service is asked about service id {service!r}", "platform")
    carrier = str(last.get("carrier"))
    facts.record("asked.carrier.K", carrier, f"the key reaches the key service by {carrier}", "authorization-bearer")
    facts.record("asked.ip.K", ip, f"the key service is {ip} the client's address", "told")
    path = str(last.get("path"))
    facts.record("asked.path.K", path, f"the key service is asked at {path}", VALIDATE)


def _since(record: Path, began: int) -> list[dict[str, Any]]:
    time.sleep(0.05)
    with record.open("rb") as file:
        file.seek(began)
        text = file.read().decode(errors="replace")
    return [json.loads(line) for line in text.split("\n")[:-1] if line.startswith("{")]
