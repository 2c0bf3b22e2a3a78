"""Transfers that end after one number of bytes: that number, and the network, stand first."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.diagnosis import conclude
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.named import Named
from registry_conformance.judge.evidence.exchange import Body, Exchange

MIB = 1 << 20


def downloads(*came: int, uploads: str = "all", place: str = "P") -> Facts:
    """Return facts of downloads of growing size, of which so many bytes came."""
    facts = Facts()
    facts.record("put.P", "200 empty", "an upload")
    for step, size in zip(("1m", "5m", "9m"), came, strict=False):
        answer = Exchange("GET", f"http://door/{step}", "door", 200, response_body=Body(size, "", b""))
        facts.record(f"size.{step}.get.P", "200 bytes cut", f"a download of {step}", "200 whole", (answer.evidence(),))
    facts.record("ladder.put.P", uploads, "uploads", "all")
    facts.record(f"ladder.get.{place}", "1m 200 bytes cut", "downloads", "all")
    return facts


def uploads(between: str = "", passed: str = "1m", failed: str = "5m reset", **more: str) -> Facts:
    """Return facts of uploads that end without an answer from a size on."""
    facts = Facts()
    for name, value in {"put.P": "200 empty", f"size.{passed}.P": "200 empty"}.items():
        facts.record(name, value, name)
    step, _, outcome = failed.partition(" ")
    facts.record(f"size.{step}.P", outcome, f"an upload of {step}", "200.*")
    facts.record("ladder.put.P", failed, "uploads by size", "all")
    if between:
        facts.record("ladder.between.P", between, "an upload between", ".*")
    for name, value in more.items():
        facts.record(f"{name}.P", value, name, "200.*")
    return facts


def first(facts: Facts) -> Named:
    """Return what is named first."""
    return conclude(facts).causes[0]


def test_downloads_that_end_after_one_number_name_it() -> None:
    """Downloads of several sizes that end at one place are ended by what counts bytes."""
    cause = first(downloads(MIB - 400, MIB - 401, MIB - 400))
    assert (cause.id, cause.layer) == ("transfers-end-after-bytes", "network")
    assert "after 1.0 MiB of an answer" in cause.sentence
    assert "uploads of every size pass" in cause.sentence


@pytest.mark.parametrize(
    "facts",
    [
        downloads(MIB - 400, 3 * MIB, 2 * MIB),
        downloads(MIB - 400),
        downloads(MIB - 400, MIB - 400, place="O"),
        uploads(failed="5m timeout"),
        uploads(failed="5m reset", empty="503 json"),
        uploads(failed="5m 500 text"),
    ],
    ids=["several-numbers", "once", "at-mlflow-too", "silence", "mlflow-ended", "an-answer"],
)
def test_what_shows_no_number_names_none(facts: Facts) -> None:
    """Ends at different places, one end alone, MLflow's own ends, and answers are told as before."""
    assert first(facts).id != "transfers-end-after-bytes"


@pytest.mark.parametrize(
    ("between", "interval"),
    [("", "1.0 MiB to 5.0 MiB"), ("3m reset", "1.0 MiB to 3.0 MiB"), ("3m 200 empty", "3.0 MiB to 5.0 MiB")],
)
def test_uploads_that_end_name_the_interval(between: str, interval: str) -> None:
    """What passed and what was ended bound the number, one more size narrows it; nothing less likely repeats it."""
    told = conclude(uploads(between)).causes
    assert told[0].id == "transfers-end-after-bytes"
    assert interval in told[0].sentence
    assert [cause.id for cause in told if cause.alternative and cause.layer == "network"] == []
