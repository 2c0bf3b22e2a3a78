"""Listings of AWS's services, read page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registry_conformance.judge.account.fact import Fact
from registry_conformance.judge.account.observe.queries import ask

Client = Callable[[str], Any]
"""Gives a client of a service."""
_MOST_PAGES = 20


def listed(
    asked: Callable[..., Any], name: str, *absent: str, mark: tuple[str, str] = ("NextToken", "NextToken")
) -> Fact[list[Any]]:
    """Return all that a call lists under a name.

    ``mark`` is how it names the place of the next page in a response and in a request, ``absent`` are the error codes
    by which it says that there is nothing to list.
    """
    return ask(lambda: _pages(asked, name, mark), lambda said: said["found"], *absent)


def _pages(asked: Callable[..., Any], name: str, mark: tuple[str, str]) -> dict[str, Any]:
    from botocore.exceptions import PaginationError  # noqa: PLC0415 - only who looks at an account has it

    found: list[Any] = []
    place: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        said = asked(**place)
        found += said.get(name, ())
        if not said.get(mark[0]):
            return {"found": found}
        place = {mark[1]: said[mark[0]]}
    raise PaginationError(message=f"more than {_MOST_PAGES} pages of {name}")
