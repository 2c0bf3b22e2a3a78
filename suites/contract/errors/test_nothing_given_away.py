"""Errors give nothing away of what lies behind the proxy."""

from __future__ import annotations

from fixtures.doors import one_door
from fixtures.refusals import holding
from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.denial import expect_denied
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.expect import expect_equal, require
from registry_conformance.judge.requirement import upstream_defect, verifies
from registry_conformance.judge.target.target import Target

pytestmark = one_door

ERRORS = range(400, 600)


@verifies("ERR-020")
def test_every_error_has_mlflows_form(refusals: list[Exchange]) -> None:
    """Each kind of error is JSON with error_code and message."""
    formless = [str(each) for each in refusals if not {"error_code", "message"} <= set(each.document)]
    fine = [str(each) for each in refusals if each.status not in ERRORS]

    expect_equal(fine, [], "provocations that were answered without an error")  # control: they are errors
    expect_equal(formless, [], "errors in another form")
    expect_equal({each.content_type for each in refusals}, {"application/json"}, "content types")


@verifies("ERR-021")
def test_every_error_has_a_request_id(refusals: list[Exchange]) -> None:
    """Each kind of error carries a request id of its own."""
    ids = [each.request_id for each in refusals]

    expect_equal([str(each) for each in refusals if not each.request_id], [], "errors without a request id")
    expect_equal(len(set(ids)), len(ids), "different request ids")


@verifies("ERR-022")
def test_no_error_shows_a_stack_trace(refusals: list[Exchange]) -> None:
    """No kind of error shows a stack trace."""
    expect_equal(holding(refusals, "traceback", 'file "', "site-packages", "line "), [], "errors with a stack trace")


@verifies("ERR-023")
@upstream_defect("not reported upstream", versions=">=3.5.1,<=3.9.0")
def test_no_error_names_an_inner_address(refusals: list[Exchange], inner_addresses: list[str]) -> None:
    """No kind of error names an address behind the proxy."""
    expect_equal(holding(refusals, *inner_addresses, "http://", "s3://"), [], "errors with an inner address")


@verifies("ERR-024")
def test_no_error_names_a_path_of_the_server(refusals: list[Exchange]) -> None:
    """No kind of error names a path on the server's disk."""
    shown = holding(refusals, "/usr/", "/home/", "/tmp/", "/var/", "/opt/", ".venv", "mlflow.db", "mlartifacts")  # noqa: S108 - looked for, not used

    expect_equal(shown, [], "errors with a path")


@verifies("ERR-025")
def test_no_answer_names_its_software(door: MlflowHttp, refusals: list[Exchange]) -> None:
    """No answer says which software gave it."""
    answers = [*refusals, require(door.version(), 200), require(door.search_experiments(), 200)]
    named = [str(each) for each in answers for name in ("server", "x-powered-by", "via") if each.header(name)]
    told = holding(refusals, "uvicorn", "werkzeug", "envoy", "python/", "starlette", "gunicorn", "nginx")

    expect_equal(named, [], "answers with a header that names software")
    expect_equal(told, [], "errors that name software")


@verifies("ERR-026")
def test_no_error_repeats_a_key(door: MlflowHttp, refusals: list[Exchange], target: Target) -> None:
    """No error holds a key or a secret of the store."""
    canary = door.with_key("hk_canary_key_0123456789").search_experiments()

    expect_denied(canary)  # control: the key was looked at
    expect_equal(holding([*refusals, canary], *target.secrets, "hk_canary"), [], "errors that hold a secret")
