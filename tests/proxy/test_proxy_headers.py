"""What the proxy takes from, adds to and keeps of the headers, in both directions; and its log."""

from __future__ import annotations

import json
import time

import pytest

from registry_conformance.lab.deployment import DOORS
from tests.parts import KEYS
from tests.proxy.conftest import Ask

PATH = "/mlflow/api/2.0/mlflow/runs/get"


def test_credentials_pass_unchanged(ask: Ask) -> None:
    """Credentials pass unchanged."""
    both = {"Authorization": f"Bearer {KEYS['reader']}", "X-API-Key": "left alone"}
    headers = dict(ask("GET", PATH, headers=both).json()["headers"])
    assert (headers["authorization"], headers["x-api-key"]) == (both["Authorization"], both["X-API-Key"])


def test_a_spoofed_identity_is_replaced_by_the_validated_one(ask: Ask) -> None:
    """A spoofed identity is replaced by the validated one."""
    spoofed = {
        "X-Hokusai-User-Id": "evil",
        "x-hokusai-user-id": "evil",
        "X-HOKUSAI-API-Key-Id": "evil",
        "X-Hokusai-Anything": "evil",
        "X-Hokusai-Client-Ip": "evil",
        "x_hokusai_user_id": "evil",
    }
    received = ask("GET", PATH, key="reader", headers=spoofed).json()["headers"]
    identity = [[name, value] for name, value in received if "hokusai" in name]
    assert sorted(identity) == [["x-hokusai-api-key-id", "id-reader"], ["x-hokusai-user-id", "user-reader"]]


def test_a_public_path_carries_no_identity(ask: Ask) -> None:
    """A public path carries no identity."""
    received = dict(ask("GET", "/health", key=None, headers={"X-Hokusai-User-Id": "evil"}).json()["headers"])
    assert not [name for name in received if "hokusai" in name]


def test_host_is_one_that_mlflow_accepts_and_the_public_one_is_kept(ask: Ask) -> None:
    """Host is one that MLflow accepts and the public one is kept."""
    headers = dict(ask("GET", PATH, headers={"Host": "registry.example"}).json()["headers"])
    assert (headers["host"], headers["x-forwarded-host"]) == ("localhost", "registry.example")


def test_a_client_cannot_steer_the_proxy(ask: Ask) -> None:
    """A client cannot steer the proxy."""
    steering = {"x-envoy-upstream-rq-timeout-ms": "1", "x-envoy-max-retries": "9", "x-envoy-original-path": "/x"}
    answer = ask("GET", "/api/2.0/mlflow/slow", headers=steering)
    assert answer.status_code == 200
    assert not [name for name, _ in answer.json()["headers"] if name.startswith("x-envoy")]


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_a_redirect_stays_at_the_door(ask: Ask, door: str) -> None:
    """A redirect stays at the door."""
    answer = ask("GET", f"{door}/api/2.0/mlflow/redirect")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{door}/there/")


def test_answers_do_not_say_which_software_made_them(ask: Ask) -> None:
    """Answers do not say which software made them."""
    for answer in (ask("GET", PATH), ask("GET", PATH, key=None), ask("GET", "/nothing"), ask("GET", "/a%2Fb")):
        names = set(answer.headers)
        assert not {"server", "x-powered-by", "via"} & names, answer
        assert not [name for name in names if name.startswith("x-envoy")], answer


@pytest.mark.parametrize(
    ("path", "key"), [(PATH, "writer"), (PATH, None), ("/nothing", "writer"), ("/a%2Fb", "writer")], ids=str
)
def test_a_request_id_is_kept_and_returned(ask: Ask, path: str, key: str | None) -> None:
    """A request id is kept and returned."""
    sent = "3c3c7a7e-1d3c-4b6e-8f00-0123456789ab"
    assert ask("GET", path, key=key, headers={"X-Request-Id": sent}).headers["x-request-id"] == sent
    first, second = (ask("GET", path, key=key).headers["x-request-id"] for _ in range(2))
    assert first
    assert first != second


def test_one_request_id_finds_the_request_in_every_log(ask: Ask) -> None:
    """One request id finds the request in every log."""
    answer = ask("GET", PATH + f"?api_key_of_nobody={KEYS['admin']}", headers={"X-Request-Id": "find-me-1"})
    assert dict(answer.json()["headers"])["x-request-id"] == "find-me-1"
    proxy = logged(ask, "envoy", "find-me-1")
    auth = logged(ask, "auth", "find-me-1")
    assert (proxy["path"], proxy["upstream_path"], proxy["status"], proxy["route"]) == (PATH, PATH[7:], 200, "rest")
    assert (auth["path"], auth["decision"], auth["need"], auth["user_id"]) == (PATH, "allow", "read", "user-writer")


def test_no_log_holds_a_key(ask: Ask) -> None:
    """No log holds a key."""
    for key in KEYS:
        ask("GET", PATH + f"?api_key={KEYS[key]}", key=key)
        ask("GET", PATH, key=None, headers={"X-API-Key": KEYS[key], "X-Request-Id": f"last-{key}"})
        ask("GET", PATH, key=None, headers={"Authorization": f"ApiKey {KEYS[key]}"})
    assert logged(ask, "envoy", f"last-{key}")["status"] == 401  # control: this key was sent, and refused
    written = "".join(ask.parts.log(part) for part in ("envoy", "auth", "keys"))
    written += (ask.parts.folder / "record.jsonl").read_text()
    assert not [key for key in KEYS.values() if key in written]


def logged(ask: Ask, part: str, request_id: str) -> dict[str, object]:
    """Return the line that a part logs about a request; the log is written shortly after the answer."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for line in ask.parts.log(part).splitlines():
            if f'"{request_id}"' in line:
                found: dict[str, object] = json.loads(line)
                return found
        time.sleep(0.02)
    raise AssertionError(f"{part} never logged {request_id}")
