"""The reference MLflow server: MLflow's own application, with a request log and an eye on the store.

Run as ``python -m uvicorn registry_app:app --app-dir docker/mlflow --no-access-log`` with MLflow's own settings in the
environment, and three about the store. ``AWS_RETRY_MODE`` and ``AWS_MAX_ATTEMPTS`` are boto3's; the store's silence is
bounded by ``REGISTRY_STORE_TIMEOUT_SECONDS``, for a connection and for each wait (20 if it is unset). Attempts times
timeout should stay under the 120 s after which MLflow's client gives up.
"""

from __future__ import annotations

import os

from request_log import RequestLog
from store_faults import watch

watch(float(os.environ.get("REGISTRY_STORE_TIMEOUT_SECONDS", "20")))

from mlflow.server.fastapi_app import app as mlflow_app  # noqa: E402 - its first S3 client must be one that is watched

app = RequestLog(mlflow_app)
