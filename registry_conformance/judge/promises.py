"""The promises of a target: profiles and single features, each with the reason why it is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PROFILES: Mapping[str, str] = {
    "mlflow": "what a client may rely on of this MLflow version, with or without anything in front of it",
    "gateway": "what any proxy before MLflow owes: refuse, forward unchanged, give nothing away, let nothing past",
    "platform": "the platform's contract: ways to carry a key, form of errors, request ids, identity headers, budgets",
    "store": "what the bucket is to be, and what its service enforces",
    "account": "what the server's role may do, and which logs are kept",
    "resilience": "what the deployment does when one of its parts is in trouble, and after it",
    "load": "what the deployment keeps of its promises while many clients use it at once",
}
"""Name -> what it holds. A requirement belongs to exactly one."""

FEATURES: Mapping[str, str] = {
    "presigned-downloads": "clients download straight from the store, by URLs that carry their own right",
    "multipart-uploads": "clients upload large files in parts, straight to the store",
    "user-interface": "the user interface of MLflow, and the API that it uses",
    "request-ids": "every answer carries a request id",
    "permissions": "MLflow's own permissions of users on experiments and models, as of its basic-auth application",
    "workspaces": "MLflow's own workspaces, each with experiments, models and artifacts of its own",
}
"""Feature name -> its meaning. A requirement with a feature applies only if the feature is not absent."""


UNASKED = "the profile "
"""How the reason starts if a requirement's profile is not promised."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Whether a target has a feature, and ``how`` that is known; ``declared`` if its file says so."""

    present: bool
    how: str
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Promises:
    """Promises of a target: profile -> reason, and feature -> whether it is present."""

    profiles: Mapping[str, str]
    features: Mapping[str, Feature] = field(default_factory=dict)

    def unasked(self, profile: str, feature: str = "") -> str:
        """Return why a requirement of a profile (and of a feature, if given) does not apply; empty if it does."""
        known = self.features.get(feature)
        if known is not None and not known.present:
            return f"the feature {feature!r} is not promised: {known.how}"
        if profile in self.profiles or (known is not None and known.declared):
            return ""
        return f"{UNASKED}{profile!r} is not promised here"

    def has(self, feature: str) -> bool:
        """Return whether a feature may be present: nothing says that it is not."""
        known = self.features.get(feature)
        return known is None or known.present

    def describe(self) -> dict[str, dict[str, dict[str, object]]]:
        """Return it as a JSON-able value."""
        profiles: dict[str, dict[str, object]] = {
            name: {"promised": name in self.profiles, "how": self.profiles.get(name, "not declared")}
            for name in PROFILES
        }
        features: dict[str, dict[str, object]] = {
            name: {"present": known.present, "how": known.how} for name, known in sorted(self.features.items())
        }
        return {"profiles": profiles, "features": features}


EVERYTHING = Promises(dict.fromkeys(PROFILES, "the reference deployment promises all of them"))
"""The promises of the reference deployment."""
OF_MLFLOW = Promises(dict.fromkeys(("mlflow", "store", "account", "load"), "MLflow owes it, with nothing before it"))
"""The promises of a local stack whose MLflow everybody may ask."""
OF_A_GUARD = Promises({**OF_MLFLOW.profiles, "gateway": "whoever asks for a credential of its own owes it"})
"""The promises of a local stack whose proxy, or whose MLflow, checks credentials by itself."""
