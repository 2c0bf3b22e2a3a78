"""Everything that a target holds, in every stage of its life: two sights of it tell what a run changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import httpx

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import REST
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.target.target import Target

_PAGES = 400
_PAGE_ITEMS = 1000
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is there, each thing as one text.

    Active and deleted experiments and runs, models with their versions, every version and delete marker of every
    object, and every unfinished upload of the keys that were asked for.
    """

    experiments: frozenset[str]
    runs: frozenset[str]
    models: frozenset[str]
    versions: frozenset[str]
    objects: frozenset[str]
    uploads: frozenset[str]

    def changes(self, after: Holdings) -> list[str]:
        """Return a line for each thing that came or went since."""
        lines = []
        for each in fields(self):
            before, now = getattr(self, each.name), getattr(after, each.name)
            lines += [f"{each.name}: came {thing}" for thing in sorted(now - before)]
            lines += [f"{each.name}: went {thing}" for thing in sorted(before - now)]
        return lines


def holdings(target: Target, uploaded: Iterable[str] = ()) -> Holdings:
    """Look into every corner of a target with an origin and a bucket.

    ``uploaded`` are keys whose unfinished uploads are looked for: MinIO lists them by their whole key only.
    """
    assert target.origin is not None, "a stack of our own has an origin"
    assert target.bucket is not None, "a stack of our own has a bucket"
    bucket = Bucket(target.bucket, Evidence())
    with httpx.Client(base_url=f"{target.origin.url}{REST}", timeout=_TIMEOUT_SECONDS) as origin:
        experiments = list(_pages(origin, "experiments", "POST", "experiments/search", view_type="ALL"))
        ids = [each["experiment_id"] for each in experiments]
        runs = list(
            _pages(origin, "runs", "POST", "runs/search", experiment_ids=ids, run_view_type="ALL") if ids else ()
        )
        models = list(_pages(origin, "registered_models", "GET", "registered-models/search"))
        versions = list(_pages(origin, "model_versions", "GET", "model-versions/search"))
    return Holdings(
        experiments=frozenset(f"{one['experiment_id']} {one['name']} {one['lifecycle_stage']}" for one in experiments),
        runs=frozenset(f"{run['info']['run_id']} {run['info']['lifecycle_stage']}" for run in runs),
        models=frozenset(one["name"] for one in models),
        versions=frozenset(f"{one['name']} {one['version']}" for one in versions),
        objects=frozenset(bucket.everything()),
        uploads=frozenset(upload for key in uploaded for upload in bucket.uploads(key)),
    )


def _pages(origin: httpx.Client, field: str, method: str, verb: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """Yield what a search finds, page by page. Not by an exchange: that keeps the start of an answer only."""
    asked["max_results"] = _PAGE_ITEMS
    for _ in range(_PAGES):
        answer = origin.post(verb, json=asked) if method == "POST" else origin.get(verb, params=asked)
        found = answer.raise_for_status().json()
        yield from found.get(field, ())
        asked["page_token"] = found.get("next_page_token")
        if not asked["page_token"]:
            return
    raise RuntimeError(f"{method} {verb} at MLflow gave more than {_PAGES} pages of {_PAGE_ITEMS}")
