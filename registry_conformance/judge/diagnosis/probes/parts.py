"""What the parts themselves say: recorders on links, where they stand, and logs, where they are open to us."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.clients.witness import Passed, digested
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.artifacts import FILES
from registry_conformance.judge.diagnosis.probes.reachability import ONE, SEARCH
from registry_conformance.judge.diagnosis.summarize import s3_code

_KEPT = 400_000
"""Bytes at the end of a log that are read."""


def sizes(target: Any) -> dict[str, int]:
    """Return log or record -> bytes in it by now."""
    files: Mapping[str, Path] = {**target.logs, **{f"to-{link}": file for link, file in target.records.items()}}
    return {name: file.stat().st_size if file.exists() else 0 for name, file in files.items()}


def witnessed(context: ProbeContext) -> None:
    """Send a request whose headers claim another identity, and see in the record what MLflow was handed."""
    record, facts = context.target.records.get("mlflow"), context.facts
    if record is None:
        facts.unseen("seen.user.O", "no recorder stands between the proxy and MLflow")
        return
    began = record.stat().st_size if record.exists() else 0
    key = context.key
    headers = [
        ("X-Hokusai-User-Id", "root"),
        ("X-Hokusai-API-Key-Id", "root"),
        ("x_hokusai_user_id", "low"),
        ("X-Probe", f"{context.name}-claims"),
    ]
    asker = context.at("P")
    if asker.why_not():
        facts.unseen("seen.user.O", asker.why_not())
        return
    asker.send("GET", SEARCH, query=ONE, headers=headers)
    passed = _requests(record, began, f"{context.name}-claims")
    if not passed:
        facts.record("seen.user.O", "nothing came", "nothing of the request reached MLflow", "the key's")
        return
    request = passed[-1]
    users = request.values("x-hokusai-user-id")
    value = _user_told(users)
    facts.record("seen.user.O", value, f"MLflow is told a user: {value}", "the key's")
    ids = request.values("x-hokusai-api-key-id")
    value = _key_id_told(ids)
    facts.record("seen.key-id.O", value, f"MLflow is told a key id: {value}", "the key's")
    kept = request.values("authorization")
    value = "other" if kept else "none"
    if kept == [f"Bearer {digested(key)}"] or kept == [digested(f"Bearer {key}")]:
        value = "kept"
    facts.record("seen.authorization.O", value, f"the Authorization header on its way to MLflow: {value}", "kept|other")
    low = "passes" if request.values("x_hokusai_user_id") else "is dropped"
    words = f"a claimed identity in a header with underscores {low}"
    facts.record("seen.underscores.O", low, words, "is dropped")
    host = "told" if any(request.values(name) for name in ("x-forwarded-host", "forwarded")) else "not told"
    facts.record("seen.host.O", host, f"the host that the client asked for is {host} to MLflow", "told")
    _marked(context, record, request)
    _users(context, record, users)
    line = request.line.split(" ")
    path = line[1].partition("?")[0] if len(line) > 1 else ""
    value = "right" if path == SEARCH else path
    facts.record("seen.path.O", value, f"the path that reaches MLflow: {path}", "right")
    _body(context, record)


def _marked(context: ProbeContext, record: Path, request: Passed) -> None:
    """See whether the id of a request and its wish to be told to go on reach MLflow, and a refused request does not."""
    facts, began = context.facts, record.stat().st_size
    value = "told" if request.values("x-request-id") else "not told"
    facts.record("seen.id.O", value, f"the id of a request is {value} to MLflow", "told")
    mark = f"{context.name}-refused"
    stranger = context.stranger()
    if reason := stranger.why_not():
        facts.unseen("seen.refused.O", reason)
    else:
        stranger.send("GET", SEARCH, query=ONE, headers=[("X-Probe", mark)])
        value = "came" if _requests(record, began, mark) else "nothing came"
        facts.record("seen.refused.O", value, f"of a request without a key, at MLflow: {value}", "nothing came")
    mark, path = f"{context.name}-expects", f"{FILES}/{context.folder}/expects.bin"
    context.at("P").send("PUT", path, body=b"x", headers=[("Expect", "100-continue"), ("X-Probe", mark)])
    if passed := _requests(record, began, mark):
        value = "told" if passed[-1].values("expect") else "not told"
        words = f"that a client waits to be told to go on with an upload is {value} to MLflow"
        facts.record("seen.expect.O", value, words, "told")


def _users(context: ProbeContext, record: Path, writer: list[str]) -> None:
    """See whether MLflow is told another user for another key."""
    began, mark = record.stat().st_size, f"{context.name}-reader"
    asker = context.at("P", "reader")
    asker.send("GET", SEARCH, query=ONE, headers=[("X-Probe", mark)])
    if passed := _requests(record, began, mark):
        value = "told apart" if passed[-1].values("x-hokusai-user-id") != writer else "one for all"
        context.facts.record("seen.users.O", value, f"two keys' users, as MLflow is told: {value}", "told apart")


def _user_told(users: Sequence[str]) -> str:
    """Return whose name MLflow is told as the user's, of a request that claims to be ``root``'s."""
    if not users:
        return "none"
    if users == ["root"]:
        return "the claimed one"
    return "both" if "root" in users else "the key's"


def _key_id_told(ids: Sequence[str]) -> str:
    """Return which id MLflow is told as the key's, of a request that claims ``root``."""
    if not ids:
        return "none"
    return "the claimed one" if "root" in ids else "the key's"


def _body(context: ProbeContext, record: Path) -> None:
    """See whether the body of a DELETE reaches MLflow."""
    began = record.stat().st_size
    document = {"name": f"{context.name}-absent"}
    headers = [("X-Probe", f"{context.name}-body")]
    context.at("P").send("DELETE", f"{REST}/registered-models/delete", json=document, headers=headers)
    passed = _requests(record, began, f"{context.name}-body")
    if passed:
        size, sent = passed[-1].size, len(json.dumps(document))
        value = "other" if size else "none"
        if size == sent:
            value = "whole"
        context.facts.record(
            "seen.delete-body.O", value, f"of a DELETE's {sent} B body, {size} B reach MLflow", "whole"
        )


def _requests(record: Path, began: int, mark: str) -> list[Passed]:
    with record.open("rb") as file:
        file.seek(began)
        lines = file.read().decode(errors="replace").split("\n")[:-1]
    found = [json.loads(line) for line in lines if mark in line]
    return [Passed.read(line["request"]) for line in found if line.get("request")]


def _holds_one(text: str, secrets: Iterable[str]) -> bool:
    return any(secret in text for secret in secrets)


def logs(context: ProbeContext, began: Mapping[str, int]) -> None:
    """Read what the parts logged since the battery began: S3 error codes, upstream failures, 5xx."""
    if not context.target.logs:
        context.facts.unseen("log.s3.O", "the target shows no logs")
        return
    text = {part: _tail(file, began.get(part, 0)) for part, file in context.target.logs.items()}
    kept = context.target.secrets - {
        context.target.api_key("disposable")
    }  # the probes themselves may have put that there
    holding = [part for part in sorted(text) if _holds_one(text[part], kept)]
    told = " ".join(holding) or "none"
    context.facts.record("log.keys.P", told, f"logs that hold a key: {told}", "none")
    said = text.get("mlflow", "")
    codes = sorted(set(re.findall(r"\(([A-Z][A-Za-z.]+|\d{3})\) when calling the (\w+)", said)))
    anomalies = [f"{operation}:{code}" for code, operation in codes if (code, operation) not in _EXPECTED]
    if not anomalies and (code := s3_code(" ".join(_raised(said)))) and code != "NotFound":
        anomalies = [code]
    value = " ".join(anomalies) or "none"
    context.facts.record("log.s3.O", value, f"S3 errors in MLflow's log: {value}", "none")
    refused = re.findall(r'"(?:response_)?(?:code_)?details"?:\s*"([A-Za-z_{}|]+)', text.get("proxy", ""))
    found = sorted(set(refused) - _ROUTINE)
    value = " ".join(found) or "none"
    context.facts.record("log.proxy.P", value, f"what the proxy's log tells of answers of its own: {value}", ".*")


_EXPECTED = {
    ("404", "HeadObject"),
    ("NoSuchUpload", "CompleteMultipartUpload"),
    ("InvalidRequest", "CompleteMultipartUpload"),
    ("NoSuchKey", "GetObject"),
    ("500", "CompleteMultipartUpload"),
}
_ROUTINE = {"via_upstream", "direct_response", "ext_authz_denied"}


def _raised(log: str) -> list[str]:
    """Return the last lines of the tracebacks in a log, less those that name a call of S3 and its code."""
    lines = re.findall(r"^(?:botocore|boto3|urllib3|mlflow)[\w.]*(?:Error|Exception)\b.*", log, re.MULTILINE)
    return [line for line in lines if " when calling the " not in line][-20:]


def _tail(file: Path, began: int) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as opened:
        end = opened.seek(0, 2)
        opened.seek(max(min(began, end), end - _KEPT))
        return opened.read().decode(errors="replace")
