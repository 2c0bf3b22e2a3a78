"""New log lines of a deployment, from local files and CloudWatch log groups."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from registry_conformance.judge.clients import aws
from registry_conformance.judge.expect import PreconditionFailed
from registry_conformance.judge.target.target import LogGroup
from registry_conformance.judge.waiting import awaited

_PAGES = 50
_SETTLE_SECONDS = 20.0
"""How long lines may take on their way into a log."""
_PAUSE = 0.5
_SKEW_MILLISECONDS = 2_000
_ERROR = re.compile(
    r"botocore\.exceptions|boto3\.exceptions|NoCredentialsError|NoSuchBucket|InvalidAccessKeyId|SignatureDoesNotMatch"
    r"|AccessDenied|ExpiredToken|SlowDown|EndpointConnectionError"
    r"|mlflow-artifacts/.*?(?:HTTP/[\d.]+\"? |status\"?[:=] ?\"?)[45]\d\d\b"
    r"|(?:ERROR|CRITICAL|Traceback).*artifact|artifact.*(?:ERROR|CRITICAL|Traceback)",
)
"""What an artifact error looks like: the store's words, a refused artifact request, an error that names an artifact."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a part's log."""

    part: str
    text: str

    @property
    def artifact_error(self) -> bool:
        """Whether the line reports an artifact that could not be stored, fetched, listed or deleted."""
        return _ERROR.search(self.text) is not None


class LogWatch:
    """Reads what is logged after its construction; ``files`` part -> log file, ``groups`` part -> log group."""

    def __init__(self, files: Mapping[str, Path], groups: Mapping[str, LogGroup]) -> None:
        self._files, self._groups = files, groups
        self._sizes = {part: file.stat().st_size if file.exists() else 0 for part, file in files.items()}
        self._since = int(time.time() * 1000) - _SKEW_MILLISECONDS

    def lines(self) -> list[Line]:
        """Return every line since the start; raise ``PreconditionFailed`` if a log cannot be read."""
        return [*self._from_files(), *self._from_groups()]

    def naming(self, words: Iterable[str]) -> list[Line]:
        """Return the lines that contain one of ``words``, waiting up to 20 s for the first."""
        wanted = re.compile("|".join(re.escape(word) for word in words if word))
        return awaited(
            lambda: [line for line in self.lines() if wanted.search(line.text)], _SETTLE_SECONDS, pause=_PAUSE
        )

    def _from_files(self) -> Iterable[Line]:
        for part, file in self._files.items():
            try:
                with file.open("rb") as log:
                    start = self._sizes[part]
                    log.seek(start if file.stat().st_size >= start else 0)  # a log may be rotated meanwhile
                    text = log.read().decode(errors="replace")
            except OSError as problem:
                raise PreconditionFailed(
                    f"the log of {part} to be readable", problem.strerror or str(problem)
                ) from problem
            yield from (Line(part, line) for line in text.splitlines())

    def _from_groups(self) -> Iterable[Line]:
        for part, group in self._groups.items():
            yield from (Line(part, text) for text in _events(group, self._since))


def _events(group: LogGroup, since: int) -> Iterable[str]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - costs a third of a second, and few checks look

    client = aws.client("logs", aws.access_of(group), attempts=3)
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group.name, startTime=since)
    try:
        for _, page in zip(range(_PAGES), pages, strict=False):
            yield from (str(event["message"]) for event in page.get("events", ()))
    except (ClientError, BotoCoreError) as problem:
        raise PreconditionFailed(f"the log group {group.name} to be readable", str(problem)) from problem
