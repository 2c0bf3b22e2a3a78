"""Faults in how outages and rejections are reported: status, headers and body that clients act on."""

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
        change=part("auth", up=False),
        symptoms=(Ask("GET", SEARCH, status="503"), Ask("GET", SEARCH, key=None, status="503")),
        incidents=("A6",),
    ),
    Fault(
        name="outage-told-as-bad-key",
        layer="auth",
        seen="401 for every valid key while the key service is down",
        change=anew(part("keys", up=False), on("auth", When(status="503"), SetStatus(401), EditBody(_WHOLE, _BAD_KEY))),
        symptoms=(Ask("GET", SEARCH, status="401", shows="not valid"),),
        incidents=("A6",),
    ),
    Fault(
        name="outage-lets-everyone-in",
        layer="auth",
        seen="while the key service is down any key is accepted",
        change=anew(part("keys", up=False), on("auth", When(status="503"), SetStatus(200))),
        symptoms=(Ask("GET", SEARCH, key="nobody-has-this-key", status="200"),),
        incidents=("A6",),
    ),
    Fault(
        name="nonsense-is-taken-for-valid",
        layer="auth",
        seen="any key is accepted when the key service answers 200 with something else than its JSON",
        change=anew(part("keys", answer=Fixed(200, "[]")), on("auth", When(status="503"), SetStatus(200))),
        symptoms=(Ask("GET", SEARCH, key="nobody-has-this-key", status="200"),),
        incidents=("A8",),
    ),
    Fault(
        name="throttle-told-as-bad-key",
        layer="auth",
        seen="401 for a throttled key that is valid a minute later",
        change=on("auth", When(status="429"), SetStatus(401), EditBody(_WHOLE, _BAD_KEY)),
        symptoms=(Ask("GET", SEARCH, key="throttled", status="401"),),
        incidents=("A7",),
    ),
    Fault(
        name="throttle-without-retry-after",
        layer="auth",
        seen="429 without a word on when to try again",
        change=on("auth", When(status="429"), SetHeader("Retry-After", None, ANSWER)),
        symptoms=(Ask("GET", SEARCH, key="throttled", status="429", lacks="(?i)retry-after"),),
        incidents=("A7",),
    ),
    Fault(
        name="no-challenge",
        layer="auth",
        seen="401 without WWW-Authenticate",
        cause="challenge-missing",
        change=on("auth", When(status="401"), SetHeader("WWW-Authenticate", None, ANSWER)),
        symptoms=(Ask("GET", SEARCH, key=None, status="401", lacks="(?i)www-authenticate"),),
    ),
    Fault(
        name="forbidden-without-reason",
        layer="auth",
        seen="403 that does not say which right is missing",
        change=on(
            "auth",
            When(status="403"),
            EditBody(_WHOLE, '{"error_code":"PERMISSION_DENIED","message":"Forbidden."}'),
        ),
        symptoms=(Ask("POST", CREATE, key="reader", body='{"name": "{run}"}', status="403", lacks="right"),),
    ),
)
