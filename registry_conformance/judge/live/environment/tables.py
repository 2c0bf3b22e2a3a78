"""The base of all tables of an environment file: strictness, URLs, and secrets that it never contains."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("no http or https URL")
    if parts.username or parts.password or parts.query:
        raise ValueError("a URL with a credential or a query")
    return text.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]
URL_FORM = "an http or https URL without credentials, as https://HOST/api/mlflow"


class Strict(BaseModel):
    """A table of the file: no unknown names, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Secret(Strict):
    """The source of a secret: exactly one of these; the file itself never contains it."""

    variable: str | None = Field(default=None, min_length=1, description="the name of an environment variable")
    file: str | None = Field(
        default=None, min_length=1, description="the path of a file that holds the secret and no more"
    )
    command: list[str] | None = Field(
        default=None, min_length=1, description="a program and its arguments that prints it"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Secret:
        if sum(source is not None for source in (self.variable, self.file, self.command)) != 1:
            raise ValueError("exactly one of variable, file and command")
        return self
