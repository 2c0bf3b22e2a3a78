"""``python -m registry_conformance.lab.stack.identity``: serve the provider, or print a token response.

Secrets are read from files, so that they do not appear in process lists.
"""

from __future__ import annotations

from pathlib import Path

import click
import httpx
import uvicorn

from registry_conformance.lab.stack.identity.provider import Provider

SECRET = click.option("--secret-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=True)


@click.group()
def command() -> None:
    """A small OpenID Connect provider for programs and for persons with a browser."""


@command.command()
@click.option("--host", required=True)
@click.option("--port", type=int, required=True)
@click.option("--client", required=True, help="The id of the one client.")
@click.option("--seconds", type=int, default=3600, help="How long a token lasts.")
@click.option("--skew", type=int, default=0, help="By how many seconds its clock is ahead of this machine's.")
@SECRET
def serve(host: str, port: int, client: str, seconds: int, skew: int, secret_file: Path) -> None:
    """Serve the provider until the process is stopped."""
    provider = Provider(f"http://{host}:{port}", client, secret_file.read_text().strip(), seconds, skew)
    uvicorn.run(provider.application(), host=host, port=port, log_level="warning")


@command.command()
@click.option("--issuer", required=True, help="The URL of the provider.")
@click.option("--client", required=True, help="The id of the client.")
@SECRET
def token(issuer: str, client: str, secret_file: Path) -> None:
    """Print a token response as JSON."""
    asked = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{issuer}/token", data=asked, auth=(client, secret_file.read_text().strip()), trust_env=False)
    click.echo(answer.raise_for_status().text)


if __name__ == "__main__":
    command()
