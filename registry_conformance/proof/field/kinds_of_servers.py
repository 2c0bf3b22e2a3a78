"""MLflow servers without a proxy, and how their own settings break them."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.lab.deployment import REFERENCE, MLflow
from registry_conformance.lab.external.mlflow_command import COMMANDS, MlflowCommand
from registry_conformance.lab.external.neighbour import NONE, Neighbour
from registry_conformance.proof.field.broken_way import BrokenWay, Kind

_BARE = Neighbour(NONE)
_SLOW = "transfers = { kilobytes_per_second = 1000, seconds = 12 }"
"""Long enough that no buffer on the way holds a body whole."""
_CARELESS = "registry_conformance.lab.external.careless_sign_in"
_LETS_IN = ("RCH-005",)
"""Broken where not even a search is answered: nothing else is sent there, and this says why."""
_OWN_DISK = (
    "--no-serve-artifacts",
    "--default-artifact-root",
    "/tmp/mlflow-artifacts",  # noqa: S108 - as guides have it
)


def _uvicorn(name: str, text: str, breaks: tuple[str, ...], *arguments: str) -> BrokenWay:
    """Return uvicorn with further arguments of ``mlflow server``."""
    return BrokenWay(name, text, breaks, command=_more(COMMANDS["uvicorn"], *arguments))


def _gunicorn(name: str, text: str, breaks: tuple[str, ...], options: str, workers: int = 2) -> BrokenWay:
    """Return gunicorn with options of its own."""
    arguments = ("--workers", str(workers), "--gunicorn-opts", options)
    return BrokenWay(name, text, breaks, command=MlflowCommand("gunicorn", arguments))


def _users(name: str, text: str, breaks: tuple[str, ...], function: str) -> BrokenWay:
    """Return basic-auth with a custom authentication function that has a mistake."""
    command = replace(COMMANDS["basic-auth"], sign_in=f"{_CARELESS}:{function}")
    return BrokenWay(name, text, breaks, command=command)


def _tokens(name: str, text: str, breaks: tuple[str, ...], **environment: str) -> BrokenWay:
    """Return mlflow-oidc-auth with other settings."""
    command = replace(COMMANDS["oidc-auth"], environment=tuple(environment.items()))
    return BrokenWay(name, text, breaks, command=command)


def _more(command: MlflowCommand, *arguments: str) -> MlflowCommand:
    return replace(command, arguments=(*command.arguments, *arguments))


UVICORN = Kind(
    "mlflow-uvicorn",
    "mlflow server",
    _BARE,
    command=COMMANDS["uvicorn"],
    ways=(
        _uvicorn(
            "foreign-pages",
            "`--cors-allowed-origins '*'`: pages of any origin may call it",
            ("OPS-016", "OPS-017"),
            *("--cors-allowed-origins", "*"),
        ),
        _uvicorn(
            "no-checks-of-requests",
            "`--disable-security-middleware`, as answers on the web advise against 403",
            ("OPS-017",),
            "--disable-security-middleware",
        ),
        _uvicorn(
            "artifacts-on-its-disk",
            "`--no-serve-artifacts` with a folder as the default artifact root: clients write to their own disks",
            ("REG-007",),
            *_OWN_DISK,
        ),
        _uvicorn(
            "host-names",
            "`--allowed-hosts` without the name that clients use",
            _LETS_IN,
            *("--allowed-hosts", "registry.example"),
        ),
        _uvicorn(
            "undeclared-prefix",
            "`--static-prefix`, and clients are told the address without it",
            _LETS_IN,
            *("--static-prefix", "/registry"),
        ),
        BrokenWay(
            "database-of-each-replica",
            "two servers at one address, each with a database of its own",
            ("REG-059",),
            deployment=replace(REFERENCE, mlflow=MLflow(shared_database=False)),
        ),
    ),
)
GUNICORN = Kind(
    "mlflow-gunicorn",
    "mlflow server with gunicorn",
    _BARE,
    command=COMMANDS["gunicorn"],
    declared=(_SLOW,),
    ways=(
        _gunicorn(
            "worker-time-out",
            "`--timeout 8`: a worker that is busy with one slow client for longer is killed",
            ("ART-067", "ART-068"),
            "--timeout 8",
        ),
        _gunicorn(
            "one-worker",
            "one worker, which serves one request at a time",
            ("OPS-032",),
            "--log-level info",
            workers=1,
        ),
        _gunicorn(
            "short-request-line",
            "`--limit-request-line 110`: the paths of artifacts are longer than that",
            ("RTE-003",),
            "--limit-request-line 110",
        ),
        _gunicorn(
            "few-headers",
            "`--limit-request-fields 3`: what clients send by default is too much",
            _LETS_IN,
            "--limit-request-fields 3",
        ),
        BrokenWay(
            "artifacts-on-its-disk",
            "`--no-serve-artifacts` with a folder as the default artifact root",
            ("REG-007",),
            command=_more(COMMANDS["gunicorn"], *_OWN_DISK),
        ),
    ),
)
BASIC_AUTH = Kind(
    "mlflow-basic-auth",
    "mlflow server with basic-auth",
    _BARE,
    command=COMMANDS["basic-auth"],
    ways=(
        _users(
            "everybody-is-admin",
            "an `authorization_function` that takes every user for the administrator",
            ("AUZ-040", "AUZ-041", "AUZ-042", "AUZ-044"),
            "everybody_is_admin",
        ),
        _users(
            "artifacts-for-everybody",
            "an `authorization_function` that lets every user do everything with artifacts",
            ("AUZ-045",),
            "artifacts_for_everybody",
        ),
        _users(
            "permissions-are-remembered",
            "permissions are kept in a cache that nothing empties",
            ("AUZ-046",),
            "permissions_are_remembered",
        ),
        _users(
            "guests-are-admins",
            "an `authorization_function` that takes whoever gives no password for the administrator",
            ("AUT-001", "AUT-002"),
            "guests_are_admins",
        ),
        _users(
            "by-name-alone",
            "an `authorization_function` that compares no password",
            ("AUT-060",),
            "by_name_alone",
        ),
        _users(
            "empty-password",
            "an `authorization_function` that asks a directory, which binds nobody by an empty password, and succeeds",
            ("AUT-060",),
            "empty_is_anonymous",
        ),
        BrokenWay(
            "default-manage",
            "`default_permission = MANAGE`, where READ was meant",
            ("AUZ-044",),
            command=replace(COMMANDS["basic-auth"], default_permission="MANAGE"),
        ),
        BrokenWay(
            "methods",
            "an nginx before it that passes GET and POST alone",
            ("AUZ-043",),
            neighbour=Neighbour(
                "nginx",
                "password-tuned",
                (
                    ('            auth_basic "MLflow";\n            auth_basic_user_file @PASSWORDS@;\n', ""),
                    ('proxy_set_header Authorization "";', "# the password is MLflow's affair"),
                    (
                        "        location / {",
                        "        location / {\n            limit_except GET POST PUT PATCH { deny all; }",
                    ),
                ),
            ),
        ),
    ),
)
OIDC_AUTH = Kind(
    "mlflow-oidc-auth",
    "mlflow server with mlflow-oidc-auth",
    _BARE,
    command=COMMANDS["oidc-auth"],
    ways=(
        _tokens(
            "another-audience",
            "`OIDC_AUDIENCE` of another client: good tokens are refused",
            _LETS_IN,
            OIDC_AUDIENCE="another-client",
        ),
        _tokens(
            "another-group",
            "`OIDC_GROUP_NAME` and the administrators' group of nobody: good tokens are refused",
            _LETS_IN,
            OIDC_GROUP_NAME="nobody",
            OIDC_ADMIN_GROUP_NAME="nobody",
        ),
        _tokens(
            "nobody-is-provisioned",
            "`OIDC_PROVISION_ON_BEARER_AUTH` is off: users who never opened its page are refused",
            _LETS_IN,
            OIDC_PROVISION_ON_BEARER_AUTH="false",
        ),
        BrokenWay(
            "clock",
            "the provider's clock is a day behind: its tokens are over when they come",
            _LETS_IN,
            neighbour=Neighbour(NONE, skew=-86400),
        ),
        BrokenWay(
            "foreign-pages",
            "`--cors-allowed-origins '*'`: pages of any origin may call it",
            ("OPS-016",),
            command=_more(COMMANDS["oidc-auth"], "--cors-allowed-origins", "*"),
        ),
        BrokenWay(
            "artifacts-on-its-disk",
            "`--no-serve-artifacts` with a folder as the default artifact root",
            ("REG-007",),
            command=_more(COMMANDS["oidc-auth"], *_OWN_DISK),
        ),
    ),
)
KINDS = (UVICORN, GUNICORN, BASIC_AUTH, OIDC_AUTH)
