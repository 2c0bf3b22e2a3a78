"""What the store refuses for good is no outage: nobody is asked to try again."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest

from registry_conformance.judge.locations import ROOT


@pytest.fixture(scope="module")
def store_faults() -> Iterator[ModuleType]:
    """The reference's own module, as its server loads it."""
    spec = importlib.util.spec_from_file_location("store_faults", ROOT / "docker" / "mlflow" / "store_faults.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(
    ("status", "code", "passes"),
    [
        (503, "SlowDown", True),
        (500, "InternalError", True),
        (400, "RequestTimeout", True),
        (502, "", False),
        (504, "GatewayTimeout", True),
        (501, "NotImplemented", False),
        (507, "XMinioStorageFull", False),
        (507, "InsufficientStorage", False),
        (503, "XMinioStorageFull", False),
        (403, "QuotaExceeded", False),
        (403, "AccessDenied", False),
    ],
)
def test_only_what_passes_by_itself_is_an_outage(
    store_faults: ModuleType, status: int, code: str, passes: bool
) -> None:
    """A call that failed counts as unavailability by its status and code; one without a code only needed patience."""
    faults = store_faults.gathered()
    parsed = {"Error": {"Code": code, "Message": "x"}, "ResponseMetadata": {"RetryAttempts": 1}}
    store_faults._answered(SimpleNamespace(status_code=status), parsed, SimpleNamespace(name="PutObject"), {})
    assert [fault.unavailable for fault in faults] == [passes]
