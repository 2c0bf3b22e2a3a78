"""Whether the servers behind a door share one database, asked before a run changes anything by an id."""

from __future__ import annotations

from registry_conformance.judge.clients.mlflow_http import REST, MlflowHttp
from registry_conformance.judge.evidence.recorder import Evidence
from registry_conformance.judge.expect import Mismatch
from registry_conformance.judge.live import presence
from registry_conformance.judge.live.extent import RemovalGuard
from registry_conformance.judge.live.holder import Holder
from registry_conformance.judge.live.presence import Observation
from registry_conformance.judge.target.guard import Guard
from registry_conformance.judge.target.target import Target

_NAME = "one-database"


def separate_databases(target: Target, guard: Guard) -> str:
    """Return at which door servers without a common database answer, empty if none is seen.

    Creates one experiment of the run and looks for it by its name, several times at each door, each time on a new
    connection. Servers with a database each count their experiments alike, so that an id is no proof of what it names.
    """
    door = target.working_doors[0]
    name = f"{guard.run}-{_NAME}"
    try:
        made = MlflowHttp(door, target.key_at(door), Evidence(), guard.run).create_experiment(name)
    except Mismatch:
        return ""
    if not made.ok:
        return ""
    holder = Holder(target, RemovalGuard(guard.run, guard.workspace))

    def by_name(wire: MlflowHttp) -> Observation:
        met = holder.ask(wire, "GET", f"{REST}/experiments/get-by-name", query={"experiment_name": name})
        return presence.of_experiment(met, name)

    return holder.parted(by_name)
