"""What the fields of a file must be that this suite reads again: it may come from anywhere, and be damaged."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

_KINDS = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "finite_number": "a number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "an object",
    "model_type": "an object",
    "string_pattern_mismatch": "a name of letters, digits, dots and dashes",
    "string_type": "a text",
    "string_unicode": "a text without halves of characters",
}
"""Kind of error -> what the field must be."""
_LONGEST = 200
TAGS = ("exchange", "flow", "object", "log", "note")
"""The kinds of evidence, each with a form of its own."""


def _moment(text: str) -> str:
    try:
        known = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        raise ValueError("a time with its time zone, in ISO 8601")
    return text


def _address(text: str) -> str:
    try:
        urlsplit(text)
    except ValueError:
        raise ValueError("a URL") from None
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""A time in ISO 8601 with its time zone."""
Address = Annotated[str, AfterValidator(_address)]
"""A URL that can be taken to pieces, whatever it is otherwise."""
Number = Annotated[float, Field(ge=-1e15, le=1e15)]
"""A number that can be written with its digits."""
Amount = Annotated[float, Field(ge=0, le=1e15)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Epoch = Annotated[float, Field(ge=0, le=253_402_214_400)]
"""Seconds since the epoch, before the year 10000."""
RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
"""A run's name, which is also that of its folder."""
Texts = dict[str, str]


class Form(BaseModel):
    """An object with these fields, and any others; nothing is converted."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class FormError(ValueError):
    """A field has another type than it must have; the message names the field."""


def conforms(form: Any, value: Any, within: str = "") -> None:
    """Raise ``FormError`` unless a value has a form; ``within`` is the path of the value in its file."""
    try:
        _adapter(form).validate_python(value)
    except ValidationError as problem:
        raise FormError(_told(problem.errors(include_url=False)[0], within)) from None


@cache
def _adapter(form: Any) -> TypeAdapter[Any]:
    return TypeAdapter(form)


def _told(error: ErrorDetails, within: str) -> str:
    """Return an error in words, without the names that programmers gave to types."""
    parts = [part for before, part in pairwise(("", *error["loc"])) if not _is_tag(before, part)]
    place = ".".join([*filter(None, [within]), *(str(part) for part in parts if part != "[key]")])
    named, kind = place[:_LONGEST] or "the whole", error["type"]
    if kind in {"missing", "union_tag_not_found"}:
        return f"lacks '{named}{'.kind' if kind == 'union_tag_not_found' else ''}'"
    if kind == "union_tag_invalid":
        return f"'{named}.kind' is none of {error['ctx']['expected_tags']}"
    return f"'{named}' is {_lacking(error)}"


def _lacking(error: ErrorDetails) -> str:
    """Return what a value is not, to follow its name."""
    kind = error["type"]
    if kind in _KINDS:
        return f"not {_KINDS[kind]}"
    if kind == "literal_error":
        return f"none of {error['ctx']['expected']}"
    if kind == "value_error":
        return f"not {error['msg'].removeprefix('Value error, ')}"
    return "out of range"


def _is_tag(before: str | int, part: str | int) -> bool:
    """Return whether a part of a path is the kind of a list's item, by which its form was chosen."""
    return isinstance(before, int) and part in TAGS
