"""The reference MLflow server's ``serving`` module from ``docker/mlflow``, with its dependencies."""

import importlib
import sys

from registry_conformance.judge.locations import DOCKER

sys.path.insert(0, str(DOCKER / "mlflow"))
serving = importlib.import_module("serving")
