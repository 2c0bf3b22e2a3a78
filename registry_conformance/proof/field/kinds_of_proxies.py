"""Common proxies in front of MLflow, and how their defaults and usual mistakes break it."""

from __future__ import annotations

from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.lab.stack.neighbour_proxy import USER
from registry_conformance.proof.field.broken_way import BrokenWay, Kind
from registry_conformance.proof.field.whole import PASSWORD

_DISPOSABLE = f'keys.disposable = {{ user = "{USER}", password = {{ variable = "{PASSWORD}" }} }}'
"""The writer's own password, which may appear in the lab's logs."""
_SLOW = "transfers = { kilobytes_per_second = 1000, seconds = 12 }"
"""Long enough that no buffer on the way holds a body whole."""
_LARGE = "transfers = { megabytes = 24 }"
_PAGE = "internal; default_type text/html; return 404 '<h1>Not found</h1>';"
_SHORT = 60
_DAY = 86400
_LETS_IN = ("RCH-005",)
"""Broken where not even a search is answered: nothing else is sent there, and this says why."""
_OVER = "    http-request deny deny_status 401 hdr WWW-Authenticate Bearer if !is_health is_over\n"


def nginx_way(
    name: str, text: str, breaks: tuple[str, ...], lines: str, before: tuple[str, str] | None = None
) -> BrokenWay:
    """Return nginx with more lines in its location, and with an edit ``before`` it."""
    edit = ("        location / {", f"        location / {{\n            {lines}")
    return BrokenWay(name, text, breaks, Neighbour("nginx", "password-tuned", (edit, *filter(None, (before,)))))


def _without(name: str, text: str, breaks: tuple[str, ...], line: str, instead: str = "") -> BrokenWay:
    """Return nginx without a line that its guides lack."""
    return BrokenWay(name, text, breaks, Neighbour("nginx", "password-tuned", ((line, instead),)))


def _haproxy(name: str, text: str, breaks: tuple[str, ...], lines: str, place: str = "    bind @LISTEN@") -> BrokenWay:
    """Return HAProxy with more lines after its address, or after another text."""
    return BrokenWay(name, text, breaks, Neighbour("haproxy", "password-tuned", ((place, f"{place}\n    {lines}"),)))


def _caddy(name: str, text: str, breaks: tuple[str, ...], old: str, new: str) -> BrokenWay:
    """Return Caddy with another text in its configuration."""
    return BrokenWay(name, text, breaks, Neighbour("caddy", "password-tuned", ((old, new),)))


def _oauth2(name: str, text: str, breaks: tuple[str, ...], lines: str, place: str = 'provider = "oidc"') -> BrokenWay:
    """Return oauth2-proxy with more lines after another, replacing lines for the same option."""
    same = lines.partition(" ")[0] == place.partition(" ")[0]
    edit = (place, lines if same else f"{place}\n{lines}")
    return BrokenWay(name, text, breaks, Neighbour("oauth2-proxy", "token", (edit,), lasts=_SHORT))


NGINX = Kind(
    "nginx",
    "nginx with auth_basic",
    Neighbour("nginx", "password-tuned"),
    declared=(_LARGE,),
    ways=(
        _without(
            "body-limit",
            "no `client_max_body_size`: the default, 1 MiB, is in force",
            ("ART-066",),
            "client_max_body_size 0;",
        ),
        nginx_way(
            "methods",
            "`limit_except GET POST`: uploads and deletions are refused",
            ("RTE-003", "RTE-017"),
            "limit_except GET POST { deny all; }",
        ),
        nginx_way(
            "open-browser-api",
            "no password for `/ajax-api`, which the page uses",
            ("AUT-006",),
            "location ~* ^/ajax-api/ { auth_basic off; proxy_pass http://mlflow; }",
        ),
        nginx_way(
            "cache",
            "`proxy_cache` keeps answers to GET for a minute",
            ("REG-062",),
            "proxy_buffering on; proxy_cache kept; proxy_cache_valid 200 1m; "
            "proxy_ignore_headers Cache-Control Expires Vary;",
            before=("    server {", "    proxy_cache_path @WORKDIR@/kept keys_zone=kept:1m;\n    server {"),
        ),
        nginx_way(
            "error-pages",
            "`proxy_intercept_errors` with pages of its own",
            ("ERR-001",),
            "proxy_intercept_errors on; error_page 400 404 @page;",
            before=("        location / {", f"        location @page {{ {_PAGE} }}\n        location / {{"),
        ),
    ),
)
HAPROXY = Kind(
    "haproxy",
    "HAProxy with a password",
    Neighbour("haproxy", "password-tuned"),
    declared=(_DISPOSABLE,),
    ways=(
        _haproxy(
            "two-readers-of-headers",
            "of two Authorization headers now the first counts, now the last",
            ("AUT-062",),
            "http-request set-header Authorization %[req.fhdr(authorization,1)] if { rand(2) eq 0 }\n"
            "    http-request set-header Authorization %[req.fhdr(authorization,-1)]",
        ),
        _haproxy(
            "secret-in-the-address",
            "an `access_token` in the query is taken for the password",
            ("AUT-063",),
            "http-request set-var(txn.login) str(@USER@:)\n"
            "    http-request set-var(txn.secret) url_param(access_token)\n"
            '    http-request set-header Authorization "Basic %[var(txn.login),concat(,txn.secret),base64]"'
            " if { url_param(access_token) -m found }",
        ),
        _haproxy(
            "redirects-bytes",
            "artifacts are redirected to another host",
            ("AUT-064",),
            "http-request redirect prefix http://files.example code 307 if { path_sub mlflow-artifacts }"
            " { http_auth(developers) }",
        ),
        BrokenWay(
            "tokens-without-end",
            "`jwt_verify` in the place of the password, and nobody compares the end of a token with the clock",
            ("AUT-065",),
            Neighbour("haproxy", "token", ((_OVER, ""),), lasts=_SHORT),
            declared=(),
        ),
        BrokenWay(
            "guards-by-path",
            "a password for paths that begin with `/api` alone",
            ("AUZ-022", "AUT-006"),
            Neighbour(
                "haproxy",
                "password-tuned",
                (
                    (
                        "unless { path /health } or { http_auth(developers) }",
                        "if { path_beg /api } !{ http_auth(developers) }",
                    ),
                ),
            ),
        ),
        _haproxy(
            "methods",
            "PUT, PATCH and DELETE are refused",
            ("RTE-003", "RTE-016", "RTE-017"),
            "http-request deny deny_status 405 if { method PUT DELETE PATCH }",
        ),
    ),
)
CADDY = Kind(
    "caddy",
    "Caddy with basicauth",
    Neighbour("caddy", "password-tuned"),
    declared=(_SLOW,),
    ways=(
        _caddy(
            "slow-bodies",
            "`timeouts { read_body 3s }`: a body that takes longer is cut",
            ("ART-067",),
            "	auto_https off",
            "	auto_https off\n	servers {\n		timeouts {\n			read_body 3s\n		}\n	}",
        ),
        _caddy(
            "slow-answers",
            "`timeouts { write 3s }`: a download that takes longer is cut",
            ("ART-068",),
            "	auto_https off",
            "	auto_https off\n	servers {\n		timeouts {\n			write 3s\n		}\n	}",
        ),
        _caddy(
            "open-api-3",
            "`basicauth /api/2.0/*`: version 3 of the API and the browser's are open",
            ("AUT-006",),
            "@guarded not path /health",
            "@guarded path /api/2.0/*",
        ),
        BrokenWay(
            "body-limit",
            "`request_body { max_size 1MB }`",
            ("ART-066",),
            Neighbour(
                "caddy",
                "password-tuned",
                (("\treverse_proxy ", "\trequest_body {\n\t\tmax_size 1MB\n\t}\n\treverse_proxy "),),
            ),
            declared=(_LARGE,),
        ),
        _caddy(
            "error-pages",
            "`handle_response` puts a page in the place of MLflow's errors",
            ("ERR-001",),
            "		flush_interval -1",
            "		flush_interval -1\n		@missing status 4xx\n"
            '		handle_response @missing {\n			respond "not found" 404\n		}',
        ),
        _caddy(
            "methods",
            "PUT, PATCH and DELETE are refused",
            ("RTE-003", "RTE-016", "RTE-017"),
            "	reverse_proxy ",
            "	@changes method PUT DELETE PATCH\n	respond @changes 405\n	reverse_proxy ",
        ),
        _caddy(
            "drops-queries",
            "`rewrite * {path}?`: queries are dropped",
            ("RTE-018",),
            "	reverse_proxy ",
            "	rewrite * {path}?\n	reverse_proxy ",
        ),
    ),
)
OAUTH2_PROXY = Kind(
    "oauth2-proxy",
    "oauth2-proxy with tokens",
    Neighbour("oauth2-proxy", "token", lasts=_SHORT),
    ways=(
        BrokenWay(
            "browsers-alone",
            "as its guide has it: whoever has no cookie is sent to sign in, with a good token too",
            _LETS_IN,
            Neighbour("oauth2-proxy", "browser"),
        ),
        BrokenWay(
            "clock",
            "the provider's clock is a day behind: its tokens are over when they come",
            _LETS_IN,
            Neighbour("oauth2-proxy", "token", skew=-_DAY),
        ),
        BrokenWay(
            "clock-ahead",
            "the provider's clock is a day ahead: its tokens are not valid yet when they come",
            _LETS_IN,
            Neighbour("oauth2-proxy", "token", skew=_DAY),
        ),
        _oauth2(
            "open-artifacts",
            "`skip_auth_routes` for artifacts, so that downloads work in a browser",
            ("AUT-002", "AUT-003"),
            'skip_auth_routes = ["mlflow-artifacts"]',
        ),
        _oauth2(
            "open-reads",
            "`skip_auth_routes` for every GET",
            ("AUT-003",),
            'skip_auth_routes = ["GET=^/"]',
        ),
        _oauth2(
            "short-time-out",
            "`upstream_timeout = 1ms`: MLflow is not waited for",
            _LETS_IN,
            'upstream_timeout = "1ms"',
            place='upstream_timeout = "30m"',
        ),
        _oauth2(
            "another-audience",
            "`oidc_audience_claims` that the provider's tokens do not have",
            _LETS_IN,
            'oidc_audience_claims = ["azp_of_others"]',
        ),
    ),
)
KINDS = (NGINX, HAPROXY, CADDY, OAUTH2_PROXY)
