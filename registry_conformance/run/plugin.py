"""The pytest plugin: options, markers, hooks and fixtures, each handed to the module that knows about it."""

from __future__ import annotations

import gc
import importlib
import pickle
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.registrations import INTERPRETER
from fixtures.routes import JUDGED, over_routes
from fixtures.scratch_stack import MUTATED
from registry_conformance.judge.end_requests import leave_to_controller
from registry_conformance.judge.issued_ids import IssuedIds
from registry_conformance.judge.live.environment.error import EnvironmentFileError
from registry_conformance.judge.locations import REGISTER
from registry_conformance.judge.machine import isolate
from registry_conformance.judge.requirement import Register, RegisterError
from registry_conformance.judge.target.requests import enforce
from registry_conformance.judge.target.target import Target
from registry_conformance.lab.external import mlflow_command
from registry_conformance.lab.external.neighbour import NONE, OWN, PROGRAMS
from registry_conformance.lab.external.store import ExternalStore
from registry_conformance.run.option_values import BACKENDS, STACKS, STORES, NotEmpty, SettingsError
from registry_conformance.run.session import hooks
from registry_conformance.run.session.arguments import add_portable, is_load, judges, refuse_unreadable_expressions
from registry_conformance.run.session.asking import refuse_unasked
from registry_conformance.run.session.collection import is_check, over_doors, refuse_unregistered
from registry_conformance.run.session.context import CONTEXT, REFUSAL, RUN_CONTROLLER, Context, run_id, stack, target
from registry_conformance.run.session.live_request import first_things_first, visit
from registry_conformance.run.session.load_request import cache_seconds, make_load
from registry_conformance.run.session.outputs import Outputs, pytest_load_initial_conftests
from registry_conformance.run.session.recording import Recording
from registry_conformance.run.settings import Settings, external_store, install

if TYPE_CHECKING:
    from registry_conformance.run.session.live_run import LiveRun

__all__ = ["cache_seconds", "make_load", "pytest_load_initial_conftests", "run_id", "stack", "target"]

FIXTURES = (
    "access",
    "accounts",
    "credentials",
    "decision_logs",
    "denials",
    "doors",
    "essentials",
    "grouping",
    "latency",
    "lives",
    "load",
    "outages",
    "permissions",
    "policy",
    "protected_tag",
    "reachability",
    "real_registration",
    "refusals",
    "registrations",
    "registry",
    "routes",
    "runs",
    "scratch_stack",
    "store_faults",
    "tls",
    "transfers",
    "witness",
    "workspaces",
)
"""The files of ``fixtures/``, each registered as a plugin of its own."""
MARKERS = (
    "verifies(*ids): the requirements that a check verifies",
    "upstream_defect(reference, versions, expires, cases, at_times): a check that MLflow fails",
    "only_for(*profiles): a case that is asked where these profiles are promised",
    "for_versions(versions, otherwise): a case that is asked of these versions of MLflow",
    "one_door: a check that one door answers for all",
    "requires_right(role, *rights): a check about a role that may do this",
    "lacks_right(role, *rights): a check about a role that may not do this",
    "family(*names): the families of routes that a check asks about",
)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Let other plugins supply the target of a run."""
    pluginmanager.add_hookspecs(hooks)
    pluginmanager.register(Outputs(), "conformance-outputs")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("conformance", "verification of a model-registry deployment")
    group.addoption(
        "--stack", default="auto", metavar="|".join(STACKS), help="how to run the deployment (default: auto)"
    )
    group.addoption(
        "--store", default="auto", metavar="|".join((*STORES, "URL")), help="the S3 store (default: minio if on PATH)"
    )
    group.addoption(
        "--backend-store",
        default="sqlite",
        metavar="|".join(BACKENDS),
        help="MLflow's database (default: sqlite)",
    )
    for part, name in (("proxy", "proxy"), ("mlflow", "MLflow")):
        group.addoption(
            f"--{part}-image",
            default="",
            action=NotEmpty,
            metavar="IMAGE",
            help=f"an image of your own in the place of the {name}",
        )
        group.addoption(
            f"--{part}-settings",
            default="",
            action=NotEmpty,
            metavar="FILE",
            help=f"how that image is told where the others are (default: docker/settings/{part}.toml)",
        )
    group.addoption(
        "--proxy",
        default="",
        action=NotEmpty,
        metavar="|".join((OWN, *PROGRAMS, NONE)),
        help="the proxy of the embedded stack, as NAME, NAME:CONFIGURATION of docker/proxies or NAME:FILE"
        " (default: envoy)",
    )
    group.addoption(
        "--deployment",
        default="",
        action=NotEmpty,
        metavar="FOLDER",
        help="a folder laid out as docker/, whose files the embedded stack takes in the place of the shipped ones",
    )
    group.addoption(
        "--mlflow",
        default="",
        action=NotEmpty,
        metavar="|".join((mlflow_command.OWN, *mlflow_command.COMMANDS, "VERSION", "VERSION:WAY")),
        help="how the embedded stack starts MLflow, and which version of it (default: the reference's own way)",
    )
    group.addoption(
        "--client",
        default="",
        action=NotEmpty,
        metavar="VERSION",
        help="the version of the MLflow client that registers models (default: the one that is installed)",
    )
    group.addoption(
        "--env",
        default="",
        action=NotEmpty,
        metavar="NAME",
        help="the environment to judge, of suites/live/environments",
    )
    group.addoption(
        "--env-file", default="", action=NotEmpty, metavar="PATH", help="the file of an environment to judge"
    )
    group.addoption(
        "--url",
        default="",
        action=NotEmpty,
        metavar="URL",
        help="a tracking URI to judge, with the credential of MLFLOW_TRACKING_*",
    )
    group.addoption(
        "--read-only",
        action="store_true",
        help="send an environment only what changes nothing; registration is not tried",
    )
    group.addoption(
        "--plan",
        default="",
        action=NotEmpty,
        metavar="PATH",
        help="a plan of Terraform or OpenTofu as JSON, or a CloudFormation template, to judge",
    )
    group.addoption(
        "--load",
        default="",
        action=NotEmpty,
        metavar="PLAN",
        help="the load of suites/load, as 'shape=ramp users=16 seconds=40'",
    )
    group.addoption("--fault", action="append", default=[], metavar="NAME", help="break the deployment on purpose")
    group.addoption(
        "--report-dir",
        default="",
        action=NotEmpty,
        metavar="DIR",
        help="where reports go (default: reports/ of this project)",
    )
    if not pluginmanager.has_plugin("allure_pytest"):  # which has these options itself, and results of its own
        group.addoption(
            "--alluredir", default="", action=NotEmpty, metavar="DIR", help="write Allure's results there too"
        )
        group.addoption("--clean-alluredir", action="store_true", help="remove the files of that folder first")
    group.addoption(
        "--attestation-key",
        default="",
        action=NotEmpty,
        metavar="FILE",
        help="sign the attestation of this run with this private key, in PEM",
    )
    group.addoption(
        "--register",
        type=int,
        default=0,
        metavar="RELEASE",
        help="ask only what this release of the register asked (default: all)",
    )
    group.addoption(
        "--run-id", default="", action=NotEmpty, metavar="ID", help="the name of this run (default: made from the time)"
    )
    group.addoption(
        "--proxy-port", type=int, default=0, metavar="PORT", help="the proxy's port (default: any free one)"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the fixtures and set up a run of the suites; the suite's own tests are not affected."""
    for topic in FIXTURES:
        config.pluginmanager.register(importlib.import_module(f"fixtures.{topic}"), f"fixtures-{topic}")
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if not judges(config):
        return
    shared = getattr(config, "workerinput", {}).get("conformance", {})
    try:
        settings, register, live, elsewhere, plan = _read(config, shared)
    except (SettingsError, RegisterError, EnvironmentFileError) as problem:
        raise pytest.UsageError(str(problem)) from problem
    isolate()
    if shared:
        leave_to_controller()
    recording = Recording(register, settings.rerun_options)
    given = _given(shared, live) or plan or config.hook.pytest_conformance_target(config=config)
    config.stash[INTERPRETER] = settings.client.python if settings.client else ""
    config.stash[JUDGED] = settings.installation
    if settings.folder:
        config.stash[MUTATED] = settings.folder.change  # the scratch stack has its files too, whatever it becomes
    context = config.stash[CONTEXT] = Context(settings, register, recording, given, shared.get("address", ""))
    config.pluginmanager.register(recording, "conformance-recording")
    if not shared:
        if getattr(config.option, "numprocesses", None) and config.option.dist == "load":
            config.option.dist = "loadgroup"
        if not config.pluginmanager.has_plugin(RUN_CONTROLLER):  # a proof has its own controller
            from registry_conformance.run.session.controller import RunController  # noqa: PLC0415 - no worker has it

            config.pluginmanager.register(RunController(config, context, live, elsewhere), RUN_CONTROLLER)


def _given(shared: dict[str, Any], live: LiveRun | None) -> Target | None:
    """Return the third-party target of the run, ``None`` if there is none."""
    if "target" not in shared:
        return live.target if live is not None else None
    enforce()  # in a worker, too, no connection to a third-party target bypasses its guard
    given: Target = pickle.loads(shared["target"])  # noqa: S301 - from our controller
    return given


def _read(
    config: pytest.Config, shared: dict[str, Any]
) -> tuple[Settings, Register, LiveRun | None, ExternalStore | None, Target | None]:
    """Read everything that needs the user's environment variables; a worker gets it from its controller (``shared``).

    Raises ``SettingsError``, ``RegisterError`` or ``EnvironmentFileError`` if options, register or environment are
    invalid.
    """
    if (getattr(config.option, "numprocesses", None) or 0) < 0:
        raise SettingsError(f"-n {config.option.numprocesses}: give a number of processes, 0 for none besides this one")
    add_portable(config)
    refuse_unreadable_expressions(config)
    settings, register = Settings.read(vars(config.option) | shared), Register.load(REGISTER)
    plan = _plan(config, settings, register)
    if shared:
        return settings, IssuedIds.load(REGISTER).pinned(register, settings.register), None, None, plan
    register = register.of("load") if is_load(config) else register
    live, elsewhere = visit(config, settings, register), external_store(settings)
    if live is not None:
        settings = replace(settings, load=live.load, register=settings.register or live.register)
    register = IssuedIds.load(REGISTER).pinned(register, settings.register)
    install(settings, partial(print, file=sys.stderr, flush=True))
    return settings, register, live, elsewhere, plan


def _plan(config: pytest.Config, settings: Settings, register: Register) -> Target | None:
    """Return the plan that is judged as a target, ``None`` if there is none."""
    if settings.plan is None:
        return None
    from registry_conformance.run.session.plan_target import planned_target  # noqa: PLC0415 - plans are judged rarely

    return planned_target(config, settings, register)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Reject checks that verify nothing; a worker's error is reported by the controller."""
    if CONTEXT not in config.stash:
        return
    if config.stash[CONTEXT].settings.env:
        first_things_first(items)
    try:
        refuse_unregistered(items, config.stash[CONTEXT].register)
    except pytest.UsageError as problem:
        if not hasattr(config, "workeroutput"):
            raise
        config.workeroutput[REFUSAL] = str(problem)
        items.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check whose requirement the target does not promise, or whose door is broken, before any setup."""
    context = item.config.stash.get(CONTEXT, None)
    if context is not None and is_check(item):
        refuse_unasked(item, context.register, context.given or context.target)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Exclude imported modules and collected items from garbage collection: they stay anyway."""
    if CONTEXT in session.config.stash:
        gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Exit without a final garbage collection, which takes half a second a process."""
    if CONTEXT in config.stash:
        gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise checks that use a door or a route over all of them."""
    context = metafunc.config.stash.get(CONTEXT, None)
    over_doors(metafunc, context.given.doors if context is not None and context.given is not None else ())
    over_routes(metafunc)
