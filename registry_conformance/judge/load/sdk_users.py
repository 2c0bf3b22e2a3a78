"""The users of a load that are MLflow's own client: whole registrations, one after the other, each in a fresh process.

Run as ``python -m registry_conformance.judge.load.sdk_users``, told on its standard input. Where that ends, the load
does, and what is under way is finished. It ends with exit code 1 and a sentence if no client starts on this machine,
which says nothing of the target.
"""

from __future__ import annotations

import pickle
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote, urlsplit

from registry_conformance.judge.clients.developer import Developer
from registry_conformance.judge.clients.isolated_process import IsolatedProcess, IsolatedProcessError
from registry_conformance.judge.clients.model_flavors import KINDS
from registry_conformance.judge.clients.registration import PLATFORM_TAGS
from registry_conformance.judge.clients.registry import PROXIED
from registry_conformance.judge.clients.sdk_registration import RegistrationPlan, SdkRegistration, register
from registry_conformance.judge.evidence.exchange import Exchange
from registry_conformance.judge.lifeline import die_with_parent
from registry_conformance.judge.load.allowance import Allowance, Cost
from registry_conformance.judge.load.history import OK, REFUSED, Journal, Operation
from registry_conformance.judge.load.order import LoadOrder
from registry_conformance.judge.mismatch import PreconditionFailed

_COST = Cost(60, 1 << 20, 12)
"""What a registration by the client takes at most."""
_ROUTE = "/mlflow-artifacts/artifacts/"


def main() -> None:
    """Register, each user after its own fashion, until the load is over."""
    die_with_parent()
    order: LoadOrder = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    journal = Journal(order.journal, order.process)
    over = Event()
    Thread(target=_await_the_end, args=(over,), daemon=True).start()
    with ThreadPoolExecutor(max(order.plan.sdk_users, 1)) as pool:
        users = [pool.submit(_use, order, journal, number, over) for number in range(order.plan.sdk_users)]
    for lacking in (user.exception() for user in users):
        if lacking is not None:
            sys.exit(str(lacking))


def _await_the_end(over: Event) -> None:
    sys.stdin.buffer.read()
    over.set()


def _use(order: LoadOrder, journal: Journal, number: int, over: Event) -> None:
    home = Path(order.journal).parent / f"sdk-{number}"
    isolated = IsolatedProcess(home, order.place.run)
    allowance = Allowance(order.door.guard, order.plan.users, order.kept_back)
    turn = 0
    try:
        while not (turn and over.is_set()) and not allowance.lacks(_COST):
            turn += 1
            name = f"{order.place.run}-sdk-{number}-{turn}"
            plan = RegistrationPlan(KINDS[0], f"{name}-experiment", f"{name}-model", "champion", PLATFORM_TAGS)
            developer = Developer(order.door, order.key, home / name, order.place.run, PROXIED)
            _register(isolated, journal, developer, plan)
    finally:
        isolated.close()


def _register(isolated: IsolatedProcess, journal: Journal, developer: Developer, plan: RegistrationPlan) -> None:
    began = time.monotonic_ns()
    try:
        found = isolated.call(register, developer, plan)
    except PreconditionFailed:
        raise
    except (AssertionError, IsolatedProcessError) as problem:
        found = SdkRegistration(plan, problem=str(problem))
    ended = time.monotonic_ns()

    def note(kind: str, key: str, value: str, answer: str = "", sent: int = 0, problem: str = "") -> None:
        outcome = REFUSED if problem else OK
        told = Operation(
            journal.number(), plan.model, kind, key, value, began, ended, outcome, None, answer, problem, sent
        )
        journal.ends(told)

    for exchange in found.exchanges:
        if exchange.method == "PUT" and exchange.ok and (path := _path_of(exchange)):
            note("put", f"mlflow-artifacts:/{path}", exchange.request_body.sha256, sent=exchange.request_body.size)
    if found.version:
        note("version", plan.model, found.source, found.version)
    if "alias" in found.reached:
        note("set-alias", f"{plan.model}@{plan.alias}", found.version)
    note("sdk-registration", plan.model, "", found.version, problem=found.problem[:300])


def _path_of(exchange: Exchange) -> str:
    return unquote(urlsplit(exchange.url).path).partition(_ROUTE)[2]


if __name__ == "__main__":
    main()
