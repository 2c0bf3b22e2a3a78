"""The reference MLflow server's ``serving`` of ``docker/mlflow``, imported with all that it needs."""

import importlib
import sys

from registry_conformance.judge.locations import DOCKER

sys.path.insert(0, str(DOCKER / "mlflow"))
serving = importlib.import_module("serving")
