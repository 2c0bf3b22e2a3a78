"""The scenarios: each proxy as guides configure it, configured properly, and broken in typical ways."""

from __future__ import annotations

from dataclasses import replace

from registry_conformance.lab.deployment import REFERENCE, MLflow
from registry_conformance.lab.external.mlflow_command import COMMANDS, MlflowCommand
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.proof.field.scenario import FieldScenario

_BODY = ("body", "413", "too large", "size")
_AGENT = ("user-agent",)
_METHOD = ("put", "method")
_REDIRECT = ("redirect", "https")
_THROTTLE = ("429", "throttl", "rate", "too many")
_LOST = ("drops the authorization header",)
_DAY = 86400
_SHORT = 60
"""Lifetime in seconds of a token whose expiry a check can wait for."""
_SIGN_IN = ("sign-in page",)
_OPEN = ("without a key", "no key", "nobody is asked", "open")
_BARRED = ("refuses everybody alike",)
_BEHIND = ("502", "503")
_HOST = ("refuses the host name",)
_PAGE = ("web page answers in the place of its api",)
_OWN_RULE = ("a rule of its own returns 503",)
_NOBODY = "127.0.0.1:1"
"""An address without a listener."""
_ROUTE = ("route", "artifact", "404")
_FILES = ("the upload of a model's files", "the upload of a model's file")
_PATCH = ("patch",)
_LEAVE = ("auth_request",)
_PACKED = ("packed in another way",)


def _nginx(name: str, named: tuple[str, ...], lines: str) -> FieldScenario:
    """Return nginx with more lines in its one location."""
    edit = ("        location / {", f"        location / {{\n            {lines}")
    return FieldScenario(f"nginx-{name}", Neighbour("nginx", "password-tuned", (edit,)), False, named)


def _asked_for_leave(name: str, lines: str, *, registers: bool = False) -> FieldScenario:
    """Return nginx that asks for leave at a location with these lines before it passes a request on."""
    edit = (
        "        location / {",
        f"        location = /leave {{ internal; {lines} }}\n        location / {{\n            auth_request /leave;",
    )
    return FieldScenario(f"nginx-{name}", Neighbour("nginx", "password-tuned", (edit,)), registers, _LEAVE)


def _haproxy(name: str, named: tuple[str, ...], lines: str, *, registers: bool = False) -> FieldScenario:
    """Return HAProxy with more lines in its frontend."""
    edit = ("    default_backend mlflow", f"    {lines}\n    default_backend mlflow")
    return FieldScenario(f"haproxy-{name}", Neighbour("haproxy", "password-tuned", (edit,)), registers, named)


def _caddy(name: str, named: tuple[str, ...], lines: str, *, registers: bool = False) -> FieldScenario:
    """Return Caddy with more lines in its site."""
    edit = ("\treverse_proxy ", f"\t{lines}\n\treverse_proxy ")
    return FieldScenario(f"caddy-{name}", Neighbour("caddy", "password-tuned", (edit,)), registers, named)


def _apache(name: str, named: tuple[str, ...], lines: str, *, registers: bool = False) -> FieldScenario:
    """Return Apache with more lines in its configuration."""
    edit = ('<Location "/">', f'{lines}\n<Location "/">')
    return FieldScenario(f"apache-{name}", Neighbour("apache", "password", (edit,)), registers, named)


_TWO_BY_COOKIE = (
    "    server mlflow @MLFLOW@ pool-purge-delay 4s",
    """    balance roundrobin
    cookie REPLICA insert indirect nocache
    server one @MLFLOW@ cookie one pool-purge-delay 4s
    server two @MLFLOW@ cookie two pool-purge-delay 4s""",
)
"""HAProxy before two replicas of one database, each client bound to one of them by a cookie."""
HEALTHY = (
    FieldScenario("bare", Neighbour("none")),
    *(FieldScenario(f"mlflow-{name}", Neighbour("none"), command=command) for name, command in COMMANDS.items()),
    *(
        FieldScenario(f"{name}-{configuration}", Neighbour(name, configuration))
        for name in ("nginx", "haproxy", "caddy", "apache")
        for configuration in ("password", "password-tuned")
        if (name, configuration) != ("nginx", "password")
    ),
    FieldScenario(
        "mlflow-ordinary-user",
        Neighbour("none"),
        command=replace(COMMANDS["basic-auth"], own_hash=True),
        role="colleague",
    ),
    FieldScenario(
        "mlflow-user-without-permissions",
        Neighbour("none"),
        command=replace(COMMANDS["basic-auth"], default_permission="NO_PERMISSIONS"),
        role="colleague",
    ),
    FieldScenario("haproxy-sticky", Neighbour("haproxy", "password-tuned", (_TWO_BY_COOKIE,))),
    FieldScenario("haproxy-token", Neighbour("haproxy", "token", lasts=_SHORT), promises_key=True),
    FieldScenario("oauth2-proxy-short-tokens", Neighbour("oauth2-proxy", "token", lasts=_SHORT), promises_key=True),
    *(FieldScenario(f"oauth2-proxy-{name}", Neighbour("oauth2-proxy", name)) for name in ("token", "token-browser")),
)
"""Neighbours that let a model be registered, whatever else they are."""

_NO_PASSWORD = (
    '            auth_basic "MLflow";\n            auth_basic_user_file @PASSWORDS@;\n',
    "",
)
"""nginx that asks for no password, and drops the one that MLflow behind it asks for."""
_NOT_BEHIND = {
    "nginx": ("password-tuned", ("server @MLFLOW@", f"server {_NOBODY}")),
    "haproxy": ("password-tuned", ("server mlflow @MLFLOW@", f"server mlflow {_NOBODY}")),
    "caddy": ("password-tuned", ("reverse_proxy @MLFLOW@", f"reverse_proxy {_NOBODY}")),
    "apache": ("password", ('"http://@MLFLOW@/"\nProxyPassReverse', f'"http://{_NOBODY}/"\nProxyPassReverse')),
}
"""Proxies with a wrong address for MLflow."""
BROKEN = (
    *(
        FieldScenario(f"{name}-nobody-behind", Neighbour(name, configuration, (edit,)), False, _BEHIND)
        for name, (configuration, edit) in _NOT_BEHIND.items()
    ),
    FieldScenario(
        "mlflow-host-check",
        Neighbour("none"),
        registers=False,
        named=_HOST,
        command=MlflowCommand("host-check", ("--workers", "1", "--allowed-hosts", "registry.example")),
    ),
    _nginx("forbids", _BARRED, "deny all;"),
    _nginx("page", _PAGE, "default_type text/html; return 200 '<title>MLflow</title><div id=\"root\"></div>';"),
    _nginx("uploads-unavailable", _OWN_RULE, "if ($request_uri ~ mlflow-artifacts/artifacts/) { return 503; }"),
    FieldScenario(
        "replicas-with-a-database-each",
        Neighbour("none"),
        registers=False,
        named=("each with a database of its own",),
        deployment=replace(REFERENCE, mlflow=MLflow(shared_database=False)),
    ),
    FieldScenario("open-though-promised", Neighbour("none"), named=_OPEN, promises_key=True),
    FieldScenario("oauth2-proxy-browser", Neighbour("oauth2-proxy", "browser"), registers=False, named=_SIGN_IN),
    FieldScenario(
        "oauth2-proxy-clock",
        Neighbour("oauth2-proxy", "token", skew=-_DAY),
        registers=False,
        named=("expired",),
    ),
    FieldScenario(
        "oauth2-proxy-clock-ahead",
        Neighbour("oauth2-proxy", "token", skew=_DAY),
        registers=False,
        named=("it is good only in",),
    ),
    FieldScenario(
        "nginx-drops-authorization",
        Neighbour("nginx", "password-tuned", (_NO_PASSWORD,)),
        registers=False,
        named=_LOST,
        command=COMMANDS["basic-auth"],
    ),
    FieldScenario("nginx-password", Neighbour("nginx", "password"), registers=True, named=_BODY),
    _nginx("agents", _AGENT, 'if ($http_user_agent ~* "mlflow|python") { return 403; }'),
    _nginx("methods", _METHOD, "limit_except GET POST { deny all; }"),
    _nginx("redirect", _REDIRECT, "return 301 https://$host$request_uri;"),
    _nginx("artifacts", _ROUTE, "if ($uri ~ mlflow-artifacts) { return 404; }"),
    _nginx("throttled", _THROTTLE, "return 429;"),
    _asked_for_leave("leave-nobody", f"proxy_pass http://{_NOBODY};"),
    _asked_for_leave("leave-for-large-files", "client_max_body_size 1m; return 204;", registers=True),
    _nginx("no-query", ("without its query",), 'set $args "";'),
    _nginx("circle", ("round in a circle",), "return 301 http://$http_host$request_uri;"),
    FieldScenario(
        "nginx-rewrites-files",
        Neighbour(
            "nginx",
            "password-tuned",
            (
                (
                    "        location / {",
                    "        location / {\n            sub_filter_once off; sub_filter_types *; sub_filter http:// https://;",
                ),
            ),
        ),
        registers=False,
        named=("come back rewritten",),
    ),
    _nginx("names-without-a-dot", _FILES, 'if ($uri ~ "artifacts/.*/[^./]+$") { return 403; }'),
    _nginx("model-paths", _FILES, 'if ($uri ~ "artifacts/.*/models/m-") { return 404; }'),
    _nginx("patch", _PATCH, "limit_except GET POST PUT DELETE { deny all; }"),
    _nginx("packed-by-word-only", _PACKED, "add_header Content-Encoding gzip always;"),
    _haproxy("agents", _AGENT, "http-request deny if { req.hdr(User-Agent) -m sub -i mlflow }"),
    _haproxy("methods", _METHOD, "http-request deny deny_status 405 if { method PUT DELETE PATCH }"),
    _haproxy(
        "body", _BODY, "http-request deny deny_status 413 if { req.hdr_val(content-length) gt 1048576 }", registers=True
    ),
    _haproxy("throttled", _THROTTLE, "http-request deny deny_status 429 if { path_beg /api }"),
    _haproxy("redirect", _REDIRECT, "http-request redirect scheme https code 301"),
    _caddy("agents", _AGENT, "@agents header_regexp User-Agent (?i)(mlflow|python)\n\trespond @agents 403"),
    _caddy("methods", _METHOD, "@changes method PUT DELETE PATCH\n\trespond @changes 405"),
    _caddy("body", _BODY, "request_body {\n\t\tmax_size 1MB\n\t}", registers=True),
    _caddy("redirect", _REDIRECT, "redir https://{host}{uri} 301"),
    _caddy("artifacts", _ROUTE, "@artifacts path */mlflow-artifacts/*\n\trespond @artifacts 404"),
    _apache(  # LimitRequestBody does not apply to proxied requests
        "body",
        _BODY,
        'RewriteEngine on\nRewriteCond expr "%{HTTP:Content-Length} -gt 1048576"\nRewriteRule . - [R=413,L]',
        registers=True,
    ),
    _apache("methods", _METHOD, '<Location "/api">\n    AllowMethods GET POST\n</Location>'),
    _apache(
        "agents", _AGENT, 'RewriteEngine on\nRewriteCond %{HTTP_USER_AGENT} "mlflow|python" [NC]\nRewriteRule . - [F]'
    ),
    _apache("redirect", _REDIRECT, "RewriteEngine on\nRewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [R=301,L]"),
    _apache("artifacts", _ROUTE, "RewriteEngine on\nRewriteRule mlflow-artifacts - [R=404,L]"),
)
"""Neighbours that are wrong in a way of their own."""

SCENARIOS = {scenario.name: scenario for scenario in (*HEALTHY, *BROKEN)}
SAMPLE = ("bare", "haproxy-password-tuned", "nginx-password")
"""The scenarios that CI runs before each change."""
