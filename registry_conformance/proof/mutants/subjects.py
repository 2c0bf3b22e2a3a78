"""Subjects that the checks once lacked, each with the requirements about it and the mutants that are of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from registry_conformance.proof.mutants.mutant import Mutant


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject: its requirements, and the regexes that place and change of its mutants match as a whole."""

    requirements: tuple[str, ...]
    place: str
    how: str = ".*"

    def covers(self, mutant: Mutant) -> bool:
        """Return whether a mutant is of this subject."""
        return bool(re.fullmatch(self.place, mutant.place) and re.fullmatch(self.how, mutant.how))


_LISTENER = r"docker/proxy/listeners\.yaml:registry(?:-tls)?/.*"

SUBJECTS: Mapping[str, Subject] = MappingProxyType(
    {
        "keys-in-parallel": Subject(("AUT-058",), "traffic to (?:keys|auth): .*", ".*, if four are under way"),
        "claims-that-are-told": Subject(
            ("AUT-059", "RTE-047"), f"{_LISTENER}(?:request_mutations/.*|use_remote_address|xff_num_trusted_hops)"
        ),
        "every-listener": Subject(
            ("OPS-027", "OPS-040", "OPS-041"),
            r"docker/proxy/listeners\.yaml:registry-tls/.*/(?:http_filters/(?:headers|auth)|local_reply_config)(?:/.*)?",
        ),
        "announced-sizes": Subject(
            ("ART-064", "ART-035"),
            rf"proxy\.body_limit|{_LISTENER}proxy_100_continue",
            r"None -> \d{8,}|dropped|true -> false",
        ),
        "long-downloads": Subject(
            ("ART-001",),
            "traffic to (?:proxy|mlflow|server|store): GET (?:artifact-file|get-artifact|object)",
            "byte 70,000 of the answer .*",
        ),
        "many-at-once": Subject(("OPS-036",), "traffic to (?:proxy|mlflow|server): .*", ".*, if four are under way"),
        "one-connection": Subject(
            ("OPS-035", "OPS-037"), "traffic to (?:proxy|mlflow|server): .*", ".*, from the hundredth .*"
        ),
        "silence": Subject(("OPS-039",), r"docker/proxy/clusters\.yaml:mlflow.*/idle_timeout", '"4s" -> .*|dropped'),
        "true-codings": Subject(
            ("ART-020", "ART-030"),
            "traffic to (?:proxy|mlflow|server): .* (?:artifact-file|get-artifact)",
            "the answer claims to be packed, .*",
        ),
        "ten-and-more": Subject(("REG-058", "OPS-036"), "traffic to .*: .*", "numbers of two digits .*"),
        "second-look": Subject(("REG-062",), "traffic to proxy: GET .*", "the first answer is given again, .*"),
        "work-of-one-request": Subject(
            ("ART-063",), r"docker/proxy/routes\.yaml:registry/registry/routes/artifacts/match.*"
        ),
    }
)
"""Name -> the subject."""


def spoken_of(mutant: Mutant) -> frozenset[str]:
    """Return the requirements that are about the subjects of a mutant."""
    return frozenset(name for each in SUBJECTS.values() if each.covers(mutant) for name in each.requirements)
