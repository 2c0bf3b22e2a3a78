"""What a door says of itself to who only reads: whether it asks for a credential, and what MLflow is behind it."""

from __future__ import annotations

from dataclasses import dataclass

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.mismatch import Mismatch
from registry_conformance.judge.target.credential import Credential
from registry_conformance.judge.target.target import Door

_REFUSED = (401, 403)
_PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Introduction:
    """What was found: ``stranger`` and ``known`` are how who sends no credential and who sends it were answered.

    ``known`` is ``None`` if there is no credential. ``version`` is MLflow's, empty if it does not say.
    """

    stranger: Exchange
    known: Exchange | None
    version: str = ""

    @property
    def open(self) -> bool:
        """Whether nobody is asked for a credential."""
        return _is_mlflow(self.stranger)

    @property
    def refuses_strangers(self) -> bool:
        """Whether who sends no credential is refused, or sent to a page to sign in."""
        status = self.stranger.status or 0
        return status in _REFUSED or (300 <= status < 400 and "login" in self.stranger.header("location").lower())

    @property
    def works(self) -> bool:
        """Whether MLflow answers who asks as this suite will."""
        return self.open or (self.known is not None and _is_mlflow(self.known))

    @property
    def answered(self) -> Exchange:
        """The answer that counts: to who sends a credential, if there is one."""
        return self.known or self.stranger


def introduce(door: Door, credential: Credential | None) -> Introduction:
    """Ask a door what can be asked without changing anything; raise ``Mismatch`` if nothing may be sent."""
    nobody = MlflowHttp(door, None, Evidence(), "introduction", timeout=_PATIENCE)
    stranger = nobody.search_experiments()
    asker = nobody if _is_mlflow(stranger) else nobody.with_key(credential)
    known = asker.search_experiments() if asker.key is not None else None
    if not _is_mlflow(known or stranger):
        return Introduction(stranger, known)
    said = asker.version()
    word = said.text.strip()[:20]
    version = word if said.ok and word[:1].isdigit() else ""
    return Introduction(stranger, known, version)


def _is_mlflow(exchange: Exchange) -> bool:
    """Return whether an answer to a search is MLflow's."""
    if not exchange.ok:
        return False
    try:
        found = exchange.json()
    except Mismatch:
        return False
    return isinstance(found, dict) and isinstance(found.get("experiments", []), list)
