"""Nights: what is kept of a run, what changed between two, and what a page is told of it."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry_conformance.judge.report.changes import LISTS, RunChanges, compare
from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.latency import latency
from registry_conformance.judge.report.page.plot import plot
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.run_snapshot import RunSnapshot, SnapshotError
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EXCHANGE, check, green, mixed, run_of

SERIES = "the embedded stack --store=moto"
DOORS = {"canonical": "http://h/api/mlflow", "literal": "http://h"}


def asked(door: str, seconds: float, path: str = "/version") -> Mapping[str, Any]:
    """Return an exchange at a door."""
    base = {"origin": "http://inner:5000", **DOORS}[door]
    return {**EXCHANGE, "door": door, "url": base + path, "method": "GET", "status": 200, "seconds": seconds}


def paced(name: str, verdict: Verdict = Verdict.PASSED, door: float = 0.02, **parts: Any) -> CheckRecord:
    """Return a check that asked 50 times at a door and at the origin, which takes 10 ms."""
    evidence = (asked("canonical", door), asked("origin", 0.01)) * 50
    return check(name, verdict, "ROU-001", evidence=evidence, **parts)


def night(number: int, *records: CheckRecord, **fields: Any) -> RunRecord:
    """Return the run of a night of January."""
    run = run_of(*records, run_id=f"verify-2026010{number}", series=SERIES, target={"doors": DOORS}, **fields)
    return replace(run, started=f"2026-01-0{number}T03:04:05+00:00")


def names(changes: RunChanges) -> dict[str, list[str]]:
    """Return list -> the names in it, of the lists that hold something."""
    found: dict[str, list[str]] = {}
    for name in LISTS:
        if changed := getattr(changes, name):
            found[name] = [each.name.rpartition("::test_")[2] for each in changed]
    return found


def seeded() -> tuple[RunRecord, RunRecord, RunRecord]:
    """Return three nights: each way of changing once between the last two, a flaky check, and much that stays."""
    still = [paced("still"), paced("jitters", door=0.021), check("stays_red", Verdict.FAILED, "ROU-001")]
    skipped = paced("loses_its_store", Verdict.INAPPLICABLE, message="no store here")
    first = night(1, *still, paced("flips", Verdict.FAILED), paced("breaks"))
    before = night(
        2,
        *(*still, paced("flips"), paced("breaks"), paced("slows"), paced("leaves"), paced("loses_its_store")),
        paced("recovers", Verdict.INCONCLUSIVE),
    )
    after = night(
        3,
        *(*still[:1], paced("jitters", door=0.025), still[2], paced("flips", Verdict.FAILED), paced("recovers")),
        *(paced("breaks", Verdict.FAILED), paced("slows", door=0.5), skipped),
    )
    return first, before, after


def test_exactly_the_seeded_changes_are_found() -> None:
    """Newly red, newly green, flaky, slower, newly inapplicable and gone are each found, and nothing besides."""
    first, before, after = (RunSnapshot.of(run) for run in seeded())
    changes = compare(before, after, [first])

    assert names(changes) == {
        "newly_red": ["breaks"],
        "newly_green": ["recovers"],
        "flaky": ["flips"],
        "slower": ["slows"],
        "newly_inapplicable": ["loses_its_store"],
        "gone": ["leaves"],
    }
    assert changes.newly_red[0].why == "breaks went wrong"
    assert changes.slower[0].why == "25.50 s now, 1.50 s then"
    assert not compare(after, after).any


def test_slow_machine_is_not_a_slower_check() -> None:
    """Where the origin took as much longer as the doors did, nothing is slower."""
    fast = RunSnapshot.of(night(1, paced("one")))
    evidence = (asked("canonical", 0.2), asked("origin", 0.1)) * 50
    slow = RunSnapshot.of(night(2, check("one", Verdict.PASSED, "ROU-001", evidence=evidence)))

    assert not compare(fast, slow).any
    assert names(compare(fast, replace(slow, origin=0.01)))["slower"] == ["one"]


def test_slower_door_is_named() -> None:
    """A door that takes twice as many times the origin's as before is slower, whichever checks asked there."""
    before, after = RunSnapshot.of(night(1, paced("one"))), RunSnapshot.of(night(2, paced("other", door=0.05)))

    assert [(each.name, each.before, each.after) for each in compare(before, after).slower] == [
        ("door canonical", "2.0 x origin", "5.0 x origin")
    ]


def test_part_of_the_suite_loses_nothing() -> None:
    """What a partial run did not ask is not gone; new checks and new versions of a part are told."""
    before = RunSnapshot.of(night(1, paced("one"), paced("two")))
    part = night(2, paced("one"), paced("three"), whole=False)
    target = {**part.target, "versions": {"mlflow": "3.18.0"}}

    assert names(compare(before, RunSnapshot.of(part))) == {"new": ["three"]}
    assert names(compare(before, RunSnapshot.of(replace(part, target=target))))["versions"] == ["mlflow"]


def test_night_survives_its_file() -> None:
    """A packed night is small, always the same bytes, and comes back as it was; anything else is refused with words."""
    for run in (mixed(), green(), run_of(exit_code=6, problem="no image"), seeded()[1]):
        packed = RunSnapshot.of(run).pack()
        assert RunSnapshot.unpack(packed) == RunSnapshot.of(run)
        assert RunSnapshot.of(run).pack() == packed
        for damaged in (
            packed[:-9],
            packed[:40],
            b"",
            b"{}",
            packed[:60] + b"xx" + packed[62:],
            gzip.compress(b"[" * 99_999),
        ):
            with pytest.raises(SnapshotError, match="no record of a run, or damaged"):
                RunSnapshot.unpack(damaged)


def test_history_tells_changes_and_trend(tmp_path: Path) -> None:
    """A run is compared with the last one of its series that verified anything; the trend ends with it."""
    history = History(tmp_path)
    first, before, after = seeded()
    assert history.with_history(first).changes is None
    lost = replace(night(2, exit_code=6, problem="no image"), started="2026-01-02T08:00:00+00:00")
    for age, run in enumerate((first, before, lost)):
        kept = history.keep(replace(run, run_id=f"verify-{age}"))
        assert kept
        os.utime(kept, (1000 + age, 1000 + age))
    other = replace(green(), series="staging", started="2026-01-02T09:00:00+00:00")
    history.keep(other)
    told = history.with_history(after)

    assert told.changes
    assert (told.changes["since"], len(told.changes["newly_red"]), len(told.changes["flaky"])) == ("verify-1", 1, 1)
    assert [each["run"] for each in told.trend] == ["verify-0", "verify-1", "verify-2", after.run_id]
    assert [each["exit_code"] for each in told.trend] == [0, 0, 6, 0]


def test_history_keeps_whole_runs_and_sixty_of_them(tmp_path: Path) -> None:
    """Parts and runs that were broken off are not kept; beyond sixty the oldest goes; a damaged one is left out."""
    history = History(tmp_path)
    assert history.keep(night(1, paced("one"), whole=False)) is None
    assert history.keep(night(1, paced("one"), exit_code=2)) is None
    folder = tmp_path / "history" / "the-embedded-stack-store-moto"
    for number in range(62):
        run = replace(
            run_of(series=SERIES, run_id=f"verify-{number:02}"), started=f"2026-01-01T00:{number % 60:02}:00+00:00"
        )
        kept = history.keep(run)
        assert kept
        os.utime(kept, (1000 + number, 1000 + number))
    assert min(file.name for file in folder.iterdir()) == "verify-02.json.gz"
    assert len(list(folder.iterdir())) == 60
    (folder / "verify-61.json.gz").write_bytes(b"damaged")
    assert len(history.nights(SERIES)) == 30
    assert "verify-61" not in {each.run for each in history.nights(SERIES, 60)}


def test_latency_pairs_the_same_request() -> None:
    """Only what was asked at a door and at the origin in one check counts, whole answers alone, prefixes aside."""
    broken = {**asked("canonical", 9.0), "status": 502}
    cut = {**asked("canonical", 9.0), "error": "reset"}
    alone = asked("literal", 9.0, "/elsewhere")
    evidence = (asked("canonical", 0.03), broken, cut, asked("origin", 0.01), asked("origin", 0.02), alone)
    seen = latency(run_of(check("one", Verdict.PASSED, evidence=evidence), target={"doors": DOORS}))

    assert seen.doors == {"canonical": ((0.03,), (0.01, 0.02))}
    assert seen.ratio("canonical") == pytest.approx(2.0)
    assert latency(green()).doors == {}


def test_plot_of_a_single_request_is_drawn() -> None:
    """One request at the door and one at the origin make a plot, whose spread is that request."""
    evidence = (asked("canonical", 0.02), asked("origin", 0.01))
    drawn = plot(run_of(check("one", Verdict.PASSED, evidence=evidence), target={"doors": DOORS}))

    assert drawn is not None
    assert drawn["requests"] == 2
    assert [row["low"] == row["median"] == row["high"] for row in drawn["rows"]] == [True, True]


def test_plot_of_a_few_uneven_requests_is_drawn() -> None:
    """Two requests far apart span a row from the one to the other, and never a time below both."""
    evidence = (asked("canonical", 0.01), asked("origin", 0.002), asked("origin", 0.3))
    drawn = plot(run_of(check("one", Verdict.PASSED, evidence=evidence), target={"doors": DOORS}))

    assert drawn is not None
    assert "90% within 17 ms to 285 ms" in drawn["rows"][0]["said"]
