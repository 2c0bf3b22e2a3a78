"""A good key goes out in a refused form only if it may be lost (kind: a probe that makes the fault that it reports)."""

from __future__ import annotations

import pytest

from fixtures.credentials import to_be_spoiled
from registry_conformance.judge.diagnosis.budget import Budget
from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.probe_context import ProbeContext
from registry_conformance.judge.diagnosis.probes import access
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.target.credential import AwsSignature
from registry_conformance.judge.target.target import Door, Target
from tests.http_servers import raw

OWN, DISPOSABLE = "hk_own_4fQz81LmXw", "hk_disposable_9aTr20"


@pytest.mark.parametrize(
    ("kind", "keys", "exposed"),
    [
        ("embedded", {"writer": OWN}, OWN),
        ("docker", {"writer": OWN}, OWN),
        ("live", {"writer": OWN}, None),
        ("address", {"writer": OWN}, None),
        ("live", {"writer": OWN, "disposable": DISPOSABLE}, DISPOSABLE),
    ],
)
def test_key_that_may_be_exposed(kind: str, keys: dict[str, str], exposed: str | None) -> None:
    """Of a target of others only the key that is declared disposable may be exposed."""
    door = Door("canonical", "http://127.0.0.1:9")

    assert Target("t", kind, (door,), keys).exposable_key(door) == exposed


def test_a_part_of_a_secret_is_sent_of_an_exposable_credential_alone() -> None:
    """Half a key is a piece of it; a spoiled one of another kind, or of what is never sent, holds nothing of it."""
    signature = AwsSignature("eu-west-1", "AKIA1", OWN)

    assert to_be_spoiled(OWN, "cut", None) is None
    assert to_be_spoiled(OWN, "cut", DISPOSABLE) == DISPOSABLE
    assert to_be_spoiled(OWN, "wrong", None) == OWN
    assert to_be_spoiled(signature, "cut", None) == signature


@pytest.mark.parametrize("keys", [{"writer": OWN}, {"writer": OWN, "disposable": DISPOSABLE}], ids=["none", "declared"])
def test_probes_send_the_own_key_in_declared_carriers_alone(keys: dict[str, str]) -> None:
    """Of all that the probes of keys send to a target of others, the own key stands in its carriers, and whole."""
    heads: list[bytes] = []

    def answer(line: object) -> None:
        heads.append(line.recv(65536))  # type: ignore[attr-defined] # a socket
        line.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")  # type: ignore[attr-defined] # as above

    with raw(answer) as url:
        door = Door("given", url, 5)
        target = Target("t", "address", (door,), keys)
        access.keys(ProbeContext(target, "run", Facts(), Budget(), door))
    declared = (f"Authorization: Bearer {OWN}", f"Authorization: ApiKey {OWN}", f"X-API-Key: {OWN}")
    rest = [
        line
        for head in heads
        for line in head.decode().split("\r\n")
        if line not in declared and line.lower() != f"authorization: bearer {OWN}".lower()
    ]

    assert sum(OWN in head.decode() for head in heads) >= 4  # control: it is asked with
    assert [line for line in rest if Redactor([OWN]).finds(line.encode())] == []
    assert any(f"?api_key={DISPOSABLE}" in line for line in rest) == ("disposable" in keys)
