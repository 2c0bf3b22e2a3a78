"""A client's network: forward proxies, and trusted certificate authorities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed lacks it


@dataclass(frozen=True, slots=True)
class Network:
    """Forward proxies by URL scheme, hosts that are reached without one, and a file of authorities.

    ``no_proxy`` is like the variable of that name: hosts and suffixes, separated by commas. ``ca`` ``None`` means the
    system's authorities, ``insecure`` that no certificate is verified; both are about doors. ``ca_elsewhere`` has the
    authorities for other hosts, to which a client is sent, as the store's. By default everything is reached directly.
    """

    http_proxy: str = field(default="", repr=False)
    https_proxy: str = field(default="", repr=False)
    no_proxy: str = ""
    ca: Path | None = None
    insecure: bool = False
    ca_elsewhere: Path | None = None

    @property
    def elsewhere(self) -> Network:
        """The network as hosts are reached in it that are no doors."""
        return replace(self, ca=self.ca_elsewhere, insecure=False)

    def proxy_for(self, url: str) -> str:
        """Return the URL of the forward proxy for a URL, empty if there is none."""
        parts = urlsplit(url)
        proxy = self.https_proxy if parts.scheme == "https" else self.http_proxy
        direct = proxy_bypass_environment(parts.netloc.rpartition("@")[2], {"no": self.no_proxy})
        return "" if direct else proxy

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables for this network; empty if everything is reached directly."""
        told = {"MLFLOW_TRACKING_INSECURE_TLS": "true" * self.insecure}
        told |= dict.fromkeys(("HTTP_PROXY", "http_proxy"), self.http_proxy)
        told |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.https_proxy)
        told |= dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE"), str(self.ca or ""))
        if self.http_proxy or self.https_proxy:
            told |= {"NO_PROXY": self.no_proxy, "no_proxy": self.no_proxy}
        return {name: value for name, value in told.items() if value or name.lower() == "no_proxy"}

    @property
    def secrets(self) -> Iterator[str]:
        """The passwords of the forward proxies."""
        for proxy in (self.http_proxy, self.https_proxy):
            if password := urlsplit(proxy).password:
                yield from (password, unquote(password))


DIRECT = Network()
"""A network in which everything is reached directly."""
