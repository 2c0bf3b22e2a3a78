"""The kinds of model that are registered: how each is trained, logged, and used after loading."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry_conformance.judge.clients.registry import digest_folder
from registry_conformance.judge.evidence.exchange import Body

KINDS = ("sklearn", "pyfunc", "files")
"""A scikit-learn classifier, a custom pyfunc that carries its code, and a plain folder of files."""

MODEL = "model"
"""What the model is called in its run."""
_REQUIREMENTS = ["mlflow", "scikit-learn"]
_CODE = '''\
"""A classifier of our own: the nearest class centre."""

import mlflow.pyfunc
import numpy


class NearestCentre(mlflow.pyfunc.PythonModel):
    """Predicts the class whose centre is nearest."""

    def __init__(self, centres):
        self.centres = centres

    def predict(self, context, model_input, params=None):
        rows = numpy.asarray(model_input)[:, None, :]
        return ((rows - self.centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
'''


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model: held-back ``inputs``, its predictions for them, and its score.

    ``files`` is a folder to upload as it is, for the kind that is a folder; ``local`` lists its content.
    """

    model: Any = None
    inputs: list[list[float]] = field(default_factory=list)
    predictions: list[int] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    files: Path | None = None
    local: dict[str, Body] = field(default_factory=dict)


def train(kind: str, folder: Path) -> Trained:
    """Train a model of that kind on scikit-learn's iris data set; work in ``folder``."""
    from sklearn.datasets import load_iris  # noqa: PLC0415 - takes seconds to import

    measurements, species = load_iris(return_X_y=True)
    held_back = slice(0, None, 10)
    model, params = _fit(kind, measurements, species, folder)
    inputs = measurements[held_back]
    predictions = _predict(kind, model, inputs)
    score = sum(int(a == b) for a, b in zip(predictions, species[held_back], strict=True)) / len(predictions)
    params["kind"] = kind
    metrics = {"accuracy": score, "rows": float(len(measurements))}
    if kind != "files":
        return Trained(model, inputs.tolist(), predictions, params, metrics)
    files = _as_files(folder / "files", model)
    return Trained(params=params, metrics=metrics, files=files, local=digest_folder(files))


def log(kind: str, trained: Trained, registry: Any, folder: Path) -> str:
    """Log the model to the active run; return the logged model's id, empty with MLflow 2."""
    if kind == "files":
        registry.sdk.log_artifacts(str(trained.files), MODEL)
        return ""
    flavour = getattr(registry.sdk, kind)
    known = inspect.signature(flavour.log_model).parameters  # clients of 2.x have other names for some
    if kind == "sklearn":
        model = {"sk_model": trained.model}
    else:
        code = "code_paths" if "code_paths" in known else "code_path"
        model = {"python_model": trained.model, code: [str(folder / "code" / "nearest_centre.py")]}
    name = "name" if "name" in known else "artifact_path"
    logged = flavour.log_model(**{name: MODEL}, pip_requirements=_REQUIREMENTS, **model)
    return str(getattr(logged, "model_id", None) or "")


def _fit(kind: str, measurements: Any, species: Any, folder: Path) -> tuple[Any, dict[str, str]]:
    if kind == "pyfunc":
        code = folder / "code"
        code.mkdir()
        (code / "nearest_centre.py").write_text(_CODE)
        sys.path.insert(0, str(code))
        from nearest_centre import NearestCentre  # type: ignore[import-not-found]  # noqa: PLC0415 - written above

        centres = [measurements[species == kind].mean(axis=0) for kind in sorted(set(species))]
        return NearestCentre(_array(centres)), {"centres": str(len(centres))}
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes seconds to import

    return LogisticRegression(max_iter=200, C=0.5).fit(measurements, species), {"C": "0.5", "max_iter": "200"}


def _array(rows: list[Any]) -> Any:
    import numpy  # noqa: PLC0415 - with the rest of the heavy imports

    return numpy.array(rows)


def _predict(kind: str, model: Any, inputs: Any) -> list[int]:
    answers = model.predict(None, inputs) if kind == "pyfunc" else model.predict(inputs)
    return [int(answer) for answer in answers]


def _as_files(folder: Path, model: Any) -> Path:
    """Write the model as a folder of plain files, one of them empty, one in a subfolder."""
    weights = folder / "weights"
    weights.mkdir(parents=True)
    (weights / "coefficients.bin").write_bytes(model.coef_.tobytes())
    (weights / "intercepts.bin").write_bytes(model.intercept_.tobytes())
    (folder / "README.md").write_text("Coefficients and intercepts of a classifier, as little-endian doubles.\n")
    (folder / "empty.flag").touch()
    return folder
