"""An MLflow with workspaces behind nginx, and ways in which their separation fails."""

from __future__ import annotations

from registry_conformance.lab.external.mlflow_command import COMMANDS
from registry_conformance.lab.external.mlflow_command import WORKSPACES as NAMES
from registry_conformance.lab.external.neighbour import Neighbour
from registry_conformance.proof.field.broken_way import Kind
from registry_conformance.proof.field.kinds_of_proxies import nginx_way

_PASSED = 'proxy_set_header Host $http_host; proxy_set_header Connection ""; proxy_set_header Authorization "";'
"""What a location of its own needs again, since it inherits no header if it sets one."""
_NAMED = "proxy_set_header X-MLFLOW-WORKSPACE"
WORKSPACES = Kind(
    "nginx-workspaces",
    "nginx before an MLflow with workspaces",
    Neighbour("nginx", "password-tuned"),
    command=COMMANDS["workspaces"],
    ways=(
        nginx_way(
            "header-lost",
            "the header that names the workspace is dropped: everybody works in the default one",
            ("REG-060", "REG-061", "ART-069"),
            f'{_PASSED} {_NAMED} "";',
        ),
        nginx_way(
            "one-for-all",
            "nginx names one workspace for everybody",
            ("REG-060", "REG-061", "ART-069"),
            f"{_PASSED} {_NAMED} {NAMES[0]};",
        ),
        nginx_way(
            "artifacts-of-one",
            "artifacts are passed on with the name of one workspace, whoever asks",
            ("ART-069",),
            f"location ~ /mlflow-artifacts/ {{ {_PASSED} {_NAMED} {NAMES[0]}; proxy_pass http://mlflow; }}",
        ),
        nginx_way(
            "registry-of-one",
            "models are passed on with the name of one workspace, whoever asks",
            ("REG-060", "REG-061"),
            f"location ~ /registered-models/ {{ {_PASSED} {_NAMED} {NAMES[0]}; proxy_pass http://mlflow; }}",
        ),
        nginx_way(
            "cache",
            "`proxy_cache` keeps what one workspace was answered, and gives it to the others",
            ("REG-061",),
            "proxy_buffering on; proxy_cache kept; proxy_cache_valid 200 1m; "
            "proxy_ignore_headers Cache-Control Expires Vary;",
            before=("    server {", "    proxy_cache_path @WORKDIR@/kept keys_zone=kept:1m;\n    server {"),
        ),
    ),
)
KINDS = (WORKSPACES,)
