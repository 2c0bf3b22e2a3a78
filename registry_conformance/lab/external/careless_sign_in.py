"""Custom authentication functions for MLflow's basic-auth, each with one mistake.

MLflow loads such a function by its setting ``authorization_function``. Only the server imports this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request
from mlflow.server import auth
from mlflow.server.auth.permissions import Permission
from werkzeug.datastructures import Authorization

_permissions: dict[tuple[str, str, str], Permission | None] = {}
_looked_up = auth._role_permission_for


def everybody_is_admin() -> Authorization | Response:
    """Check the password, but treat every valid user as the administrator."""
    known = auth.authenticate_request_basic_auth()
    return known if isinstance(known, Response) else _admin()


def artifacts_for_everybody() -> Authorization | Response:
    """Check the password, but let every valid user do everything with artifacts."""
    known = auth.authenticate_request_basic_auth()
    return _admin() if "mlflow-artifacts" in request.path and not isinstance(known, Response) else known


def guests_are_admins() -> Authorization | Response:
    """Treat users without a password as administrators."""
    return _admin() if request.authorization is None else auth.authenticate_request_basic_auth()


def by_name_alone() -> Authorization | Response:
    """Accept every existing user name without checking the password."""
    said = request.authorization
    if said is not None and said.username and auth.store.has_user(said.username):
        return said
    return auth.authenticate_request_basic_auth()


def empty_is_anonymous() -> Authorization | Response:
    """Take who names a user and gives an empty password for that user, as a directory does that binds nobody then."""
    said = request.authorization
    if said is not None and said.username and not said.password and auth.store.has_user(said.username):
        return said
    return auth.authenticate_request_basic_auth()


def permissions_are_remembered() -> Authorization | Response:
    """Check the password, but look up a user's permission only once."""
    auth._role_permission_for = _remembered
    return auth.authenticate_request_basic_auth()


def _admin() -> Authorization:
    return Authorization("basic", {"username": auth.auth_config.admin_username, "password": ""})


def _remembered(
    username: str,
    resource_type: str,
    resource_key: str,
    workspace_lookup_id: str,
    workspace_fetcher: Callable[[str], Any],
    workspace_label: str,
) -> Callable[[], Permission | None]:
    """Return a function that looks up a user's permission only the first time."""
    key = (username, resource_type, resource_key)
    look = _looked_up(username, resource_type, resource_key, workspace_lookup_id, workspace_fetcher, workspace_label)

    def permission() -> Permission | None:
        if key not in _permissions:
            _permissions[key] = look()
        return _permissions[key]

    return permission
