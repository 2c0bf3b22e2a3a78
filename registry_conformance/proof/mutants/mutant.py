"""A mutant: one small change of the reference deployment, with an id derived from the change alone."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from registry_conformance.lab.deployment import Deployment
from registry_conformance.lab.faults.change import Change

KINDS = ("setting", "statement", "directive", "source", "rule", "traffic")
"""What is changed: a field of the deployment value, a statement of Envoy's files, a directive of nginx's file, source,
a right, or what passes.
"""

NGINX = "nginx"
"""The proxy, as ``--proxy`` names it, of the stacks that mutants of nginx's files are applied to."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant.

    ``layer`` is where it is mended; ``kind`` is one of ``KINDS``; ``place`` names what is changed, ``how`` the change,
    both in words. ``touches`` are tokens of traffic (``families.py``) without which it can have no effect, of a
    directive without any of which; none where that is not known. ``change`` makes the mutant of a deployment.
    ``line`` is what stands where it is changed, for the choice of checks alone.
    ``once`` is whether its effect is over after the first exchange that it meets.
    ``proxy`` names the proxy, as ``--proxy`` does, of the stacks that it is applied to; empty for the reference's.
    """

    layer: str
    kind: str
    place: str
    how: str
    change: Change = field(repr=False, compare=False)
    touches: frozenset[str] = frozenset()
    number: int = 1
    proxy: str = ""
    line: str = field(default="", repr=False, compare=False)
    once: bool = False

    @property
    def id(self) -> str:
        """A name that is stable across machines as long as the changed text is the same."""
        words = re.sub(r"[^a-z0-9]+", "-", self.place.lower()).strip("-")[-40:].strip("-")
        digest = hashlib.sha256(f"{self.kind}|{self.place}|{self.how}|{self.number}".encode()).hexdigest()
        return f"{words}-{digest[:8]}"

    @property
    def traits(self) -> tuple[str, ...]:
        """What others have in common with it that are likely to be killed by the same check, the closest first.

        Its place; of traffic the effect on whichever link and route, and the requests on whichever link; of all else
        the statement by its last names, which is the same behind each listener, and the file.
        """
        if self.kind == "traffic":
            link, _, requests = self.place.partition(": ")
            return self.place, f"effect: {self.how.rpartition(', ')[0]}", f"requests: {requests}", f"file: {link}"
        path, _, within = self.place.partition(":")
        last = "/".join(within.split("/")[-1 if self.kind == "rule" else -2 :])  # of a rule, whoever's it is
        return self.place, f"name: {last or path} {self.how}", f"name: {last or path}", f"file: {path}"

    @property
    def words(self) -> frozenset[str]:
        """The words of its place, change and line, in the form that checks are compared with."""
        return words_of(f"{self.place} {self.how} {self.line}")


def words_of(text: str) -> frozenset[str]:
    """Return the significant words and numbers of a text, cut to six characters; those of ``ERROR_CODES`` too."""
    split = re.findall(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}|\d{3,}", text)
    return frozenset(word.lower()[:6] for word in split)


def numbered(mutants: Iterable[Mutant]) -> Iterator[Mutant]:
    """Yield mutants so that identically described ones get different numbers."""
    met: dict[tuple[str, str, str], int] = {}
    for mutant in mutants:
        described = mutant.kind, mutant.place, mutant.how
        met[described] = met.get(described, 0) + 1
        yield replace(mutant, number=met[described])


def with_file(path: str, text: str) -> Callable[[Deployment], Deployment]:
    """Return a change that replaces the text of a shipped file, named by its path below ``docker/``."""

    def change(deployment: Deployment) -> Deployment:
        others = tuple(each for each in deployment.files if each[0] != path)
        return replace(deployment, files=(*others, (path, text)))

    return change


@dataclass(frozen=True, slots=True)
class Late:
    """A change of a shipped file whose text is generated only when it is applied, to save memory."""

    path: str
    text: Callable[[], str]

    def __call__(self, deployment: Deployment) -> Deployment:
        """Return the deployment with the text in the file's place."""
        return with_file(self.path, self.text())(deployment)


def difference(before: str, after: str, beside: int = 15) -> str:
    """Return ``before -> after`` on one line; for long texts only the differing part with some context."""
    if len(before) + len(after) <= 120:
        return f"{before} -> {after}"
    start = _alike(before, after)
    same = _alike(before[start:][::-1], after[start:][::-1])
    begin = max(0, start - beside)
    parts = [text[begin : len(text) - same + beside if same > beside else None] for text in (before, after)]
    return " -> ".join(f"...{part}..." for part in parts)


def changed_line(before: str, after: str) -> str:
    """Return the first line of a text that is another one in its changed form, empty if only lines were added."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((old for old, new in pairs if old != new), "")


def shortened(text: str, most: int = 60) -> str:
    """Return a text on one line, cut in its middle if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most // 2]} ... {line[-most // 2 :]}"


def _alike(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
