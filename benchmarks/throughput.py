"""What the proxy costs a large artifact: throughput through it over throughput at the origin, and its memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path
from statistics import median

import psutil

from benchmarks.figure import BenchError, Figure, rounds_within
from benchmarks.figure import Target as Bound
from benchmarks.stacks import Bench, stack_up
from registry_conformance.judge.clients import aws
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import expect_status
from registry_conformance.judge.target.target import BucketAccess, Target

ROUNDS = 3
LIMIT = 90.0
MIB = 1 << 20
SIZE = 256 * MIB
SAMPLES_APART = 0.02


@dataclass(frozen=True, slots=True)
class Way:
    """A client on one way to MLflow, and the name of the artifact it sends."""

    wire: MlflowHttp
    artifact: str


def measure(bench: Bench, rounds: int) -> list[Figure]:
    """PUT and GET 256 MiB through the proxy and past it in turn, the order changing with each round."""
    payload = _random_file(bench.folder / "payload.bin")
    seconds: dict[tuple[str, str], list[float]] = {}
    growth: list[float] = []
    with stack_up(bench) as up:
        proxy, origin = ways = _ways(up.target)
        location = _location(proxy.wire)
        pid = up.stack.pids()["proxy"]
        _transfer("PUT", origin, location, payload)  # uncounted: the first one pays for cold disks and imports
        _empty(up.target.bucket)
        for number in rounds_within(rounds, LIMIT):
            with _watched(pid) as grown:
                for verb in ("PUT", "GET"):
                    for way in ways if number % 2 else reversed(ways):
                        took = _transfer(verb, way, location, payload)
                        seconds.setdefault((verb, way.artifact), []).append(took)
            growth.append(max(grown) / MIB)
            _empty(up.target.bucket)
    figures = [_figure(verb, seconds[verb, proxy.artifact], seconds[verb, origin.artifact]) for verb in ("PUT", "GET")]
    return [*figures, Figure("proxy memory growth in a round", "MiB", growth, Bound(16), "peak over the round's start")]


def _figure(verb: str, proxy: list[float], origin: list[float]) -> Figure:
    def rate(seconds: list[float]) -> float:
        return SIZE / MIB / median(seconds)

    return Figure(
        f"{verb} 256 MiB, throughput of proxy / origin",
        "ratio",
        list(starmap(lambda ours, theirs: theirs / ours, zip(proxy, origin, strict=True))),
        Bound(0.85, at_least=True),
        f"proxy {rate(proxy):.0f} MiB/s, origin {rate(origin):.0f} MiB/s",
    )


def _ways(target: Target) -> tuple[Way, Way]:
    if target.origin is None:
        raise BenchError("the stack shows no origin")
    wire = MlflowHttp(target.doors[0], target.keys["writer"], Evidence(), "bench", timeout=120.0)
    return Way(wire, "by-proxy.bin"), Way(replace(wire, door=target.origin, key=None), "by-origin.bin")


def _location(wire: MlflowHttp) -> str:
    experiment = expect_status(wire.create_experiment("bench"), 200).json()["experiment_id"]
    location: str = expect_status(wire.create_run(experiment, "bench"), 200).json()["run"]["info"]["artifact_uri"]
    return location


def _transfer(verb: str, way: Way, location: str, payload: Path) -> float:
    """Return the seconds of one whole transfer; raise ``BenchError`` where not every byte arrived."""
    exchange: Exchange
    if verb == "PUT":
        with payload.open("rb") as body:
            exchange = way.wire.put_artifact(location, way.artifact, body, size=SIZE)
        size = exchange.request_body.size
    else:
        exchange = way.wire.get_artifact(location, way.artifact)
        size = exchange.response_body.size
    if not exchange.ok or size != SIZE:
        raise BenchError(f"{verb} of 256 MiB failed: {exchange}")
    return exchange.seconds


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """Sample a process's resident memory; the list holds the bytes above the start, a sample each 20 ms."""
    process = psutil.Process(pid)
    start = process.memory_info().rss
    grown = [0]
    over = threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLES_APART):
            grown.append(process.memory_info().rss - start)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        yield grown
    finally:
        over.set()
        sampler.join()


def _empty(access: BucketAccess | None) -> None:
    """Delete every version of every object, so that the store does not grow from round to round."""
    if access is None:
        raise BenchError("the stack shows no bucket")
    s3 = aws.client("s3", aws.access_of(access))
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=access.bucket):
        for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=access.bucket, Key=each["Key"], VersionId=each["VersionId"])


def _random_file(path: Path) -> Path:
    with path.open("wb") as file:
        for _ in range(SIZE // MIB):
            file.write(os.urandom(MIB))
    return path
