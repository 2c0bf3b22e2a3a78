"""A state machine over the registry: the same operations through the door and at the origin must agree."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.json_document import parsed
from registry_conformance.judge.expect import Mismatch, expect_equal
from registry_conformance.judge.temporary import temporary_folder

EXAMPLES, STEPS = 5, 13
_MOMENTS = frozenset({"creation_timestamp", "last_updated_timestamp"})
_MOMENT = re.compile(r"\b1\d{12}\b")
"""A moment in milliseconds: MLflow 2 tells clients the statement that failed, with its parameters."""
_MODELS = some.sampled_from(("one", "two"))
_NUMBERS = some.sampled_from(("1", "2", "7"))
_ALIASES = some.sampled_from(("champion", "challenger", "latest"))
_KEYS = some.sampled_from(("plain", "with space", "grün"))
_TEXTS = some.sampled_from(("x", "", "grün ✓", "two\nlines", '{"a": "%2F"}'))
_STAGES = some.sampled_from(("Staging", "Production", "Archived", "Nowhere"))


def compare_registries(door: MlflowHttp, origin: MlflowHttp, family: str, source: str, run_id: str) -> int:
    """Run random operations through the door and at the origin, each on its own models; the sequence is fixed.

    Raises ``Mismatch`` if status, error code, message or the resulting state differ; returns the number of compared
    operations. ``family`` starts every model's name, ``source`` and ``run_id`` are used by versions.
    """
    where = {"door": door, "origin": origin, "family": family, "source": source, "run_id": run_id}
    twins: type[RegistryStateMachine] = type("TheseTwins", (RegistryStateMachine,), where)
    bounded = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with temporary_folder(f"{door.run}-") as home:
        set_hypothesis_home_dir(home)  # nothing of it is kept in the checkout
        run_state_machine_as_test(twins, settings=bounded)
    return twins.compared


class RegistryStateMachine(RuleBasedStateMachine):
    """The operations of the registry on two models, ``one`` and ``two``, on each side."""

    door: ClassVar[MlflowHttp]
    origin: ClassVar[MlflowHttp]
    family: ClassVar[str]
    source: ClassVar[str]
    run_id: ClassVar[str]
    rounds = 0
    compared = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).rounds += 1
        self.agreed = True
        wires = {"door": self.door, "origin": self.origin}
        self.sides = {side: (wire, f"{self.family}-{self.rounds}-{side}") for side, wire in wires.items()}

    def ask(self, method: str, what: str, model: str, **document: Any) -> None:
        """Run one operation on both sides and compare the responses."""
        answers = []
        for wire, prefix in self.sides.values():
            names = {"name": model, **document}
            named = {key: f"{prefix}-{value}" for key, value in names.items() if key in {"name", "new_name"}}
            verb = {"POST": wire.post, "PATCH": wire.patch, "DELETE": wire.delete}[method]
            answers.append(_comparable(verb(what, **{**document, **named}), prefix))
        type(self).compared += 1
        self.agreed = answers[0] == answers[1]
        expect_equal(answers[0], answers[1], f"answer to {method} {what} {document}")

    @initialize()
    def begin(self) -> None:
        """Start with a model that has a version, so that operations have something to act on."""
        self.ask("POST", "registered-models/create", "one")
        self.version("one")

    @rule(model=_MODELS)
    def create(self, model: str) -> None:
        """Create a model, sometimes one that exists."""
        self.ask("POST", "registered-models/create", model)

    @rule(model=_MODELS, to=_MODELS)
    def rename(self, model: str, to: str) -> None:
        """Rename a model, sometimes to its own name."""
        self.ask("POST", "registered-models/rename", model, new_name=to)

    @rule(model=_MODELS, text=_TEXTS)
    def describe(self, model: str, text: str) -> None:
        """Describe a model."""
        self.ask("PATCH", "registered-models/update", model, description=text)

    @rule(model=_MODELS, key=_KEYS, text=_TEXTS)
    def tag(self, model: str, key: str, text: str) -> None:
        """Set a tag of a model."""
        self.ask("POST", "registered-models/set-tag", model, key=key, value=text)

    @rule(model=_MODELS, key=_KEYS)
    def untag(self, model: str, key: str) -> None:
        """Delete a tag of a model."""
        self.ask("DELETE", "registered-models/delete-tag", model, key=key)

    @rule(model=_MODELS)
    def version(self, model: str) -> None:
        """Create a version."""
        self.ask("POST", "model-versions/create", model, source=self.source, run_id=self.run_id)

    @rule(model=_MODELS, number=_NUMBERS, text=_TEXTS)
    def describe_version(self, model: str, number: str, text: str) -> None:
        """Describe a version."""
        self.ask("PATCH", "model-versions/update", model, version=number, description=text)

    @rule(model=_MODELS, number=_NUMBERS, key=_KEYS, text=_TEXTS)
    def tag_version(self, model: str, number: str, key: str, text: str) -> None:
        """Set a tag of a version."""
        self.ask("POST", "model-versions/set-tag", model, version=number, key=key, value=text)

    @rule(model=_MODELS, number=_NUMBERS, key=_KEYS)
    def untag_version(self, model: str, number: str, key: str) -> None:
        """Delete a tag of a version."""
        self.ask("DELETE", "model-versions/delete-tag", model, version=number, key=key)

    @rule(model=_MODELS, number=_NUMBERS, alias=_ALIASES)
    def alias(self, model: str, number: str, alias: str) -> None:
        """Set an alias, sometimes a reserved one."""
        self.ask("POST", "registered-models/alias", model, alias=alias, version=number)

    @rule(model=_MODELS, alias=_ALIASES)
    def unalias(self, model: str, alias: str) -> None:
        """Delete an alias."""
        self.ask("DELETE", "registered-models/alias", model, alias=alias)

    @rule(model=_MODELS, number=_NUMBERS, stage=_STAGES)
    def stage(self, model: str, number: str, stage: str) -> None:
        """Move a version to a stage, sometimes one that does not exist."""
        moved = {"version": number, "stage": stage, "archive_existing_versions": True}
        self.ask("POST", "model-versions/transition-stage", model, **moved)

    @rule(model=_MODELS, number=_NUMBERS)
    def delete_version(self, model: str, number: str) -> None:
        """Delete a version."""
        self.ask("DELETE", "model-versions/delete", model, version=number)

    @rule(model=_MODELS)
    def delete(self, model: str) -> None:
        """Delete a model."""
        self.ask("DELETE", "registered-models/delete", model)

    def teardown(self) -> None:
        """Compare the final state of both sides, each read through the other, unless a response differed already."""
        if not self.agreed:
            return
        (here, ours), (there, theirs) = self.sides["door"], self.sides["origin"]
        expect_equal(_state(there, ours), _state(here, theirs), "models and versions that are left")


def _comparable(exchange: Exchange, prefix: str) -> Any:
    """Return status and document of a response, without timestamps and with one model name for both sides."""
    if exchange.json() is None:
        raise Mismatch("an answer in JSON", str(exchange))
    return exchange.status, _plain(exchange.text, prefix)


def _state(wire: MlflowHttp, prefix: str) -> Any:
    """Return every model and version of one side, as read through the other side."""
    found = [
        wire.get(f"{what}/search", filter=f"name LIKE '{prefix}%'", max_results=50)
        for what in ("registered-models", "model-versions")
    ]
    return [_comparable(each, prefix) for each in found]


def _plain(text: str, prefix: str) -> Any:
    return _timeless(parsed(_MOMENT.sub("1", text).replace(prefix, "twin")))


def _timeless(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _timeless(value) for name, value in found.items() if name not in _MOMENTS}
    return [_timeless(value) for value in found] if isinstance(found, list) else found
