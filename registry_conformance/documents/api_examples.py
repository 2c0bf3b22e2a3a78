"""Examples for the artifact API: each endpoint called in each situation, with the response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from registry_conformance.judge.clients.mlflow_http import ARTIFACTS, REST, MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import require

_FOLDER = "the location's path, and the artifact's folder below it, URL-quoted"
_PATH = "the location's path and the artifact's name below it, URL-quoted: `EXPERIMENT_ID/RUN_ID/artifacts/NAME`"


@dataclass(frozen=True, slots=True)
class EndpointExamples:
    """One endpoint: how it is called, what it does, its parameters (name -> meaning), and situation -> exchange."""

    method: str
    path: str
    does: str
    parameters: Mapping[str, str]
    seen: Mapping[str, Exchange]


@dataclass(frozen=True, slots=True)
class ApiExamples:
    """All endpoints, and placeholders for values that differ between runs: value -> word."""

    sights: tuple[EndpointExamples, ...]
    words: Mapping[str, str]


def collect_examples(door: MlflowHttp, reader: MlflowHttp, name: str) -> ApiExamples:
    """Call every artifact endpoint through a door; ``name`` starts the name of every created object."""
    experiment = require(door.create_experiment(name), 200).document["experiment_id"]
    run = require(door.create_run(experiment, name), 200).document["run"]["info"]
    at = run["artifact_uri"]
    stranger = door.with_key(None)
    anonymous, may_not = "no key", "a key without the right to write"
    for path in ("model/MLmodel", "gone.txt"):
        require(door.put_artifact(at, path, b"flavors: {}\n"), 200)
    upload = _upload(door, at)
    logged = {"experiment_id": experiment, "source_run_id": run["run_id"], "name": "tour"}
    model_id = require(door.post("logged-models", **logged), 200).document["model"]["info"]["model_id"]
    sights = (
        EndpointExamples(
            "PUT",
            f"{ARTIFACTS}/artifacts/{{path}}",
            "Uploads an artifact; replaces one of that name.",
            {"path": _PATH},
            {
                "stored": door.put_artifact(at, "notes.txt", b"trained on iris\n"),
                "a folder instead of a file": door.put_artifact(at, "notes/", b"x"),
                "a `#` in the name": door.put_artifact(at, "a#b", b"x"),
                anonymous: stranger.put_artifact(at, "notes.txt", b"x"),
                may_not: reader.put_artifact(at, "notes.txt", b"x"),
            },
        ),
        EndpointExamples(
            "GET",
            f"{ARTIFACTS}/artifacts/{{path}}",
            "Downloads an artifact.",
            {"path": _PATH},
            {
                "found": door.get_artifact(at, "notes.txt"),
                "absent": door.get_artifact(at, "absent.txt"),
                anonymous: stranger.get_artifact(at, "notes.txt"),
            },
        ),
        EndpointExamples(
            "HEAD",
            f"{ARTIFACTS}/artifacts/{{path}}",
            "Tells type and length of an artifact.",
            {"path": _PATH},
            {
                "found": door.send("HEAD", door.artifact_route(at, "notes.txt")),
            },
        ),
        EndpointExamples(
            "GET",
            f"{ARTIFACTS}/artifacts",
            "Lists one folder.",
            {"path": "query: the location's path and the folder below it"},
            {
                "files and folders": door.list_artifacts(at),
                "nothing there": door.list_artifacts(at, "absent"),
                "a path that climbs": door.send("GET", f"{ARTIFACTS}/artifacts", query={"path": "../.."}),
                anonymous: stranger.list_artifacts(at),
            },
        ),
        EndpointExamples(
            "DELETE",
            f"{ARTIFACTS}/artifacts/{{path}}",
            "Deletes an artifact, or a folder with all in it.",
            {"path": _PATH},
            {
                "deleted": door.delete_artifact(at, "gone.txt"),
                "absent": door.delete_artifact(at, "gone.txt"),
                may_not: reader.delete_artifact(at, "notes.txt"),
            },
        ),
        EndpointExamples(
            "GET",
            f"{ARTIFACTS}/presigned/{{path}}",
            "Gives a URL that downloads the artifact straight from the store.",
            {"path": _PATH},
            {
                "found": door.presign_artifact(at, "notes.txt"),
                "absent": door.presign_artifact(at, "absent.txt"),
                anonymous: stranger.presign_artifact(at, "notes.txt"),
            },
        ),
        EndpointExamples(
            "POST",
            f"{ARTIFACTS}/mpu/create/{{folder}}",
            "Begins an upload in parts: a URL for each.",
            {"folder": _FOLDER, "path": "body: the artifact's file name", "num_parts": "body: how many parts"},
            {
                "begun": upload["create"],
                may_not: reader.create_multipart(at, "large.bin", 1),
            },
        ),
        EndpointExamples(
            "POST",
            f"{ARTIFACTS}/mpu/complete/{{folder}}",
            "Joins the parts.",
            {
                "folder": _FOLDER,
                "path": "body: the artifact's file name",
                "upload_id": "body: from create",
                "parts": "body: a list of `part_number`, `etag` and `url`, in order",
            },
            {
                "joined": upload["complete"],
                "an unknown upload": door.complete_multipart(at, "large.bin", "unknown", []),
            },
        ),
        EndpointExamples(
            "POST",
            f"{ARTIFACTS}/mpu/abort/{{folder}}",
            "Gives an upload in parts up.",
            {"folder": _FOLDER, "path": "body: the artifact's file name", "upload_id": "body: from create"},
            {
                "given up": upload["abort"],
                may_not: reader.abort_multipart(at, "large.bin", "unknown"),
            },
        ),
        EndpointExamples(
            "GET",
            f"{REST}/artifacts/list",
            "Lists one folder of a run.",
            {"run_id": "query: the run", "path": "query: the folder, left out for the top"},
            {
                "files and folders": door.get("artifacts/list", run_id=run["run_id"]),
                "a folder": door.get("artifacts/list", **_of(run, "model")),
                "an unknown run": door.get("artifacts/list", run_id="0" * 32),
            },
        ),
        EndpointExamples(
            "GET",
            "/get-artifact",
            "Downloads a file of a run, as the user interface does.",
            {"run_id": "query: the run", "path": "query: the artifact's name"},
            {
                "found": door.send("GET", "/get-artifact", query=_of(run, "notes.txt")),
                "absent": door.send("GET", "/get-artifact", query=_of(run, "absent.txt")),
            },
        ),
        EndpointExamples(
            "GET",
            f"{REST}/logged-models/{{model_id}}/artifacts/directories",
            "Lists one folder of a logged model.",
            {"model_id": "the logged model", "artifact_directory_path": "query: the folder, left out for the top"},
            {
                "nothing there yet": door.get(f"logged-models/{model_id}/artifacts/directories"),
            },
        ),
    )
    ids = [run["run_id"], model_id, *(each.document["upload_id"] for each in (upload["create"], upload["second"]))]
    names = ["RUN_ID", "MODEL_ID", "UPLOAD_ID", "UPLOAD_ID"]
    words = {
        f"/{experiment}/{run['run_id']}": "/EXPERIMENT_ID/RUN_ID",
        f"={experiment}%2F{run['run_id']}": "=EXPERIMENT_ID%2FRUN_ID",
        f"/{experiment}/models/": "/EXPERIMENT_ID/models/",
        door.door.url: "https://HOST/api/mlflow",
        name: "NAME",
        **dict(zip(ids, names, strict=True)),
    }
    return ApiExamples(sights, words)


def _of(run: Mapping[str, str], path: str) -> dict[str, str]:
    """Return the path of a file or folder as the run's routes name it."""
    return {"run_id": run["run_id"], "path": path}


def _upload(door: MlflowHttp, at: str) -> dict[str, Exchange]:
    """Upload a file in one part, start another upload and abort it; return verb -> exchange."""
    create = require(door.create_multipart(at, "model/large.bin", 1), 200)
    begun = create.document
    url = begun["credentials"][0]["url"]
    tag = require(door.follow("PUT", url, b"bytes"), 200).header("etag")
    parts = [{"part_number": 1, "etag": tag, "url": "URL"}]
    complete = door.complete_multipart(at, "model/large.bin", begun["upload_id"], parts)
    second = require(door.create_multipart(at, "model/other.bin", 1), 200)
    abort = door.abort_multipart(at, "model/other.bin", second.document["upload_id"])
    return {"create": create, "complete": complete, "second": second, "abort": abort}
