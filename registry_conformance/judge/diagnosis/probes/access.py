"""Who is let in: every carrier, every state of a key, every role, nobody at all; identity and ways around the rules."""

from __future__ import annotations

import re
import secrets
from typing import Any

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, REST3
from registry_conformance.judge.clients.raw_bytes import Raw
from registry_conformance.judge.diagnosis.facts import Missed
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import FILES
from registry_conformance.judge.diagnosis.probes.reachability import ONE, SEARCH, vector
from registry_conformance.judge.diagnosis.summarize import summarize
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence

IN, OUT = "200 json", "401 json UNAUTHENTICATED challenge"


def _with_challenge(exchange: Exchange) -> str:
    challenge = exchange.status == 401 and exchange.header("www-authenticate")
    return summarize(exchange) + (" challenge" if challenge else "")


_EXPOSING = frozenset({"query", "longer"})
"""What is asked with a good key in a form that is to be refused, and may be logged there."""
_NOT_EXPOSED = "no good key is sent in a form that is to be refused: none is declared disposable"


def _throttle(exchange: Exchange) -> str:
    return summarize(exchange) + (" retry-after" if exchange.header("retry-after") else "")


def lapsed(context: ProbeContext) -> None:
    """Tell that the writer's credential is refused by now, if it was let in before."""
    asker = context.at("P")
    asker.unbounded = True  # a single question, on which all the rest depends

    def search() -> Exchange:
        return asker.send_until(lambda met: met.ok, "GET", SEARCH, query=ONE)

    context.key_use.tell(context.facts, context.target.key_at(context.main), search)


def keys(context: ProbeContext) -> None:
    """Try each carrier, each state of a key, and what is no key."""
    writer = context.at("P")
    for carrier in ("bearer", "apikey", "x-api-key"):
        words = f"a valid key as {carrier}"
        writer.ask(f"key.{carrier}", words, "GET", SEARCH, query=ONE, carrier=carrier, normal=IN, judge=_throttle)
    nobody = context.stranger()
    holder = context.stranger()
    holder.reason = holder.reason or context.no_api_key
    small = [("Authorization", f"bearer {context.key}")]
    holder.ask("key.small", "a valid key as bearer", "GET", SEARCH, query=ONE, headers=small, normal=IN)
    valid, exposed = context.key, context.target.exposable_key(context.main) or ""
    exposing = context.stranger()
    exposing.reason = exposing.reason or ("" if exposed else _NOT_EXPOSED)
    bad = f"hk_{secrets.token_hex(12)}"
    for aspect, words, headers, path in (
        ("none", "no key", [], SEARCH),
        ("bad", "a key that nobody issued", [("Authorization", f"Bearer {bad}")], SEARCH),
        ("empty", "an empty key", [("Authorization", "Bearer ")], SEARCH),
        ("twice", "a key that nobody issued, sent twice", [("Authorization", f"Bearer {bad}")] * 2, SEARCH),
        ("bad-api-key", "a key that nobody issued, as X-API-Key", [("X-API-Key", bad)], SEARCH),
        ("basic", "a valid key as a Basic password", [("Authorization", "Basic " + secrets.token_hex(8))], SEARCH),
        ("query", "a valid key in the query", [], f"{SEARCH}?api_key={exposed}"),
        ("longer", "a valid key and one letter more", [("Authorization", f"Bearer {exposed}x")], SEARCH),
        (
            "bad-then-good",
            "a bad Bearer key beside a valid X-API-Key",
            [("Authorization", f"Bearer {bad}"), ("X-API-Key", valid)],
            SEARCH,
        ),
    ):
        query = {} if "?" in path else {"query": ONE}
        asker = holder if aspect == "bad-then-good" else nobody
        if aspect in _EXPOSING:
            asker = exposing
        asker.ask(f"key.{aspect}", words, "GET", path, headers=headers, normal=OUT, judge=_with_challenge, **query)
    for state in ("expired", "revoked", "other-service", "legacy-service"):
        asker = context.at("P", state)
        asker.ask(f"key.{state}", f"a key {state}", "GET", SEARCH, query=ONE, normal=OUT, judge=_with_challenge)
    throttled = context.at("P", "throttled")
    throttled.ask(
        "key.throttled", "a throttled key", "GET", SEARCH, query=ONE, normal="429 json .* retry-after", judge=_throttle
    )


def _names_the_right(answer: Exchange) -> str:
    """Return whether a refusal names the right that is lacking: ``named``, ``none``, or ``not refused``."""
    if "write" in answer.text:
        return "named"
    return "none" if answer.refused else "not refused"


def roles(context: ProbeContext) -> None:
    """Let a reader and an admin try what they may and what they may not, after a writer did."""
    made = f"{FILES}/{context.folder}/roles/one.bin"
    writer = context.at("P")
    writer.send("PUT", made, body=b"x")
    reader = context.at("P", "reader")
    reads: tuple[tuple[str, str, str, str, str, dict[str, Any]], ...] = (
        ("read", "a reader's search", "GET", SEARCH, "200 json", {"query": ONE}),
        ("read-post", "a reader's search by POST", "POST", SEARCH, "200 json", {"json": ONE}),
        ("list", "a reader's listing", "GET", FILES, "200 json", {"query": {"path": context.folder}}),
        ("get", "a reader's download", "GET", made, "200 .*|500 json.*", {}),
        (
            "presign",
            "a reader's presigned download",
            "GET",
            made.replace("/artifacts/", "/presigned/", 1),
            "200 json",
            {},
        ),
        ("api3", "a reader's api/3.0", "GET", f"{REST3}/server-info", "200 json", {}),
    )
    for aspect, words, method, path, normal, request in reads:
        reader.ask(f"reader.{aspect}", words, method, path, normal=normal, **request)
    writes: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
        ("put", "a reader's upload", "PUT", f"{FILES}/{context.folder}/roles/reader.bin", {"body": b"x"}),
        ("delete", "a reader's deletion", "DELETE", made, {}),
        ("create", "a reader's new model", "POST", f"{REST}/registered-models/create", {"json": {}}),
        ("patch", "a reader's change of a model", "PATCH", f"{REST}/registered-models/update", {"json": {}}),
        ("delete-model", "a reader's deletion of a model", "DELETE", f"{REST}/registered-models/delete", {"json": {}}),
        ("run", "a reader's new run", "POST", f"{REST}/runs/create", {"json": {"experiment_id": context.experiment}}),
        ("tag", "a reader's tag on a version", "POST", f"{REST}/model-versions/set-tag", {"json": {}}),
        ("multipart", "a reader's multipart upload", "POST", f"{ARTIFACTS}/mpu/create/{context.folder}", {"json": {}}),
        ("logged", "a reader's logged model", "POST", f"{REST}/logged-models", {"json": {}}),
        (
            "ajax",
            "a reader's new model by ajax-api",
            "POST",
            "/ajax-api/2.0/mlflow/registered-models/create",
            {"json": {}},
        ),
        (
            "ajax-put",
            "a reader's upload by ajax-api",
            "PUT",
            f"/ajax-api/2.0/mlflow-artifacts/artifacts/{context.folder}/roles/ajax.bin",
            {"body": b"x"},
        ),
    )
    for aspect, words, method, path, request in writes:
        reader.ask(f"reader.{aspect}", words, method, path, normal="403 json PERMISSION_DENIED", **request)
    reader.ask("reader.reason", "why a reader may not create a model", "POST", f"{REST}/registered-models/create",
               json={}, normal="named|not refused",
               judge=_names_the_right)  # fmt: skip
    admin = context.at("P", "admin")
    admin.ask("admin.read", "an admin's search", "GET", SEARCH, query=ONE, normal="200 json")
    path = f"{FILES}/{context.folder}/roles/admin.bin"
    admin.ask("admin.put", "an admin's upload", "PUT", path, body=b"x", normal="200 .*")
    spoof = [("X-Hokusai-User-Id", "root"), ("X-Hokusai-Scopes", "mlflow:admin"), ("X-Forwarded-User", "root")]
    forged = context.stranger()
    forged.ask("spoof", "identity headers without a key", "GET", SEARCH, query=ONE, headers=spoof, normal="401 .*")


OPEN = {
    "rest": ("GET", f"{SEARCH}?max_results=1"),
    "write": ("POST", f"{REST}/registered-models/create"),
    "delete": ("DELETE", f"{REST}/registered-models/delete"),
    "patch": ("PATCH", f"{REST}/registered-models/update"),
    "api3": ("GET", f"{REST3}/server-info"),
    "ajax": ("GET", "/ajax-api/2.0/mlflow/experiments/search?max_results=1"),
    "ajax3": ("GET", "/ajax-api/3.0/mlflow/server-info"),
    "put": ("PUT", f"{FILES}/{{folder}}/anonymous.bin"),
    "get": ("GET", f"{FILES}/{{folder}}/anonymous.bin"),
    "list": ("GET", f"{FILES}?path={{folder}}"),
    "presign": ("GET", f"{ARTIFACTS}/presigned/{{folder}}/anonymous.bin"),
    "multipart": ("POST", f"{ARTIFACTS}/mpu/create/{{folder}}"),
    "ajax-artifacts": ("GET", "/ajax-api/2.0/mlflow-artifacts/artifacts?path={folder}"),
    "get-artifact": ("GET", "/get-artifact?run_id=x&path=y"),
    "version-artifact": ("GET", "/model-versions/get-artifact?name=x&version=1&path=y"),
    "graphql": ("POST", "/graphql"),
    "page": ("GET", "/"),
    "version": ("GET", "/version"),
    "unknown": ("GET", "/nothing-here"),
    "head": ("HEAD", SEARCH),
}
EVERYWHERE = frozenset({"rest", "write", "ajax", "put", "list"})
"""Families that are knocked at at every door; the others at the main one."""
_LED_NOWHERE = re.compile(r"404 (?:html|text|xml|json|bytes|empty)(?: nginx)?")
"""A 404 in nobody's form who keeps models: a route that is not there, or is hidden from strangers, lets nobody in."""
_ASKED = "?max_results=1"
SPELLINGS = {
    "slashes": f"/{SEARCH}{_ASKED}",
    "dots": f"/health/..{SEARCH}{_ASKED}",
    "static-dots": f"/static-files/..{SEARCH}{_ASKED}",
    "escaped-dots": f"/health/%2e%2e{SEARCH}{_ASKED}",
    "parameter": f"{SEARCH};x=/health{_ASKED}",
    "case": SEARCH.replace("/api/", "/API/") + _ASKED,
    "escaped-slash": SEARCH.replace("/mlflow/", "%2Fmlflow/", 1) + _ASKED,
    "ending": f"{SEARCH}/health{_ASKED}",
    "query": f"{SEARCH}{_ASKED}&next=/health",
}


def nobody(context: ProbeContext) -> None:
    """Knock without a key at every family and at every door, and in odd spellings of one path."""
    context.stranger().ask("open.health", "a POST of health without a key", "POST", "/health", normal="401 .*")
    everywhere: dict[str, str] = {}
    passed: list[str] = []
    if reason := context.stranger().why_not():
        context.facts.unseen("open.main.P", reason)
        return
    for door in context.target.doors:
        asker = context.stranger(door)
        if asker.why_not():
            continue
        main = door.name == context.main.name
        let_in: dict[str, int] = {}
        for aspect, (method, path) in OPEN.items():
            if main or aspect in EVERYWHERE:
                json: dict[str, Any] | None = {} if method in ("POST", "PATCH", "DELETE") else None
                body = b"x" if method == "PUT" else None
                answer = asker.send(method, path.format(folder=context.folder), json=json, body=body)
                if answer.status not in (401, None) and not _LED_NOWHERE.fullmatch(summarize(answer)):
                    let_in[aspect] = answer.status
                    passed.append(answer.request_id)
        if main:
            value = _said(let_in) or "none"
            context.facts.record(
                "open.main.P", value, f"without a key, not answered 401 at {door.name}: {value}", "none"
            )
        everywhere[door.name] = _said({name: let_in[name] for name in let_in if name in EVERYWHERE}) or "none"
    value = vector(everywhere)
    context.facts.record("doors.open.P", value, f"without a key, not answered 401, door by door: {value}", "all none")
    _decided(context, passed)
    _bypassed(context)


def _bypassed(context: ProbeContext) -> None:
    """Ask in odd spellings of one path without a key, and tell which are served."""
    raw = Raw(context.at("P").sender.door, None, Evidence(), context.run, timeout=2.0 * context.waits.slack)
    served, silent = {}, []
    for aspect, path in SPELLINGS.items():
        answer = raw.send("GET", raw.at(path))
        if answer.ok:
            served[aspect] = str(answer.status)
        if answer.error.startswith("timeout"):
            silent.append(aspect)
    if silent and not served:
        context.facts.unseen("bypass.P", Missed(f"not answered in time: {' '.join(silent)}"))
        return
    value = " ".join(served) or "none"
    context.facts.record(
        "bypass.P", value, f"spellings of a protected path that are served without a key: {value}", "none"
    )


def _decided(context: ProbeContext, ids: list[str]) -> None:
    """Tell whether the auth service decided about requests that passed without a key, by their ids in its log."""
    log = context.target.logs.get("auth")
    if not ids or log is None or not log.exists():
        context.facts.unseen(
            "open.decided.P", "the target shows no log of the auth service" if ids else "nothing is open"
        )
        return
    wanted = [each for each in ids if each]

    def known_now() -> int:
        text = log.read_text(errors="replace")
        return sum(each in text for each in wanted)

    known = context.settled(known_now, until=lambda known: known == len(wanted), seconds=0.1)
    value = "by the auth service" if known * 2 > len(ids) else "without the auth service"
    context.facts.record("open.decided.P", value, f"requests without a key were let in {value}", "")


def _said(statuses: dict[str, int]) -> str:
    return " ".join(f"{name}:{status}" for name, status in statuses.items())
