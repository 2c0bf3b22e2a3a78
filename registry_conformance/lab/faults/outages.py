"""Faults of how outages and refusals are told: status, headers and body that a client acts upon."""

from __future__ import annotations

from registry_conformance.lab.deployment import FixedAnswer as Fixed
from registry_conformance.lab.disturbance import ANSWER, EditBody, SetHeader, SetStatus, When
from registry_conformance.lab.faults.change import anew, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import CREATE, SEARCH
from registry_conformance.lab.faults.symptom import Ask

_WHOLE = r"(?s)\A.+\Z"
_BAD_KEY = '{"error_code":"UNAUTHENTICATED","message":"The API key is not valid."}'


FAULTS = (
    Fault(
        name="auth-service-down",
        layer="auth",
        seen="503 with Retry-After for every request but health",
        cause="the auth service does not run",
        remedy="start the auth service, and have it restarted when it ends",
        requirements=("REG-001", "AUT-015", "RTE-001"),
        change=part("auth", up=False),
        symptoms=(Ask("GET", SEARCH, status="503"), Ask("GET", SEARCH, key=None, status="503")),
        incidents=("A6",),
    ),
    Fault(
        name="outage-told-as-bad-key",
        layer="auth",
        seen="401 for every valid key while the key service is down",
        cause="the auth service maps every failure to ask the key service to 401",
        remedy="answer 503 with Retry-After where the key service gives no clear answer, 401 only where it says so",
        requirements=("REG-001", "AUT-015", "RTE-001"),
        change=anew(part("keys", up=False), on("auth", When(status="503"), SetStatus(401), EditBody(_WHOLE, _BAD_KEY))),
        symptoms=(Ask("GET", SEARCH, status="401", shows="not valid"),),
        incidents=("A6",),
    ),
    Fault(
        name="outage-lets-everyone-in",
        layer="auth",
        seen="while the key service is down any key is accepted",
        cause="the auth service fails open: it lets requests pass that it cannot check",
        remedy="have the auth service refuse with 503 where the key service cannot be asked",
        requirements=(
            "AUT-010",
            "AUT-012",
            "AUT-039",
            "AUT-041",
            "AUT-020",
            "AUT-027",
            "AUT-030",
            "AUT-034",
            "AUT-040",
            "AUT-044",
            "AUT-045",
            "AUT-052",
            "AUT-053",
            "OPS-005",
            "OPS-027",
            "RES-012",
        ),
        change=anew(part("keys", up=False), on("auth", When(status="503"), SetStatus(200))),
        symptoms=(Ask("GET", SEARCH, key="nobody-has-this-key", status="200"),),
        incidents=("A6",),
    ),
    Fault(
        name="nonsense-is-taken-for-valid",
        layer="auth",
        seen="any key is accepted when the key service answers 200 with something else than its JSON",
        cause="the auth service takes a 200 of the key service for a yes, whatever the body says",
        remedy="accept a key only where the body is an object with is_valid true, user_id, service_id and scopes",
        requirements=("AUT-010", "AUT-012", "AUT-042", "AUT-043"),
        change=anew(part("keys", answer=Fixed(200, "[]")), on("auth", When(status="503"), SetStatus(200))),
        symptoms=(Ask("GET", SEARCH, key="nobody-has-this-key", status="200"),),
        incidents=("A8",),
    ),
    Fault(
        name="throttle-told-as-bad-key",
        layer="auth",
        seen="401 for a throttled key that is valid a minute later",
        cause="the auth service maps the key service's 429 to 401",
        remedy="pass the key service's 429 on, with its Retry-After",
        requirements=("AUT-033",),
        change=on("auth", When(status="429"), SetStatus(401), EditBody(_WHOLE, _BAD_KEY)),
        symptoms=(Ask("GET", SEARCH, key="throttled", status="401"),),
        incidents=("A7",),
    ),
    Fault(
        name="throttle-without-retry-after",
        layer="auth",
        seen="429 without a word on when to try again",
        cause="the auth service drops the key service's Retry-After",
        remedy="pass Retry-After on with the 429, and let the proxy pass it to the client",
        requirements=("AUT-033",),
        change=on("auth", When(status="429"), SetHeader("Retry-After", None, ANSWER)),
        symptoms=(Ask("GET", SEARCH, key="throttled", status="429", lacks="(?i)retry-after"),),
        incidents=("A7",),
    ),
    Fault(
        name="no-challenge",
        layer="auth",
        seen="401 without WWW-Authenticate",
        cause="the auth service answers a bare 401",
        remedy="send 'WWW-Authenticate: Bearer realm=\"mlflow\"' with every 401",
        requirements=("AUT-018",),
        change=on("auth", When(status="401"), SetHeader("WWW-Authenticate", None, ANSWER)),
        symptoms=(Ask("GET", SEARCH, key=None, status="401", lacks="(?i)www-authenticate"),),
    ),
    Fault(
        name="forbidden-without-reason",
        layer="auth",
        seen="403 that does not say which right is missing",
        cause="the auth service answers every 403 with one text",
        remedy="name the missing right in the message of the 403",
        requirements=("AUZ-011",),
        change=on(
            "auth",
            When(status="403"),
            EditBody(_WHOLE, '{"error_code":"PERMISSION_DENIED","message":"Forbidden."}'),
        ),
        symptoms=(Ask("POST", CREATE, key="reader", body='{"name": "{run}"}', status="403", lacks="right"),),
    ),
)
