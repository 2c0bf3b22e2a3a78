"""Another MLflow that uses the same artifact root: its files lie in the folders of experiments yet to come."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from registry_conformance.judge.clients.bucket import Bucket, s3
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Target
from registry_conformance.proof.rehearsal.holdings import newest_experiment

_EXPERIMENTS = 200
"""More than a scenario makes."""
_FILE = "of-the-other-mlflow.bin"


@contextmanager
def files_of_another_mlflow(target: Target) -> Iterator[None]:
    """Store a run's file, a logged model's and a trace's in the folder of each of the next experiments meanwhile."""
    assert target.bucket is not None, "a stack of our own has a bucket"
    bucket, client = Bucket(target.bucket, Evidence()), s3(target.bucket)
    newest, keys = newest_experiment(target), []
    for own_id in range(newest + 1, newest + 1 + _EXPERIMENTS):
        for entry in (uuid.uuid4().hex, f"models/m-{uuid.uuid4().hex}", f"traces/tr-{uuid.uuid4().hex}"):
            keys.append(bucket.key_for(f"mlflow-artifacts:/{own_id}/{entry}/artifacts", _FILE))
    for key in keys:
        client.put_object(Bucket=target.bucket.bucket, Key=key, Body=_FILE.encode())
    try:
        yield
    finally:
        for key in keys:
            bucket.purge(key, lambda *_: True)
