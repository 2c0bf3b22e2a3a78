"""One request of each route family at every door, compared with MLflow's own response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, REST3
from registry_conformance.judge.diagnosis.answer_judges import NOT_THERE
from registry_conformance.judge.diagnosis.asker import Asker
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes.reachability import SEARCH, record_answers
from registry_conformance.judge.evidence.exchange import Exchange

AJAX, AJAX3 = "/ajax-api/2.0", "/ajax-api/3.0"
ABSENT = "0" * 32
_FILE = "{folder}/routes/{door}.bin"
_NOBODYS = {"name": "{name}-absent"}
"""A model that nobody made: what a probe would change or remove bears the run's name, wherever it gets to."""
EVERYWHERE = frozenset({"rest", "api3", "ajax", "upload", "listing", "presigned", "graphql", "page"})
"""Families that are asked at every door; the others at the main one."""


@dataclass(frozen=True, slots=True)
class Family:
    """One request that stands for a family; ``normal`` is a regex of what a door answers to a writer.

    ``{folder}`` in its path is where the run uploads, ``{name}`` in the texts of its document the run's name.
    ``absent`` is what a door answers if nothing was uploaded before, if that is something else.
    """

    name: str
    method: str
    path: str
    normal: str
    json: Mapping[str, object] | None = field(default=None, hash=False)
    absent: str = ""

    def expected(self, asker: Asker) -> str:
        """Return the expected response for a client: a reader has uploaded nothing."""
        return self.absent if self.absent and asker.only_reads else self.normal


_NO_SUCH_FILE = "(404 json RESOURCE_.*|500 (json .*|html|text))"
"""How MLflow says that a file is not there: Flask's page is nobody's, one of a proxy would bear its name."""

FAMILIES = (
    Family("rest", "GET", f"{SEARCH}?max_results=1", "200 json"),
    Family("rest-post", "POST", SEARCH, "200 json", {"max_results": 1}),
    Family("rest-patch", "PATCH", f"{REST}/registered-models/update", NOT_THERE, _NOBODYS),
    Family("rest-delete", "DELETE", f"{REST}/registered-models/delete", NOT_THERE, _NOBODYS),
    Family("api3", "GET", f"{REST3}/server-info", "200 json"),
    Family("logged", "GET", f"{REST}/logged-models/m-{ABSENT}", NOT_THERE),
    Family("ajax", "GET", f"{AJAX}/mlflow/experiments/search?max_results=1", "200 json"),
    Family("ajax3", "GET", f"{AJAX3}/mlflow/server-info", "200 json"),
    Family("upload", "PUT", f"{ARTIFACTS}/artifacts/{_FILE}", "200 (empty|json)"),
    Family("download", "GET", f"{ARTIFACTS}/artifacts/{_FILE}", "200 .*", absent=_NO_SUCH_FILE),
    Family("listing", "GET", f"{ARTIFACTS}/artifacts?path={{folder}}", "200 json"),
    Family("presigned", "GET", f"{ARTIFACTS}/presigned/{_FILE}", "200 json", absent=_NO_SUCH_FILE),
    Family("multipart", "POST", f"{ARTIFACTS}/mpu/create/{{folder}}", "200 json", {"path": "f", "num_parts": 1}),
    Family("deletion", "DELETE", f"{ARTIFACTS}/artifacts/{_FILE}", "200 json"),
    Family("ajax-artifacts", "GET", f"{AJAX}/mlflow-artifacts/artifacts?path={{folder}}", "200 json"),
    Family(
        "ajax-files",
        "GET",
        f"{AJAX}/mlflow/logged-models/m-{ABSENT}/artifacts/files?artifact_file_path=x",
        NOT_THERE,
    ),
    Family("get-artifact", "GET", f"/get-artifact?run_id={ABSENT}&path=x", NOT_THERE),
    Family("version-artifact", "GET", f"/model-versions/get-artifact?name={ABSENT}&version=1&path=x", NOT_THERE),
    Family("graphql", "POST", "/graphql", "(200|400) json.*", {"query": "{ __typename }"}),
    Family("page", "GET", "/", "200 html"),
    Family("files", "GET", "/static-files/favicon.ico", "200 .*"),
)


def families(context: ProbeContext) -> None:
    """Request every family at every reachable door; record one fact a family, with all doors."""
    doors = [door for door in context.target.doors if door.name not in _dead_doors(context)]
    askers = {door.name: context.at("P", door=door) for door in doors}
    for family in FAMILIES:
        answers: dict[str, Exchange] = {}
        for name, asker in askers.items():
            if not asker.why_not() and (family.name in EVERYWHERE or name == context.main.name):
                answer = _sent(asker, family, context, name)
                if not answer.error.startswith("skipped: "):
                    answers[name] = answer
        words = f"{family.method} {family.path.partition('?')[0].format(folder='RUN', door='x')}"
        if answers:
            normal = f"all {family.expected(next(iter(askers.values())))}"
            record_answers(context, f"route.{family.name}.P", f"{words}, at each door", answers, normal)
        else:
            context.facts.unseen(f"route.{family.name}.P", "no door answers, or may be asked")


def origins(context: ProbeContext, place: str) -> None:
    """Request at MLflow every family with an anomaly at a door, and paths that a prefix shifts."""
    direct = context.at(place)
    for family in FAMILIES:
        if (fact := context.facts.get(f"route.{family.name}.P")) is not None and not (fact.seen and fact.normal):
            words = f"{family.method} {family.path.partition('?')[0].format(folder='RUN', door='x')}"
            path, sent = family.path.format(folder=context.folder, door="origin"), _content(family, context.name)
            direct.ask(f"route.{family.name}", words, family.method, path, normal=family.expected(direct), **sent)


def _dead_doors(context: ProbeContext) -> set[str]:
    value = context.facts.value("reach.line.P")
    return {
        part.split(" ")[0] for part in value.split("; ") if not part.startswith("all ") and not part.endswith(" open")
    }


def _sent(asker: Asker, family: Family, context: ProbeContext, door: str) -> Exchange:
    path = family.path.format(folder=context.folder, door=door)
    return asker.send(family.method, path, **_content(family, context.name))


def _content(family: Family, name: str) -> dict[str, Any]:
    """Return the body of a family's request: its document, or one byte of a file."""
    if family.method == "PUT":
        return {"body": b"x"}
    if family.json is None:
        return {}
    texts = {key: each.replace("{name}", name) for key, each in family.json.items() if isinstance(each, str)}
    return {"json": {**family.json, **texts}}
