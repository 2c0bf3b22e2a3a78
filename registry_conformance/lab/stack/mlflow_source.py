"""The reference MLflow server's ``serving`` of ``docker/mlflow``, imported with all that it needs."""

import importlib
import sys

from registry_conformance.judge.machine import ROOT

sys.path.insert(0, str(ROOT / "docker" / "mlflow"))
serving = importlib.import_module("serving")
