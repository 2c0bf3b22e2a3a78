"""Faults of the key service, and of what the auth service makes of its answers."""

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
        cause="the key service does not look at the date on which a key expires",
        remedy="have the key service compare expires_at with the time before it answers is_valid",
        requirements=("AUT-011",),
        change=anew(adding("keys", "believed", "expired")),
        symptoms=(Ask("GET", SEARCH, key="expired", status="200"),),
    ),
    Fault(
        name="revoked-keys-accepted",
        layer="keys",
        seen="a revoked key goes on working",
        cause="the key service answers from a table that revocations do not reach",
        remedy="have the key service read the state of a key from where revocations are written",
        requirements=("AUT-012", "AUT-047"),
        change=anew(adding("keys", "believed", "revoked")),
        symptoms=(Ask("GET", SEARCH, key="revoked", status="200"),),
    ),
    Fault(
        name="keys-of-other-services-accepted",
        layer="keys",
        seen="a key that was issued for another service opens the registry",
        cause="the key service answers with the service id that it was asked with, not with the key's own",
        remedy="have the key service compare the service id of the key with the one in the question",
        requirements=("AUT-013",),
        change=anew(adding("keys", "believed", "other-service")),
        symptoms=(Ask("GET", SEARCH, key="other-service", status="200"),),
    ),
    Fault(
        name="keys-of-the-former-service-accepted",
        layer="keys",
        seen="a key that was issued for 'ml-platform' opens the registry",
        cause="the key service answers 'platform' for keys of the service's former id",
        remedy="have the key service compare service ids letter by letter, and replace the keys of 'ml-platform'",
        requirements=("AUT-032",),
        change=anew(adding("keys", "believed", "legacy-service")),
        symptoms=(Ask("GET", SEARCH, key="legacy-service", status="200"),),
    ),
    Fault(
        name="key-service-fails",
        layer="keys",
        seen="503 with Retry-After for every key, health fine",
        cause="the key service answers 500 to every question",
        remedy="mend the key service: its own log says why it fails",
        requirements=("REG-001", "AUT-015", "RTE-001"),
        change=anew(part("keys", answer=Fixed(500, '{"detail": "Internal Server Error"}'))),
        symptoms=(Ask("GET", SEARCH, status="503"),),
        incidents=("A6",),
    ),
    Fault(
        name="key-service-throttles-everyone",
        layer="keys",
        seen="429 with Retry-After for every key",
        cause="the key service counts all clients of the registry as one, and its limit is reached",
        remedy="raise the key service's limit for the auth service, or have it count by client_ip",
        requirements=("REG-001", "AUT-015", "RTE-001"),
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
        cause="the auth service's key service URL leads to a web page: the answer is HTML",
        remedy="set AUTH_KEY_SERVICE_URL to the key service itself, not to the platform's web front",
        requirements=("REG-001", "AUT-015", "RTE-001"),
        change=anew(part("keys", answer=Fixed(200, _PAGE, "text/html"))),
        symptoms=(Ask("GET", SEARCH, status="503"),),
        incidents=("A8",),
    ),
    Fault(
        name="key-service-hangs",
        layer="keys",
        seen="503 after exactly the auth service's timeout, for every key",
        cause="the key service takes connections and never answers",
        remedy="restart the key service; look for what it waits for (its database, its own pool)",
        requirements=("REG-001", "AUT-015", "RTE-001"),
        change=anew(on("keys", _ASKED, Stall())),
        symptoms=(Ask("GET", SEARCH, status="503", slower=4.5, patience=7.0),),
        incidents=("A6",),
    ),
    Fault(
        name="key-service-slow-and-uncached",
        layer="auth",
        seen="every request takes half a second longer, whatever it asks for",
        cause="the auth service's cache is off, so that every request waits for a slow key service",
        remedy="set AUTH_CACHE_SECONDS to 60, and pool the connections to the key service",
        requirements=("AUT-029",),
        change=both(part("auth", cache=0.0), on("keys", _ASKED, Delay(0.5))),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, status="200", slower=0.5)),
        incidents=("A17",),
    ),
    Fault(
        name="key-service-without-timeout",
        layer="auth",
        seen="requests hang for as long as the key service does",
        cause="the auth service waits for the key service without a limit, and for each request anew",
        remedy="set AUTH_TIMEOUT_SECONDS to 5 and AUTH_CACHE_SECONDS to 60",
        requirements=("AUT-029",),
        change=both(part("auth", timeout=3600.0, cache=0.0), on("keys", _ASKED, Delay(5.2))),
        symptoms=(Ask("GET", SEARCH, status="200", slower=5.1, patience=7.0),),
        incidents=("A17",),
    ),
    Fault(
        name="answers-shared-by-all-keys",
        layer="keys",
        seen="whoever asks after a writer is taken for that writer, with any key",
        cause="a caching gateway before the key service gives one caller's answer to everybody: its key is the path",
        remedy="switch caching off before the key service, or make the Authorization header part of the cache key",
        requirements=("AUT-010", "AUT-012", "AUZ-004", "AUT-050"),
        change=anew(on("keys", _ASKED, Remember())),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, key="nobody-has-this-key", status="200")),
        incidents=("A13",),
    ),
    Fault(
        name="decisions-shared-by-path",
        layer="auth",
        seen="what one user may read everybody reads, without a key too",
        cause="the auth service's decisions are cached by method and path, not by key",
        remedy="cache the key service's answers by the digest of the key, and decisions not at all",
        requirements=("AUT-001", "AUT-010"),
        change=on("auth", When(), Remember()),
        symptoms=(Ask("GET", SEARCH, status="200"), Ask("GET", SEARCH, key=None, status="200")),
        incidents=("A13",),
    ),
    Fault(
        name="refused-is-taken-for-valid",
        layer="auth",
        seen="any key is accepted, and nobody without one",
        cause="the auth service looks whether the key service answers, and not at what",
        remedy="let a request pass only where the key service says 200 and is_valid, for the service id asked about",
        requirements=("AUT-010", "AUT-011", "AUT-023"),
        change=on("auth", When(header=("authorization", "^bearer .{8}"), status="401"), SetStatus(200)),
        symptoms=(
            Ask("GET", SEARCH, key="nobody-has-this-key", status="200"),
            Ask("GET", SEARCH, key=None, status="401"),
        ),
        incidents=("A8",),
    ),
)
