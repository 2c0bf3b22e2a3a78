"""Causes in what MLflow keeps its registry in: the database, its plugins, what is before it."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must, never, of

_META = ("meta",)

CAUSES: tuple[Cause, ...] = (
    of(
        "text-truncated",
        "metadata-wrong",
        must("meta.params.P", "cut", 3),
        clue("meta.text.P", "cut"),
        clue("meta.params.O", "cut"),
        follows=_META,
    ),
    of(
        "text-not-unicode",
        "metadata-wrong",
        must("meta.text.P", "marks", 3),
        clue("meta.text.O", "marks"),
        follows=_META,
    ),
    of(
        "sources-not-checked",
        "too-open",
        must("meta.source.P", "200", 3),
        clue("meta.source.O", "200"),
        never("error.bad.P", "200"),
    ),
    of(
        "restores-acknowledged-and-lost",
        "metadata-wrong",
        must("red.REG-047", "failed", 3),
        clue("meta.run.end.P", "200"),
        clue("error.absent.P", "404"),
    ),
    of(
        "logged-models-half-known",
        "metadata-wrong",
        must("red.REG-040", "failed", 3),
        must("meta.gone.P", "404", 1),
        clue("meta.logged.patch.P", "200"),
    ),
    of(
        "metric-history-of-one",
        "metadata-wrong",
        must("meta.history.P", "200 json other", 3),
        must("meta.read.P", "200 json$", 1),
    ),
    of(
        "params-acknowledged-and-lost",
        "metadata-wrong",
        must("meta.params.P", "lost", 3),
        must("meta.batch.P", "200", 1),
        must("meta.long.P", "200", 1),
        clue("meta.history.P", "200 json other"),
        clue("meta.params.O", "lost"),
        follows=_META,
    ),
    of(
        "changes-acknowledged-and-lost",
        "metadata-wrong",
        must("meta.text.P", "other", 3),
        must("meta.model.patch.P", "200", 1),
        clue("meta.text.O", "other"),
        follows=_META,
    ),
    of(
        "tags-acknowledged-and-lost",
        "metadata-wrong",
        must("meta.read.P", "200 json other", 2),
        must("meta.tag.P", "200", 1),
        must("meta.history.P", "200 json$", 1),
        must("meta.params.P", "whole", 1),
        clue("meta.read.O", "200 json other"),
    ),
    of(
        "tags-at-creation-dropped",
        "metadata-wrong",
        must("meta.version.tag.P", "200 json other", 3),
        must("meta.read.P", "200 json$", 1),
    ),
    of("filters-ignored", "metadata-wrong", must("meta.search.models.P", "200 json other", 3), follows=_META),
    of("pages-lost", "metadata-wrong", must("meta.pages.P", "200 json other", 3)),
    of(
        "alias-points-elsewhere",
        "metadata-wrong",
        must("meta.alias.read.P", "200 json other", 3),
        must("meta.version.again.P", "200", 1),
    ),
    of(
        "deletions-not-done",
        "deletes",
        must("meta.gone.P", "200", 3),
        must("meta.delete.registered-models.P", "200", 1),
        clue("meta.model.read.P", "200 json other"),
        follows=_META,
    ),
    of(
        "writes-done-twice",
        "metadata-wrong",
        must("meta.once.P", "200 json other", 2),
        must("meta.once.O", "200 json other", 2),
        follows=_META,
    ),
)
