"""What a registration uploaded lies in the bucket, three ways the same."""

from __future__ import annotations

import pytest

from registry_conformance.judge.clients.bucket import Bucket
from registry_conformance.judge.clients.registration import Registration
from registry_conformance.judge.expect import expect_equal
from registry_conformance.judge.requirement import verifies


@pytest.mark.usefixtures("through_the_door")
@verifies("REG-007")
def test_locations_are_served_by_the_deployment(registration: Registration) -> None:
    """Artifact locations name the deployment, not the store."""
    schemes = {location.partition(":")[0] for location in registration.locations()}

    expect_equal(schemes, {"mlflow-artifacts"}, "schemes of artifact locations")


@verifies("REG-008")
def test_bucket_holds_every_file(registration: Registration, bucket: Bucket) -> None:
    """The bucket holds every file by key, size and sha256."""
    sent = registration.sent()

    assert len(sent) >= 6, sent  # the notes and the model's own files
    expect_equal(registration.stored(bucket), sent, "objects in the bucket")


@verifies("REG-009")
def test_api_lists_every_file(registration: Registration) -> None:
    """The artifact API lists every file with its size."""
    sizes = {path: size for path, (size, _) in registration.sent().items()}

    expect_equal(registration.listed(), sizes, "files that the API lists")


@verifies("REG-010")
def test_api_hands_out_every_file_unchanged(registration: Registration) -> None:
    """The artifact API hands out every file unchanged."""
    expect_equal(registration.fetched(), registration.sent(), "files that the API hands out")
