"""All faults of accounts by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from registry_conformance.lab.faults.accounts import (
    access,
    bucket,
    excess,
    keeping,
    lifecycle,
    outlets,
    role,
    trust,
    ways,
)
from registry_conformance.lab.faults.accounts.fault import AccountFault

TOPICS = (bucket, access, lifecycle, keeping, role, trust, excess, outlets, ways)
ACCOUNT_CATALOGUE: Mapping[str, AccountFault] = MappingProxyType(
    {fault.name: fault for topic in TOPICS for fault in topic.FAULTS}
)
