"""What the suite takes beside its requests: ``suites/local``, and all that it sent, sent again by a bare client."""

from __future__ import annotations

import multiprocessing
import resource
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from statistics import median

from benchmarks.bare_client import Replayed, replay
from benchmarks.figure import BenchError, Figure, Target, rounds_within
from benchmarks.judged import judge
from benchmarks.stacks import Bench, stack_up
from registry_conformance.judge.locations import ROOT

ROUNDS = 1
LIMIT = 120.0
WORKERS = 2


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """Judge on two workers, and replay on a fresh stack what each of them sent, each time in a process of its own."""
    judged: list[tuple[float, float]] = []
    replayed: list[tuple[float, float]] = []
    answers: list[list[Replayed]] = []
    for number in rounds_within(rounds, LIMIT):
        folder = bench.folder / f"traffic-{number}"
        folder.mkdir(mode=0o700)
        used = _processor_seconds()
        run = judge(ROOT, *_options(bench, folder))
        judged.append((run.past_ready, _processor_seconds() - used))
        used = _processor_seconds()
        answers.append(_sent_again(bench, sorted(folder.iterdir())))
        wall = max(each.ended for each in answers[-1]) - min(each.began for each in answers[-1])
        replayed.append((wall, _processor_seconds() - used))
    return figures(judged, replayed, answers)


def figures(
    judged: Sequence[tuple[float, float]],
    replayed: Sequence[tuple[float, float]],
    answers: Sequence[Sequence[Replayed]],
) -> list[Figure]:
    """Return the figures of rounds, each as seconds and processor seconds of the run and of its replay."""
    pairs = list(zip(judged, replayed, strict=True))
    judged_took, replay_took = _medians(judged), _medians(replayed)
    return [
        Figure(
            f"suites/local -n {WORKERS} / bare replay, past start",
            "ratio",
            [run[0] / bare[0] for run, bare in pairs],
            Target(1.5),
            f"judged {judged_took[0]:.1f} s, its own requests sent again by {WORKERS} bare processes"
            f" {replay_took[0]:.1f} s",
        ),
        Figure(
            f"suites/local -n {WORKERS} / bare replay, processor",
            "ratio",
            [run[1] / bare[1] for run, bare in pairs],
            note=f"judged {judged_took[1]:.1f} s of a processor, sent again {replay_took[1]:.1f} s,"
            " the stack's own in both",
        ),
        Figure(
            "answers of the replay with the same status",
            "ratio",
            [_share_of_same(of_round) for of_round in answers],
            note=_told(answers[-1]),
        ),
    ]


def _medians(rounds: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the median seconds and the median processor seconds of rounds."""
    return median(seconds for seconds, _ in rounds), median(processor for _, processor in rounds)


def _share_of_same(answers: Sequence[Replayed]) -> float:
    """Return the share of requests that were answered with the same status as in the judged run."""
    return sum(each.same for each in answers) / sum(each.sent for each in answers)


def _options(bench: Bench, folder: Path) -> list[str]:
    recording = ["-p", "benchmarks.recording", f"--record-traffic={folder}"]
    return [
        "suites/local",
        f"--store={bench.store}",
        f"--report-dir={bench.folder / 'reports'}",
        "-n",
        str(WORKERS),
        *recording,
    ]


def _sent_again(bench: Bench, files: Sequence[Path]) -> list[Replayed]:
    """Return what became of each file of traffic, on one fresh stack."""
    if not files:
        raise BenchError("the judged run wrote no traffic down")
    context = multiprocessing.get_context("spawn")
    with stack_up(bench) as up, ProcessPoolExecutor(len(files), mp_context=context) as processes:
        return list(processes.map(replay, files, repeat(up.target)))


def _processor_seconds() -> float:
    """Return the seconds of a processor that all children of this process took so far, and theirs, which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _told(answers: Sequence[Replayed]) -> str:
    """Return how many requests were sent again, how many were not, and how the answers to most differ."""
    differing = sum((each.differing for each in answers), Counter[str]())
    sent, same = sum(each.sent for each in answers), sum(each.same for each in answers)
    odd, elsewhere = sum(each.unsendable for each in answers), sum(each.elsewhere for each in answers)
    most = ", ".join(f"{count} x {kind}" for kind, count in differing.most_common(3))
    others = f"; other status: {most}" if most else ""
    return f"{sent} requests, {same} same; left out: {odd} malformed on purpose, {elsewhere} to other servers{others}"
