"""A valid key is accepted in each carrier."""

from __future__ import annotations

import pytest

from fixtures.essentials import Payload
from fixtures.policy import lacks_right
from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.clients.signing import Carrier
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.expect import expect_equal, expect_refused, expect_status
from registry_conformance.judge.requirement import verifies

CARRIERS = [
    pytest.param("bearer", marks=verifies("AUT-015")),
    pytest.param("apikey", marks=verifies("AUT-016")),
    pytest.param("x-api-key", marks=verifies("AUT-017")),
]


@lacks_right("anonymous", "read")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_carrier_reads_metadata(door: MlflowHttp, carrier: Carrier) -> None:
    """A key in this carrier reads metadata; a bad one does not."""
    expect_denied(door.with_key("hk_unknown_0000").search_experiments(carrier=carrier))  # control: it is looked at

    expect_status(door.search_experiments(carrier=carrier), 200)


@lacks_right("anonymous", "artifact-write")
@pytest.mark.parametrize("carrier", CARRIERS)
def test_carrier_uploads(door: MlflowHttp, carrier: Carrier, location: str, payload: Payload, bucket: Bucket) -> None:
    """A key in this carrier uploads; a bad one does not."""
    refused = door.with_key("hk_unknown_0000").put_artifact(location, "b.bin", payload(100), carrier=carrier)
    accepted = door.put_artifact(location, "a.bin", payload(100), carrier=carrier)

    expect_denied(refused)  # control: the carrier is looked at
    expect_status(accepted, 200)
    expect_equal(bucket.under(location), {"a.bin": 100}, "objects at the location")


@lacks_right("anonymous", "read")
@verifies("AUT-022")
def test_scheme_is_read_in_any_case(anonymous: MlflowHttp, own_key: str) -> None:
    """The scheme of the Authorization header is read in any case."""
    path, query = "/api/2.0/mlflow/experiments/search", {"max_results": 1}
    expect_denied(anonymous.send("GET", path, query=query))  # control: a key is needed
    found = anonymous.send("GET", path, query=query, headers=[("authorization", f"bEARER {own_key}")])

    expect_status(found, 200)


@lacks_right("anonymous", "read")
@verifies("AUT-024")
def test_first_carrier_wins(door: MlflowHttp, own_key: str) -> None:
    """A bad Bearer key is refused beside a valid X-API-Key."""
    path, query = "/api/2.0/mlflow/experiments/search", {"max_results": 1}
    good = [("X-API-Key", own_key)]
    expect_status(
        door.with_key(None).send("GET", path, query=query, headers=good), 200
    )  # control: the other key is good

    expect_refused(door.with_key("hk_unknown_0000").send("GET", path, query=query, headers=good), 401)
