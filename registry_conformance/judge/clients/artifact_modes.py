"""How a typical client transfers artifacts, derived from its own exchanges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.direct_store_access import signed
from registry_conformance.judge.clients.registry import digest_file
from registry_conformance.judge.clients.sdk import Sdk
from registry_conformance.judge.evidence.exchange import Body, Exchange
from registry_conformance.judge.target.target import ArtifactModes

PAST_THE_DOOR = "past the door"


def observe_artifact_modes(sdk: Sdk, run_id: str, name: str, payload: bytes) -> tuple[ArtifactModes, Body | None]:
    """Log an artifact and download it by the SDK; return how it was transferred both ways, and what came back.

    A way is ``proxied``, ``presigned``, ``direct`` (with the client's own credentials), or the problem that occurred.
    """
    developer = replace(sdk.developer, home=sdk.developer.home / "ways")
    developer.home.mkdir(parents=True)
    file = developer.home / name
    file.write_bytes(payload)
    up, down, body = sdk.isolated.call(_there_and_back, developer, run_id, file)
    for exchange in (*up[1], *down[1]):
        sdk.evidence.exchange(exchange)
    return ArtifactModes(
        up[0] or _transfer_mode("PUT", name, up[1]), down[0] or _transfer_mode("GET", name, down[1])
    ), body


Leg = tuple[str, tuple[Exchange, ...]]
"""The problem that was met, empty if none was, and every exchange."""


def _there_and_back(developer: Developer, run_id: str, file: Path) -> tuple[Leg, Leg, Body | None]:
    """Log and download in this process."""
    with developer.registry() as registry:
        problems = ["", "there was nothing to download"]
        body, went = None, 0
        try:
            registry.client.log_artifact(run_id, str(file))
            went, problems[1] = len(registry.exchanges), ""
            back = developer.home / "back"
            back.mkdir()
            body = digest_file(Path(registry.client.download_artifacts(run_id, file.name, str(back))))
        except Exception as problem:  # noqa: BLE001 - any failure of the SDK is the outcome
            problems[1 if went else 0] = f"{type(problem).__name__}: {problem}"[:300]
        made = tuple(registry.exchanges)
        return (problems[0], made[: went or len(made)]), (problems[1], made[went:] if went else ()), body


def _transfer_mode(method: str, name: str, exchanges: tuple[Exchange, ...]) -> str:
    """Return how the bytes of an artifact were transferred: through the door, by presigned URL, or directly."""
    carried = [exchange for exchange in exchanges if exchange.method == method and name in exchange.url]
    past = [exchange for exchange in carried if exchange.door == PAST_THE_DOOR and exchange.ok]
    if past:
        return "direct" if any(map(signed, past)) else "presigned"
    routed = any("/mlflow-artifacts/artifacts/" in exchange.url for exchange in carried)
    return "proxied" if routed else "by no request that was seen"
