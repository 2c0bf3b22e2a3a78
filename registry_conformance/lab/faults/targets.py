"""Faults of the proxy's handling of request targets and methods: what is asked for is not what MLflow is asked."""

from __future__ import annotations

from registry_conformance.lab.disturbance import Answer, Rewrite, When
from registry_conformance.lab.faults.change import on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import FILE, REST, SEARCH
from registry_conformance.lab.faults.symptom import Ask, Stores

_REFUSED = "<html><head><title>405 Not Allowed</title></head><body><h1>405 Not Allowed</h1></body></html>"


def _without(method: str, seen: str, requirements: tuple[str, ...], path: str) -> Fault:
    """Return the fault of a load balancer that does not let a method pass."""
    return Fault(
        name=f"{method.lower()}-refused",
        layer="proxy",
        seen=seen,
        cause=f"the load balancer's list of allowed methods lacks {method}",
        remedy=f"allow {method} for the registry's doors: MLflow needs GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS",
        requirements=requirements,
        change=on("proxy", When(methods=(method,)), Answer(405, "" if method == "HEAD" else _REFUSED, "text/html")),
        symptoms=(Ask(method, path, body=None if method == "HEAD" else "{}", status="405", shows="text/html"),),
        incidents=("R16",),
    )


FAULTS = (
    _without("PUT", "metadata works, every upload is 405", ("REG-001", "REG-002", "RTE-003", "ART-001"), FILE),
    _without(
        "DELETE",
        "deleting a tag, an alias, a version or a model is 405",
        ("RTE-017", "REG-020", "RTE-006"),
        f"{REST}/registered-models/delete",
    ),
    _without(
        "PATCH",
        "logging a model fails with 405 when it is finalised",
        ("REG-001", "RTE-016", "REG-022", "REG-041"),
        f"{REST}/registered-models/update",
    ),
    _without("HEAD", "health probes and size probes by HEAD are 405", ("OPS-021", "ART-031"), "/health"),
    Fault(
        name="names-decoded-too-often",
        layer="proxy",
        seen="an artifact whose name holds # or ? is stored under a cut name, with 200",
        cause="the proxy decodes %23 and %3F before it passes a path on",
        remedy="pass the request target on as it came: proxy_pass without a path, no unquote in handlers",
        requirements=("ART-008", "ART-024"),
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
        cause="the proxy passes the path on without its query",
        remedy="append the query to the forwarded path ($is_args$args, request.url.query)",
        requirements=(
            "REG-001",
            "RTE-018",
            "ART-034",
            "ART-039",
            "ART-057",
            "ART-058",
            "AUT-051",
            "REG-031",
            "REG-032",
            "REG-035",
            "REG-037",
            "RTE-024",
        ),
        change=on("mlflow", When(path=r"\?"), Rewrite(r"\?.*$", "")),
        symptoms=(Ask("GET", SEARCH, status="400"),),
        incidents=("R24",),
    ),
    Fault(
        name="queries-decoded",
        layer="proxy",
        seen="a search for a name with & finds another one, or nothing",
        cause="the proxy decodes queries and joins them again without escaping",
        remedy="pass the query on byte for byte instead of parsing and rebuilding it",
        requirements=("RTE-041",),
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
        cause="the proxy decodes paths as if they were form data",
        remedy="use unquote, not unquote_plus, or better: pass the path on as it came",
        requirements=("RTE-042",),
        change=on("mlflow", When(path=r"\+"), Rewrite(r"\+", "%20")),
        symptoms=(Ask("PUT", f"{FILE}+more", body="x", status="200"), Stores("{run}/file more")),
        incidents=("R24",),
    ),
    Fault(
        name="targets-encoded-twice",
        layer="proxy",
        seen="artifact listings and searches with escaped characters find nothing",
        cause="the proxy encodes targets that are encoded already: %2F becomes %252F",
        remedy="pass the request target on as it came, without quote()",
        requirements=("RTE-041", "RTE-042"),
        change=on("mlflow", When(path="%"), Rewrite("%", "%25")),
        symptoms=(Ask("GET", f"{REST}/experiments/search?max%5Fresults=1", status="400"),),
        incidents=("R10",),
    ),
)
