"""CloudWatch Logs in a rehearsal: moto instead of AWS, and a shipper that sends a log line by line."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients import aws
from registry_conformance.judge.target.target import LogGroup

GROUP, REGION = "/ecs/rehearsal-mlflow", "us-east-1"
_PAUSE = 0.2


@contextmanager
def log_group(log: Path, secret: str) -> Iterator[LogGroup]:
    """Yield a CloudWatch log group that receives everything written to ``log`` from now on."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - seconds, and one scene of a rehearsal has it

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else a line for each request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    group, over = LogGroup(GROUP, REGION, "AKIAREHEARSAL", secret, endpoint=endpoint), threading.Event()
    shipper = threading.Thread(target=_ship, args=(log, log.stat().st_size, _client(group), over))
    shipper.start()
    try:
        yield group
    finally:
        over.set()
        shipper.join()
        server.stop()


def _client(group: LogGroup) -> Any:
    client = aws.client("logs", aws.access_of(group))
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="mlflow")
    return client


def _ship(log: Path, shipped: int, client: Any, over: threading.Event) -> None:
    while not over.wait(_PAUSE):
        with log.open("rb") as opened:
            opened.seek(shipped)
            whole = opened.read().rpartition(b"\n")[0]
        if lines := [line for line in whole.decode(errors="replace").splitlines() if line.strip()]:
            now = int(time.time() * 1000)
            events = [{"timestamp": now, "message": line} for line in lines]
            client.put_log_events(logGroupName=GROUP, logStreamName="mlflow", logEvents=events)
        shipped += len(whole) + bool(whole)
