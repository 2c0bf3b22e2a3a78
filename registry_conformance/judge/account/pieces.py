"""Splits a statement into single actions on single resources."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from registry_conformance.judge.account.patterns import common, covered, covers, covers_action
from registry_conformance.judge.account.statement import Statement

_ON_OBJECTS = re.compile(
    r"s3:((get|put|delete|restore|replicate|update)object\w*|abortmultipartupload|listmultipartuploadparts"
    r"|bypassgovernanceretention|replicatedelete|replicatetags|objectowneroverridetobucketowner)"
)
_ON_BUCKETS = re.compile(r"s3:\w*(bucket|configuration)\w*")
_OBJECTS = re.compile(r"arn:[\w*?-]+:s3:::[^/]*/.*")
_BUCKET = re.compile(r"arn:[\w*?-]+:s3:::[^/*?]*")
Piece = tuple[str, str]
"""An action and a resource, patterns both."""


def pieces(statement: Statement, about: tuple[str, ...] = ()) -> list[Piece]:
    """Return every action of a statement with every resource that it applies to.

    ``about`` are all the resources that the policy can be about; a pattern stands for those of them that it matches,
    and actions are those of their service.
    """
    service = about[0].split(":")[2] if about and about[0].count(":") > 1 else "*"
    named = statement.actions or ("*",)
    actions = [f"{service}:*" if service != "*" and covers(each, f"{service}:*") else each for each in named]
    found = list(itertools.product(actions, dict.fromkeys(_places(statement, about))))
    return [each for each in found if _belong(*each)] or found


def takes(denial: Statement, piece: Piece) -> bool:
    """Return whether a statement covers an action on a resource completely."""
    action, place = piece
    return _names_action(denial, action) and _names_place(denial, place)


def is_taken(denials: Iterable[Statement], piece: Piece) -> bool:
    """Return whether one of several statements covers an action on a resource completely."""
    return any(takes(each, piece) for each in denials)


def _places(statement: Statement, about: tuple[str, ...]) -> list[str]:
    if statement.not_resources:
        return [each for each in about if not covered(statement.not_resources, each)] or ["*"]
    found: list[str] = []
    for pattern in statement.resources or ("*",):
        found += [both for each in about if (both := common(pattern, each))] or [pattern]
    return found


def _belong(action: str, place: str) -> bool:
    """Return whether S3 has this action for this resource, as far as their names tell."""
    name = action.lower()
    if _ON_OBJECTS.fullmatch(name):
        return not _BUCKET.fullmatch(place)
    return not (_ON_BUCKETS.fullmatch(name) and _OBJECTS.fullmatch(place))


def _names_action(denial: Statement, action: str) -> bool:
    if denial.not_actions:
        return not any(common(each.lower(), action.lower()) for each in denial.not_actions)
    return any(covers_action(each, action) for each in denial.actions)


def _names_place(denial: Statement, place: str) -> bool:
    if denial.not_resources:
        return not any(common(each, place) for each in denial.not_resources)
    return not denial.resources or covered(denial.resources, place)
