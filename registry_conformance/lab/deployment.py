"""The deployment as a value: what a stack realises, and what a fault changes.

The defaults are the reference deployment. Nothing here knows how a part is started. Every value is hashable and
pickles, so that it can be compared, cached by, and sent to the supervisor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from registry_conformance.lab.disturbance import Rule

DOORS: Mapping[str, str] = MappingProxyType({"canonical": "/api/mlflow", "documented": "/mlflow", "literal": ""})
"""Door name -> path prefix that MLflow is served under (CONTRACT: doors and routes)."""

ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "reader": ("mlflow:read",),
        "writer": ("mlflow:read", "mlflow:write"),
        "admin": ("mlflow:read", "mlflow:write", "mlflow:admin"),
    }
)
"""Role -> the scopes that the key service reports for a key of that role."""


CERTIFICATES = ("current", "expired", "elsewhere", "stranger")
"""Certificates that the proxy may show: a good one, one that is over, of another host, by an unknown authority."""

LINKS = ("proxy", "auth", "keys", "mlflow", "server", "store")
"""The links of a deployment, each named by its destination; ``server`` is inside MLflow, behind its address."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The authenticating proxy. Regexes are as Envoy reads them; a header without a value is taken away.

    Routes: ``doors`` names the open doors, of ``DOORS``; ``unrouted`` the route families that are missing, by the names
    that routes have in ``docker/proxy/routes.yaml``; ``unrouted_at`` those missing at one door, as (door, family);
    ``strips`` holds (door, regex of what is taken from the front of its paths) if that is not the door's own path;
    ``normalises`` is whether paths are put into one form first; ``redirects_to_tls`` whether plain requests are sent to
    ``https``.

    Keys: ``authenticates`` is whether requests pass the auth service; ``unguarded`` are regexes of path beginnings that
    need no key, and ``health_by_any_method`` is whether health needs none for more than reads; ``fails_open`` is
    whether all may pass while the auth service is down; ``status_on_error`` what callers are told if not.

    Headers: ``trusts_identity`` is whether a client's own identity headers pass, ``tells_identity`` whether MLflow gets
    those of the key; ``takes_underscores`` whether names with ``_`` pass; ``keeps_request_id`` is about the client's,
    ``returns_request_id`` about answers; ``banner`` names the software; ``request_headers`` and ``answer_headers`` are
    set on what goes to MLflow and to clients; ``host`` is the Host that MLflow is asked by, ``tells_host`` whether
    it is told the one that was asked for.

    Answers: ``json_errors`` is whether MLflow's errors, ``json_replies`` whether the proxy's own are put into MLflow's
    form; ``compresses`` whether answers are packed for those who take gzip.

    Log: ``logs_keys`` is whether the access log has the Authorization header in it.

    Limits: ``timeout`` is how long MLflow may take for metadata, ``bytes_timeout`` for artifacts, in seconds, 0 for any
    time in the latter; ``body_limit`` the longest body that a request may announce, in bytes, ``None`` for any;
    ``buffer`` how many bytes of a body are gathered before any is passed on, ``None`` where bodies stream;
    ``headers_kb`` how many KiB of headers are taken.

    MLflow: ``upstream`` is where it is looked for, HOST:PORT, empty for where it is; ``upstream_tls`` whether it is
    spoken to in TLS; ``retry_on`` are Envoy's conditions to repeat any request, empty for the reference's; ``retries``
    is how often one is repeated at most; ``mirrors`` is whether each request is sent a second time, the answer ignored.

    TLS: ``tls`` is whether it is taken; ``tls_floor`` the lowest version; ``certificate`` which one is shown, of
    ``CERTIFICATES``.
    """

    doors: tuple[str, ...] = tuple(DOORS)
    unrouted: frozenset[str] = frozenset()
    unrouted_at: frozenset[tuple[str, str]] = frozenset()
    strips: tuple[tuple[str, str], ...] = ()
    normalises: bool = True
    redirects_to_tls: bool = False
    authenticates: bool = True
    unguarded: tuple[str, ...] = ()
    health_by_any_method: bool = False
    fails_open: bool = False
    status_on_error: int = 503
    trusts_identity: bool = False
    tells_identity: bool = True
    takes_underscores: bool = False
    keeps_request_id: bool = True
    returns_request_id: bool = True
    banner: bool = False
    request_headers: tuple[tuple[str, str | None], ...] = ()
    answer_headers: tuple[tuple[str, str | None], ...] = ()
    host: str = "localhost"
    tells_host: bool = True
    json_errors: bool = True
    json_replies: bool = True
    compresses: bool = False
    logs_keys: bool = False
    timeout: float = 60.0
    bytes_timeout: float = 0.0
    body_limit: int | None = None
    buffer: int | None = None
    headers_kb: int = 15
    upstream: str = ""
    upstream_tls: bool = False
    retry_on: str = ""
    retries: int = 2
    mirrors: bool = False
    tls: bool = True
    tls_floor: str = "TLSv1_2"
    certificate: str = "current"


@dataclass(frozen=True, slots=True)
class Auth:
    """The auth service: ``up`` or not, how it asks the key service, and how long it believes an answer (seconds).

    ``policy`` are entries of the policy file that are others than in ``docker/auth/policy.toml``: ``doors``, ``open``,
    or a role's name for its rights. Another number of ``restarts`` is another process, which remembers no key.
    """

    up: bool = True
    service_id: str = "platform"
    timeout: float = 5.0
    cache: float = 60.0
    policy: tuple[tuple[str, tuple[str, ...]], ...] = ()
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class FixedAnswer:
    """A fixed response of the key service to every request: status, body, and a delay in seconds."""

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class KeyService:
    """The platform's key service: ``up`` or not, and ``answer`` if it answers everything alike.

    ``revoked`` names the roles whose keys are revoked; ``believed`` the kinds of bad keys that it takes for good ones.
    """

    up: bool = True
    answer: FixedAnswer | None = None
    revoked: frozenset[str] = frozenset()
    believed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MLflow:
    """The MLflow server.

    ``destination`` is ``--artifacts-destination`` (``{bucket}`` and ``{prefix}`` are the store's); ``None`` leaves it
    out. ``default_root`` is ``--default-artifact-root``; ``None`` means what ``--serve-artifacts`` makes of it.
    ``environment`` is added to the server's environment last. ``up`` is whether it runs. ``denied`` are the S3 actions
    that its role lacks, as far as the store heeds roles. Its database outlives it if it is ``keeping``, and is one for
    all its processes if it is ``shared_database``; otherwise each has its own, as replicas by mistake have.
    """

    up: bool = True
    destination: str | None = "s3://{bucket}/{prefix}"
    default_root: str | None = None
    serve_artifacts: bool = True
    environment: tuple[tuple[str, str], ...] = ()
    denied: frozenset[str] = frozenset()
    keeping: bool = True
    shared_database: bool = True


@dataclass(frozen=True, slots=True)
class Client:
    """The machine of a developer: variables that are set there, what its ``~/.netrc`` says, and the key.

    ``{url}`` and ``{host}`` in a text are those of the door. ``key`` is the role, or the state, of the key that a
    writer was given.
    """

    variables: tuple[tuple[str, str], ...] = ()
    netrc: str = ""
    key: str = "writer"


@dataclass(frozen=True, slots=True)
class Store:
    """The S3 store: the bucket that is created, and the prefix that artifacts lie under."""

    bucket: str = "hokusai-mlflow-artifacts-local"
    prefix: str = "artifacts"
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Links:
    """The links between the parts, each named by the part it leads to, with the rules that disturb it.

    ``proxy`` lies between clients and the proxy, ``auth`` between the proxy and the auth service, ``keys`` between
    that and the key service, ``mlflow`` between the proxy and MLflow, ``store`` between MLflow and the bucket.
    ``server`` is passed by all that ask MLflow: what it does is what MLflow does, to the proxy and at the origin. A
    recorder stands on every link that has rules or is ``watched``; on the others a part reaches the next one straight.
    On a ``taped`` link nothing is read or disturbed: every byte that clients send there is written down as it came, and
    this suite's own look into the bucket passes a taped link to the store too.
    """

    proxy: tuple[Rule, ...] = ()
    auth: tuple[Rule, ...] = ()
    keys: tuple[Rule, ...] = ()
    mlflow: tuple[Rule, ...] = ()
    server: tuple[Rule, ...] = ()
    store: tuple[Rule, ...] = ()
    watched: frozenset[str] = frozenset()
    taped: frozenset[str] = frozenset()

    @property
    def in_place(self) -> frozenset[str]:
        """The links that have a recorder."""
        return self.watched | self.taped | {name for name in LINKS if getattr(self, name)}


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that is judged: the parts, in the order a request passes them.

    ``files`` are shipped files with another text than in the repository, each as (path below ``docker/``, text): of the
    proxy or the one in its place, the auth service and the MLflow server.
    """

    proxy: Proxy = Proxy()
    auth: Auth = Auth()
    keys: KeyService = KeyService()
    mlflow: MLflow = MLflow()
    store: Store = Store()
    links: Links = Links()
    client: Client = Client()
    files: tuple[tuple[str, str], ...] = ()


REFERENCE = Deployment()
