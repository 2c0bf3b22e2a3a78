"""Evidence on its way into a report: kept out of memory, and joined with what the parts wrote down."""

from __future__ import annotations

import json
import pickle
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.evidence.items import ExchangeItem, FlowItem, NoteItem
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.trace import TraceIndex
from tests.report_runs import EVIDENCE, EXCHANGE, FLOW
from tests.tree import ROOT

ID = "14881453-8fa8-4bd5-be01-3511f86ad93c"
ASKED: ExchangeItem = {**EXCHANGE, "request_id": ID}


@pytest.fixture
def logs(tmp_path: Path) -> dict[str, Path]:
    """The logs of three parts, two of which saw the request."""
    said: dict[str, list[Any]] = {
        "mlflow": ["starting", {"request_id": ID, "status": 404, "ms": 3.1, "path": "/x" * 2000}],
        "proxy": [{"ms": 9, "request_id": ID, "status": 200}, {"ms": 1, "request_id": "another-one", "status": 503}],
        "store": ["nothing of interest"],
    }
    files = {part: tmp_path / f"{part}.log" for part in said}
    for part, lines in said.items():
        told = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        files[part].write_text("\n".join(told) + '\n{"request_id": "half')
    return files


def test_kept_evidence_is_read_back(tmp_path: Path) -> None:
    """What was put away comes back equal, whole, by place and as often as it is looked at, and has no file's name."""
    spool = Spool(tmp_path)
    first, second, none = spool.keep(EVIDENCE), spool.keep([EXCHANGE]), spool.keep(())

    assert (list(first), list(second), list(none)) == (list(EVIDENCE), [EXCHANGE], [])
    assert (len(first), first[0], first[-1], first[1:2]) == (5, EVIDENCE[0], EVIDENCE[-1], (FLOW,))
    assert len(pickle.dumps(EVIDENCE)) > 1000
    assert not isinstance(first, tuple)
    assert list(tmp_path.iterdir()) == []


NO_ROOM = """
import resource, sys
from registry_conformance.judge.report.evidence_store import Spool
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
spool = Spool()
for size in (10, 5000, 10):
    assert list(spool.keep([{"kind": "note", "text": "x" * size}])) == [{"kind": "note", "text": "x" * size}], size
"""


def test_full_disk_loses_no_evidence() -> None:
    """What the disk has no room for stays, and what comes after it is whole too."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    subprocess.run([sys.executable, "-c", NO_ROOM], cwd=ROOT, check=True, timeout=600)


def test_exchange_is_followed_behind_the_door(logs: dict[str, Path]) -> None:
    """Each part that wrote the request id down is told, in the order in which a request goes, long texts cut."""
    traced: Any
    (traced,) = TraceIndex(logs, {}).traced([ASKED])
    proxy, mlflow = traced["hops"]

    assert (proxy["part"], proxy["from"], proxy["status"], proxy["ms"]) == ("proxy", "log", 200, 9)
    assert (mlflow["part"], mlflow["status"], mlflow["ms"]) == ("mlflow", 404, 3.1)
    assert mlflow["told"]["path"].endswith("... 4000 characters")
    assert len(mlflow["told"]["path"]) < 2100


def test_watched_link_is_a_hop(tmp_path: Path) -> None:
    """A recorder's line is told with the status of the answer that it saw, between the logs of its neighbours."""
    line = {"id": ID, "request": {"head": "GET / HTTP/1.1\r\n\r\n"}, "response": {"head": "HTTP/1.1 502 Bad\r\n\r\n"}}
    (tmp_path / "link.jsonl").write_text(json.dumps(line) + "\n")
    traced: Any
    (traced,) = TraceIndex({}, {"mlflow": tmp_path / "link.jsonl"}).traced([ASKED])

    assert [(hop["part"], hop["from"], hop["status"], hop["ms"]) for hop in traced["hops"]] == [
        ("mlflow", "link", 502, None)
    ]


def test_flow_is_followed_too(logs: dict[str, Path]) -> None:
    """The exchanges of a flow get their hops; what left no trace, and what is no exchange, stays as it is."""
    traced: Any
    flow: FlowItem = {**FLOW, "exchanges": [ASKED, EXCHANGE]}
    note: NoteItem = {"kind": "note", "text": "x"}
    traced, still, other = TraceIndex({**logs, "gone": logs["proxy"] / "nowhere"}, {}).traced([flow, note, EXCHANGE])

    assert [len(exchange.get("hops", ())) for exchange in traced["exchanges"]] == [2, 0]
    assert (still, other) == (note, EXCHANGE)
