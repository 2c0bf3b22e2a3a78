"""Faults of the proxy's handling of request targets and methods: MLflow receives something else."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Answer, Rewrite, When
from registry_conformance.lab.faults.change import on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, REST, SEARCH
from registry_conformance.lab.faults.symptom import Ask, Stores

_REFUSED = "<html><head><title>405 Not Allowed</title></head><body><h1>405 Not Allowed</h1></body></html>"


def _without(method: str, seen: str, path: str) -> Fault:
    """Return the fault of a load balancer that rejects a method."""
    return Fault(
        name=f"{method.lower()}-refused",
        layer="proxy",
        seen=seen,
        change=on("proxy", When(methods=(method,)), Answer(405, "" if method == "HEAD" else _REFUSED, "text/html")),
        symptoms=(Ask(method, path, body=None if method == "HEAD" else "{}", status="405", shows="text/html"),),
        incidents=("R16",),
    )


FAULTS = (
    _without("PUT", "metadata works, every upload is 405", FILE),
    _without(
        "DELETE",
        "deleting a tag, an alias, a version or a model is 405",
        f"{REST}/registered-models/delete",
    ),
    _without(
        "PATCH",
        "logging a model fails with 405 when it is finalised",
        f"{REST}/registered-models/update",
    ),
    _without("HEAD", "health probes and size probes by HEAD are 405", "/health"),
    Fault(
        name="changes-refused",
        layer="proxy",
        seen="reading works, experiments and runs are made, every upload, update and deletion is 405",
        change=on("proxy", When(methods=("PUT", "PATCH", "DELETE")), Answer(405, _REFUSED, "text/html")),
        symptoms=(
            Ask("PUT", FILE, body="x", status="405", shows="text/html"),
            Ask("GET", SEARCH, status="200"),
        ),
        incidents=("R16",),
    ),
    Fault(
        name="names-decoded-too-often",
        layer="proxy",
        seen="an artifact whose name holds # or ? is stored under a cut name, with 200",
        change=on("mlflow", When(path="(?i)%23|%3F"), Rewrite("(?i)%23", "#"), Rewrite("(?i)%3F", "?")),
        symptoms=(
            Ask("PUT", f"{FILE}%3Fwhole", body="x", status="200"),
            Stores("{run}/file"),
        ),
        incidents=("R10", "R24"),
    ),
    Fault(
        name="query-dropped",
        layer="proxy",
        seen="requests with parameters fail with 400, listings show the whole root",
        change=on("mlflow", When(path=r"\?"), Rewrite(r"\?.*$", "")),
        symptoms=(Ask("GET", SEARCH, status="400"),),
        incidents=("R24",),
    ),
    Fault(
        name="queries-decoded",
        layer="proxy",
        seen="a search for a name with & finds another one, or nothing",
        change=on("mlflow", When(path="(?i)[?].*%(2F|26)"), Rewrite("(?i)%26", "&"), Rewrite("(?i)%2F", "/")),
        symptoms=(
            Ask("GET", f"{REST}/experiments/get-by-name?experiment_name={{run}}%26b", lacks="{run}&b", status="404"),
        ),
        incidents=("R24",),
    ),
    Fault(
        name="plus-becomes-space",
        layer="proxy",
        seen="names with + are stored with a space instead; two files may become one",
        change=on("mlflow", When(path=r"\+"), Rewrite(r"\+", "%20")),
        symptoms=(Ask("PUT", f"{FILE}+more", body="x", status="200"), Stores("{run}/file more")),
        incidents=("R24",),
    ),
    Fault(
        name="targets-encoded-twice",
        layer="proxy",
        seen="artifact listings and searches with escaped characters find nothing",
        change=on("mlflow", When(path="%"), Rewrite("%", "%25")),
        symptoms=(Ask("GET", f"{REST}/experiments/search?max%5Fresults=1", status="400"),),
        incidents=("R10",),
    ),
)
