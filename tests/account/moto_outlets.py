"""What moto lacks of AWS Backup, S3's control and CloudFront: selections, access grants, batch jobs, parts of origins.

Each is kept as it was put, and given back so; botocore holds what goes either way against AWS's own model.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from moto.backup.responses import BackupResponse
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult
from moto.s3control import urls
from moto.s3control.responses import S3ControlResponse

_WHEN = "2030-01-01T00:00:00Z"
_PATHS = (
    "/v20180820/accessgrantsinstance",
    "/v20180820/accessgrantsinstances",
    "/v20180820/accessgrantsinstance/location",
    "/v20180820/accessgrantsinstance/grant",
    "/v20180820/accessgrantsinstance/grants",
    "/v20180820/accessgrantsinstance/grant/<grant_id>",
    "/v20180820/jobs",
    "/v20180820/jobs/<job_id>",
    "/v20180820/jobs/<job_id>/status",
)


def _kept(backend: Any, what: str) -> dict[str, Any]:
    """Return what a backend keeps of a kind by its id; moto forgets it with all else."""
    found: dict[str, Any] = backend.__dict__.setdefault(f"_kept_{what}", {})
    return found


def create_backup_selection(self: BackupResponse) -> str:
    """Keep which resources a backup plan is for."""
    plan = self.path.split("/")[3]
    kept = _kept(self.backup_backend, "selections")
    number = f"s-{len(kept)}"
    kept[number] = {"BackupPlanId": plan, "BackupSelection": json.loads(self.body)["BackupSelection"]}
    return json.dumps({"SelectionId": number, "BackupPlanId": plan})


def list_backup_selections(self: BackupResponse) -> str:
    """Return the selections of a backup plan."""
    plan = self.path.split("/")[3]
    own = {
        name: each for name, each in _kept(self.backup_backend, "selections").items() if each["BackupPlanId"] == plan
    }
    return json.dumps({"BackupSelectionsList": [{"SelectionId": name, "BackupPlanId": plan} for name in own]})


def get_backup_selection(self: BackupResponse) -> str:
    """Return one selection."""
    number = self.path.rstrip("/").rpartition("/")[2]
    return json.dumps({"SelectionId": number, **_kept(self.backup_backend, "selections")[number]})


def delete_backup_selection(self: BackupResponse) -> str:
    """Forget one selection."""
    del _kept(self.backup_backend, "selections")[self.path.rstrip("/").rpartition("/")[2]]
    return "{}"


def create_access_grants_instance(self: S3ControlResponse) -> ActionResult:
    """Keep that the account has access grants."""
    made = {"AccessGrantsInstanceId": "default", "CreatedAt": _WHEN}
    _kept(self.backend, "instances")["default"] = made
    return ActionResult(made)


def list_access_grants_instances(self: S3ControlResponse) -> ActionResult:
    """Return what the account has of access grants."""
    return ActionResult({"AccessGrantsInstancesList": list(_kept(self.backend, "instances").values())})


def create_access_grants_location(self: S3ControlResponse) -> ActionResult:
    """Keep a place that grants can be given on."""
    kept = _kept(self.backend, "locations")
    made = {"AccessGrantsLocationId": f"l-{len(kept)}", "LocationScope": self._get_param("LocationScope")}
    kept[made["AccessGrantsLocationId"]] = made
    return ActionResult(made)


def create_access_grant(self: S3ControlResponse) -> ActionResult:
    """Keep who is given what."""
    kept, location = _kept(self.backend, "grants"), self._get_param("AccessGrantsLocationId")
    whole = _kept(self.backend, "locations")[location]["LocationScope"]
    part = (self._get_param("AccessGrantsLocationConfiguration") or {}).get("S3SubPrefix", "")
    made = {
        "AccessGrantId": f"g-{len(kept)}",
        "Grantee": self._get_param("Grantee"),
        "Permission": self._get_param("Permission"),
        "AccessGrantsLocationId": location,
        "GrantScope": f"{whole.removesuffix('*')}{part}" if part else whole,
    }
    kept[made["AccessGrantId"]] = made
    return ActionResult(made)


def list_access_grants(self: S3ControlResponse) -> ActionResult:
    """Return who is given what."""
    return ActionResult({"AccessGrantsList": list(_kept(self.backend, "grants").values())})


def delete_access_grant(self: S3ControlResponse) -> ActionResult:
    """Forget who is given something."""
    del _kept(self.backend, "grants")[self._get_param("AccessGrantId")]
    return ActionResult({})


def create_job(self: S3ControlResponse) -> ActionResult:
    """Keep a batch job, which waits to be confirmed."""
    kept = _kept(self.backend, "jobs")
    given = {name: self._get_param(name) for name in ("Operation", "Manifest", "ManifestGenerator")}
    made = {"JobId": f"job-{len(kept)}", "Status": "Suspended", **{name: one for name, one in given.items() if one}}
    kept[made["JobId"]] = made
    return ActionResult({"JobId": made["JobId"]})


def list_jobs(self: S3ControlResponse) -> ActionResult:
    """Return the jobs in the states that are asked for."""
    states = self._get_param("JobStatuses") or ()
    found = [each for each in _kept(self.backend, "jobs").values() if each["Status"] in states]
    return ActionResult({"Jobs": [{"JobId": each["JobId"], "Status": each["Status"]} for each in found]})


def describe_job(self: S3ControlResponse) -> ActionResult:
    """Return one job."""
    return ActionResult({"Job": _kept(self.backend, "jobs")[self._get_param("JobId")]})


def update_job_status(self: S3ControlResponse) -> ActionResult:
    """Change the state of one job."""
    job = _kept(self.backend, "jobs")[self._get_param("JobId")]
    job["Status"] = self._get_param("RequestedJobStatus")
    return ActionResult({"JobId": job["JobId"], "Status": job["Status"]})


def create_distribution(self: CloudFrontResponse) -> ActionResult:
    """Make a distribution, and keep its configuration: moto forgets access controls, and functions of behaviours."""
    given = copy.deepcopy(self._get_param("DistributionConfig"))
    made: ActionResult = _create(self)
    whole: Any = made.result
    _kept(self.backend, "distributions")[whole["Distribution"].distribution_id] = given
    return made


def update_distribution(self: CloudFrontResponse) -> ActionResult:
    """Change a distribution, and keep its configuration."""
    _kept(self.backend, "distributions")[self._get_param("Id")] = copy.deepcopy(self._get_param("DistributionConfig"))
    changed: ActionResult = _update(self)
    return changed


def list_distributions(self: CloudFrontResponse) -> ActionResult:
    """Return the distributions as they were put."""
    kept = _kept(self.backend, "distributions")
    found, _ = self.backend.list_distributions(marker=None, max_items=None)
    items = [{"Id": each.distribution_id, **kept[each.distribution_id]} for each in found]
    whole = {"Marker": "", "MaxItems": 100, "IsTruncated": False, "Quantity": len(items), "Items": items}
    return ActionResult({"DistributionList": whole})


_create, _update = CloudFrontResponse.create_distribution, CloudFrontResponse.update_distribution
_OF_CLOUDFRONT: tuple[Callable[..., Any], ...] = (create_distribution, update_distribution, list_distributions)
_OF_BACKUP: tuple[Callable[..., Any], ...] = (
    *(create_backup_selection, list_backup_selections, get_backup_selection, delete_backup_selection),
)
_OF_CONTROL: tuple[Callable[..., Any], ...] = (
    *(create_access_grants_instance, list_access_grants_instances, create_access_grants_location),
    *(create_access_grant, list_access_grants, delete_access_grant),
    *(create_job, list_jobs, describe_job, update_job_status),
)


def add_outlets(patch: pytest.MonkeyPatch) -> None:
    """Have moto know these calls; before its server starts, which asks for the paths but once."""
    added: Mapping[type, tuple[Callable[..., Any], ...]] = {
        BackupResponse: _OF_BACKUP,
        S3ControlResponse: _OF_CONTROL,
        CloudFrontResponse: _OF_CLOUDFRONT,
    }
    for response, calls in added.items():
        for call in calls:
            patch.setattr(response, call.__name__, call, raising=False)
    for path in _PATHS:
        patch.setitem(urls.url_paths, path, S3ControlResponse.dispatch)
