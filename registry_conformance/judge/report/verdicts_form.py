"""The types of the fields of ``verdicts.json`` that this suite reads; the whole is ``reports/schema``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from registry_conformance.judge.report.forms import Address, Amount, Count, Epoch, Form, Moment, Number, RunId, Texts
from registry_conformance.judge.verdict import Verdict

WORDS = tuple(str(verdict) for verdict in Verdict)


def _known(text: str) -> str:
    if text not in WORDS:
        raise ValueError(f"a verdict: one of {', '.join(WORDS)}")
    return text


Word = Annotated[str, AfterValidator(_known)]
"""A verdict as reports have it."""


class _Body(Form):
    size: Count
    sha256: str
    text: str = ""


class _Hop(Form):
    part: str
    status: int | None
    ms: Amount | None
    told: dict[str, Any]


class _Exchange(Form):
    kind: Literal["exchange"]
    method: str
    url: Address
    door: str
    status: int | None
    request_headers: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    request_body: _Body
    response_headers: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    response_body: _Body
    started: Epoch
    seconds: Amount
    timings: dict[str, Amount]
    request_id: str | None
    error: str | None = None
    hops: list[_Hop] = Field(default=[])


class _Step(Form):
    name: str
    finished: Epoch


class _Flow(Form):
    kind: Literal["flow"]
    name: str
    problem: str
    steps: list[_Step]
    exchanges: list[_Exchange]
    left_out: Count


class _Object(Form):
    kind: Literal["object"]
    key: str
    size: Count
    sha256: str


class _Log(Form):
    kind: Literal["log"]
    part: str
    lines: list[str]


class _Note(Form):
    kind: Literal["note"]
    text: str


class _Diagnosis(Form):
    layer: str
    cause: str
    remedy: str


class CheckForm(Form):
    """A check."""

    nodeid: str
    requirements: list[str]
    verdict: Word
    started: Epoch
    seconds: Amount
    claim: str
    door: str
    message: str
    expected: str
    actual: str
    where: str
    rerun: str
    evidence: list[Annotated[_Exchange | _Flow | _Object | _Log | _Note, Field(discriminator="kind")]]
    diagnosis: _Diagnosis | None


class _FaultScore(Form):
    faults: Count
    caught: Count
    named_first: Count
    named_in_three: Count
    false_alarms: Count
    finished: Moment


class _MutantScore(Form):
    judged: Annotated[Count, Field(ge=1)]
    killed: Count
    survived: Count
    undecided: Count
    catalogue: Count
    started: Moment


class _Suite(Form):
    version: str
    register_: str = Field(alias="register")
    fault_score: _FaultScore | None
    mutant_score: _MutantScore | None = None


class _Capability(Form):
    present: bool
    reason: str


class _Promise(Form):
    promised: bool
    how: str


class _Feature(Form):
    present: bool
    how: str


class _Promises(Form):
    profiles: dict[str, _Promise]
    features: dict[str, _Feature]


class _Target(Form):
    name: str
    kind: str
    doors: dict[str, Address]
    versions: Texts
    images: Texts = Field(default={})
    capabilities: dict[str, _Capability]
    ways: Texts
    faults: list[str]
    promises: _Promises | None = None
    broken_doors: Texts = Field(default={})


class _Registration(Form):
    client: str = ""


class _Requirement(Form):
    level: Literal["MUST", "SHOULD", "MAY"]
    area: str
    layer: str
    profile: str = ""
    text: str
    source: str
    reason: str = ""


class _Spent(Form):
    used: Amount
    allowed: Amount


class _Cause(Form):
    id: str
    layer: str
    cause: str
    alternative: bool
    observations: list[str]
    remedy: str
    link: str
    requirements: list[str]
    checks: list[str]


class _BandedCause(_Cause):
    band: str
    note: bool


class _Change(Form):
    name: str
    before: str
    after: str
    requirements: list[str]
    why: str


class _Changes(Form):
    since: str
    started: Moment
    newly_red: list[_Change]
    newly_green: list[_Change]
    flaky: list[_Change]
    slower: list[_Change]
    newly_inapplicable: list[_Change]
    gone: list[_Change]
    new: list[_Change]
    versions: list[_Change]


class _Figures(Form):
    users: Count
    begins: Number
    ends: Number
    requests: Count
    rate: Amount
    p50: Amount
    p95: Amount
    p99: Amount
    errors: Amount


class _Part(Form):
    cpu: Amount
    most_cpu: Amount
    memory_first: Amount
    memory_last: Amount
    connections: Count


class _Generator(Form):
    cpu: Amount
    lag: Number
    saturated: str


class _Killed(Form):
    part: str
    recovery: Amount | None


class _Counts(Form):
    lost: Count
    corrupted: Count
    doubled: Count
    same_number: Count
    nowhere: Count
    stale: Count


class _Proof(Form):
    where: str
    unseen: list[str]
    counts: _Counts


class _Order(Form):
    ok: Count
    illegal: list[str]
    unknown: list[str]
    unseen: str


class _Compared(Form):
    run: str
    rate: Amount
    p95: Amount


class _Load(Form):
    plan: str
    series: str
    seconds: Amount
    requests: Count
    acknowledged: Count
    rate: Amount
    p95: Amount
    steps: list[_Figures]
    over_time: list[_Figures]
    kinds: dict[str, _Figures]
    knee: _Figures | None
    parts: dict[str, _Part]
    errors: dict[str, Count]
    generator: _Generator
    lost_workers: list[str]
    ended_early: list[str]
    killed: _Killed | None
    proof: _Proof
    linearizable: _Order
    compared: _Compared | None = None


class OlderRunForm(Form):
    """A run of the schema before this one, without its checks."""

    run: RunId
    exit_code: Count
    problem: str
    suite: _Suite
    command: str
    series: str
    whole: bool
    target: _Target
    started: Moment
    finished: Moment
    seconds: Amount
    requirements: dict[str, _Requirement]
    checks: list[Any]
    leftovers: list[str]
    spent: dict[str, _Spent]
    diagnosis: list[_Cause]
    changes: _Changes | None


class RunForm(OlderRunForm):
    """A run without its checks."""

    registration: _Registration = _Registration()
    diagnosis: list[_BandedCause]  # type: ignore[assignment]  # it is only read
    load: _Load | None = None
