"""Faults of the key service, and of how the auth service interprets its answers."""

from __future__ import annotations

from registry_conformance.lab.deployment import FixedAnswer as Fixed
from registry_conformance.lab.disturbance import Delay, Remember, SetStatus, Stall, When
from registry_conformance.lab.faults.change import adding, anew, both, on, part
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import SEARCH
from registry_conformance.lab.faults.symptom import Ask

_ASKED = When(path="/api/v1/keys/validate")
_PAGE = "<html><body><h1>Sign in</h1></body></html>"


FAULTS = (
    Fault(
        name="expired-keys-accepted",
        layer="keys",
        seen="an expired key is 200",
        change=anew(adding("keys", "believed", "expired")),
        symptoms=(Ask("GET", SEARCH, key="expired", status="200"),),
    ),
    Fault(
        name="revoked-keys-accepted",
        layer="keys",
        seen="a revoked key goes on working",
        change=anew(adding("keys", "believed", "revoked")),
        symptoms=(Ask("GET", SEARCH, key="revoked", status="200"),),
    ),
    Fault(
        name="keys-of-other-services-accepted",
        layer="keys",
        seen="a key that was issued for another service opens the registry",
        change=anew(adding("keys", "believed", "other-service")),
        symptoms=(Ask("GET", SEARCH, key="other-service", status="200"),),
    ),
    Fault(
        name="keys-of-the-former-service-accepted",
        layer="keys",
        seen="a key that was issued for 'ml-platform' opens the registry",
        change=anew(adding("keys", "believed", "legacy-service")),
        symptoms=(Ask("GET", SEARCH, key="legacy-service", status="200"),),
    ),
    Fault(
        name="key-service-fails",
        layer="keys",
        seen="503 with Retry-After for every key, health fine",
        change=anew(part("keys", answer=Fixed(500, '{"detail": "Internal Server Error"}'))),
        symptoms=(Ask("GET", SEARCH, status="503"),),
        incidents=("A6",),
    ),
    Fault(
        name="key-service-throttles-everyone",
        layer="keys",
        seen="429 with Retry-After for every key",
        change=anew(
            part("keys", answer=Fixed(429, '{"detail": "Rate limit exceeded"}', headers=(("Retry-After", "30"),)))
        ),
        symptoms=(Ask("GET", SEARCH, status="429", shows="(?i)retry-after: 30"),),
        incidents=("A7",),
    ),
    Fault(
        name="key-service-is-a-login-page",
        layer="keys",
        seen="503 for every key, though the key service's address answers 200",
        change=anew(part("keys", answer=Fixed(200, _PAGE, "text/html"))),
        symptoms=(Ask("GET", SEARCH, status="503"),),
        incidents=("A8",),
    ),
    Fault(
        name="key-service-hangs",
        layer="keys",
        seen="503 after exactly the auth service's timeout, for every key",
        change=anew(on("keys", _ASKED, Stall())),
        symptoms=(Ask("GET", SEARCH, status="503", slower=4.5, patience=7.0),),
        incidents=("A6",),
    ),
    Fault(
        name="key-service-slow-and-uncached",
        layer="auth",
        seen="every request takes half a second longer, whatever it asks for",
        change=both(part("auth", cache=0.0), on("keys", _ASKED, Delay(0.5))),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, status="200", slower=0.5)),
        incidents=("A17",),
    ),
    Fault(
        name="key-service-without-timeout",
        layer="auth",
        seen="requests hang for as long as the key service does",
        change=both(part("auth", timeout=3600.0, cache=0.0), on("keys", _ASKED, Delay(5.2))),
        symptoms=(Ask("GET", SEARCH, status="200", slower=5.1, patience=7.0),),
        incidents=("A17",),
    ),
    Fault(
        name="answers-shared-by-all-keys",
        layer="keys",
        seen="whoever asks after a writer is taken for that writer, with any key",
        change=anew(on("keys", _ASKED, Remember())),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, key="nobody-has-this-key", status="200")),
        incidents=("A13",),
    ),
    Fault(
        name="decisions-shared-by-path",
        layer="auth",
        seen="what one user may read everybody reads, without a key too",
        change=on("auth", When(), Remember()),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, key=None, status="200")),
        incidents=("A13",),
    ),
    Fault(
        name="refused-is-taken-for-valid",
        layer="auth",
        seen="any key is accepted, and nobody without one",
        change=on("auth", When(header=("authorization", "^bearer .{8}"), status="401"), SetStatus(200)),
        symptoms=(
            Ask("GET", SEARCH, key="nobody-has-this-key", status="200"),
            Ask("GET", SEARCH, key=None, status="401"),
        ),
        incidents=("A8",),
    ),
)
