"""The fault catalogue for people: the list, and the description of one fault."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from registry_conformance.judge.diagnosis.cause import LAYERS
from registry_conformance.lab.faults.accounts.fault import LAYERS as ACCOUNT_LAYERS
from registry_conformance.lab.faults.accounts.fault import AccountFault
from registry_conformance.lab.faults.fault import Fault

_WIDTH = 110
ALL_LAYERS = tuple(dict.fromkeys((*LAYERS, *ACCOUNT_LAYERS)))
"""Every layer that a fault is mended in, an account's among them."""


def listing(faults: Iterable[Fault | AccountFault]) -> list[str]:
    """Return a line for each fault, by layer: its name, and what a client sees."""
    known = list(faults)
    width = max((len(fault.name) for fault in known), default=0)
    lines: list[str] = []
    for layer in ALL_LAYERS:
        of_layer = [fault for fault in known if fault.layer == layer]
        if of_layer:
            lines += ["", f"{layer} ({len(of_layer)})"]
            lines += [f"  {fault.name:{width}}  {fault.seen}" for fault in of_layer]
    return [*lines, "", f"{len(known)} faults; `scripts/faults show NAME` tells the story of one"]


def story(fault: Fault | AccountFault) -> list[str]:
    """Return the description of one fault, and the command that injects it or creates such an account."""
    if isinstance(fault, AccountFault):
        needs: tuple[str, ...] = ("a KMS key that is declared",) * fault.needs_kms
        arms = f"tests/test_account_accounts.py -k {fault.name}"
        cause, remedy = fault.cause, fault.remedy
    else:
        needs, arms = fault.needs, f"suites/local --fault={fault.name}"
        known = fault.diagnosis
        cause, remedy = (known.sentence, known.remedy) if known else ("no diagnosis knows it yet", "none is written")
    told = {
        "layer": fault.layer,
        "seen": fault.seen,
        "cause": cause,
        "remedy": remedy,
        "must fail": ", ".join(fault.requirements),
        "incidents": ", ".join(fault.incidents) or "none on record",
        "needs": ", ".join(needs) or "nothing special",
        "try it": f"pytest {arms}",
    }
    return [fault.name, *(line for name, text in told.items() for line in _entry(name, text))]


def _entry(name: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"  {name:10}", subsequent_indent=" " * 12)
