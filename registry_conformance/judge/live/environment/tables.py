"""The base of all tables of an environment file: strictness, URLs, and secrets that it never contains."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from registry_conformance.judge.diagnosis.preflight.address import AddressError, holds_credential, read_address

_WEEK = 604_800.0


def examined(text: str) -> str:
    """Return a URL as it is sent; raise ``ValueError`` for one that ``--url`` refuses too, with the reason alone."""
    try:
        return read_address(text).url
    except AddressError as problem:
        raise ValueError(str(problem).partition("; a tracking URI looks like")[0]) from None


def parts_of(text: str) -> SplitResult:
    """Return the parts of a URL; raise ``ValueError`` with the reason if it cannot be read."""
    try:
        return urlsplit(text)
    except ValueError:
        examined(text)
        raise


def _url(text: str) -> str:
    if holds_credential(text):
        raise ValueError("a URL with a credential or a query")
    parts = parts_of(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("no http or https URL")
    if parts.query:
        raise ValueError("a URL with a credential or a query")
    return examined(text)


def _endpoint(text: str) -> str:
    if "#" in text and not holds_credential(text):
        raise ValueError("a URL with a fragment")
    return _url(text)


Url = Annotated[str, AfterValidator(_url)]
Endpoint = Annotated[str, AfterValidator(_endpoint)]
"""The URL of a service that is no tracking server."""
Count = Annotated[int, Field(le=10**12)]
"""A whole number that every part of a run can calculate with."""
Seconds = Annotated[float, Field(le=_WEEK)]
"""A time that can be waited for, at most a week."""
WholeSeconds = Annotated[int, Field(le=int(_WEEK))]
URL_FORM = "an http or https URL without credentials, as https://HOST/api/mlflow"


class Strict(BaseModel):
    """A table of the file: no unknown names, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True, hide_input_in_errors=True)


class Secret(Strict):
    """The source of a secret: exactly one of these; the file itself never contains it."""

    variable: str | None = Field(default=None, min_length=1, description="the name of an environment variable")
    file: str | None = Field(
        default=None, min_length=1, description="the path of a file that holds the secret and no more"
    )
    entry: str | None = Field(
        default=None,
        pattern=r"^[^.]+\..+$",
        description="with file: it is an INI file, and this SECTION.NAME of it holds the secret",
    )
    command: list[str] | None = Field(
        default=None, min_length=1, description="a program and its arguments that prints it"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Secret:
        if sum(source is not None for source in (self.variable, self.file, self.command)) != 1:
            raise ValueError("exactly one of variable, file and command")
        if self.entry is not None and self.file is None:
            raise ValueError("both of file and entry, or no entry")
        return self
