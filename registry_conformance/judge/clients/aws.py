"""Creates all clients of AWS services and S3-compatible stores; imports boto3 on first use."""

from __future__ import annotations

import functools
import importlib.util
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from registry_conformance.judge.locations import brought_by
from registry_conformance.judge.target.requests import Permit

LACKING = f"boto3 is not installed here: {brought_by('store')}"
"""Why a bucket is not looked into if ``installed`` says no."""

_of_thread = threading.local()
"""Has the ``session`` of each thread, which threads may not share."""

_describing = threading.Lock()

Ask = Callable[[str, str, int], Permit]
"""Who gives leave for a request by its method, its URL and the size of its body; raises if it may not be sent."""


def installed() -> bool:
    """Return whether boto3 is installed."""
    return importlib.util.find_spec("boto3") is not None


def client(
    service: Any,
    access: Mapping[str, str],
    *,
    attempts: int = 1,
    connect: float = 5.0,
    read: float = 30.0,
    proxy: str = "",
    ca: Path | None = None,
    ask: Ask | None = None,
) -> Any:
    """Return a client of a service, independent of this machine's own AWS settings.

    ``access`` has ``access_key`` and ``secret_key``, and may have ``session_token``, ``region`` and ``endpoint``, empty
    for AWS's own. ``attempts`` includes the first; ``connect`` and ``read`` are seconds. ``ask`` authorizes each
    request; without it only reading requests are allowed.
    """
    from botocore.config import Config  # noqa: PLC0415 - a third of a second, and not every process looks

    endpoint = access.get("endpoint", "")
    config = Config(
        s3={"addressing_style": "path"} if endpoint else {},
        proxies=dict.fromkeys(("http", "https"), proxy) if proxy else {},
        connect_timeout=connect,
        read_timeout=read,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    made = _session().client(
        service,
        endpoint_url=endpoint or None,
        config=config,
        verify=str(ca) if ca else None,
        aws_access_key_id=access["access_key"],
        aws_secret_access_key=access["secret_key"],
        aws_session_token=access.get("session_token") or None,
        region_name=access.get("region") or None,
    )
    if endpoint and service == "s3control":
        made.meta.events.register("before-sign.s3-control", at_one_host)
    made._endpoint.http_session = _Asking(made._endpoint.http_session, ask or _reads)
    return made


def preload() -> None:
    """Import boto3 and read the description of S3: for who forks processes, which then need not."""
    client("s3", {"access_key": "none", "secret_key": "none", "region": "us-east-1"})


def _session() -> Any:
    """Return the session of this thread."""
    import boto3  # noqa: PLC0415 - a third of a second, and not every process looks
    from botocore.session import Session  # noqa: PLC0415 - as above

    if not hasattr(_of_thread, "session"):
        with _describing:
            core, descriptions = Session(), _descriptions()
            core.register_component("data_loader", descriptions)
            _of_thread.session = boto3.Session(botocore_session=core)
            descriptions.search_paths[:] = dict.fromkeys(descriptions.search_paths)  # boto3 adds its own each time
    return _of_thread.session


@functools.cache
def _descriptions() -> Any:
    """Return what reads the descriptions of AWS's services, and keeps them; all sessions share it."""
    from botocore.loaders import create_loader  # noqa: PLC0415 - as above

    return create_loader()


def at_one_host(request: Any, **_: object) -> None:
    """Remove the account id from the host name: endpoints other than AWS's have one host name for all accounts."""
    parts = urlsplit(request.url)
    request.url = urlunsplit(parts._replace(netloc=re.sub(r"^\d{12}\.", "", parts.netloc)))


def _reads(method: str, url: str, size: int) -> Permit:
    """Authorize a request that reads an account or its logs."""
    del size
    return Permit(f"{method} {url}")


class _Asking:
    """An HTTP session that asks for authorization before it sends a request."""

    def __init__(self, session: Any, ask: Ask) -> None:
        self._session, self._ask = session, ask

    def send(self, request: Any) -> Any:
        """Send a request if it is authorized."""
        with self._ask(request.method, request.url, int(request.headers.get("Content-Length") or 0)):
            return self._session.send(request)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


def access_of(given: Any) -> dict[str, str]:
    """Return the access settings of any object with these fields: a bucket, a log group, a client's login."""
    names = ("access_key", "secret_key", "session_token", "region", "endpoint")
    return {name: str(getattr(given, name, "")) for name in names}
