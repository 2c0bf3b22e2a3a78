"""Paginated searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from registry_conformance.judge.clients.mlflow_http import MlflowHttp
from registry_conformance.judge.expect import Mismatch, expect_status

MOST = 20


def all_pages(door: MlflowHttp, search: str, items: str, **asked: str | int) -> list[list[dict[str, Any]]]:
    """Follow a search by GET from page to page; return the ``items`` of each page.

    Raises ``Mismatch`` if a page is rejected, or if the pages do not end.
    """
    pages: list[list[dict[str, Any]]] = []
    token: dict[str, str] = {}
    for _ in range(MOST):
        page = expect_status(door.get(search, **asked, **token), 200).document
        pages.append(page.get(items, []))
        if not page.get("next_page_token"):
            return pages
        token = {"page_token": page["next_page_token"]}
    raise Mismatch(f"the pages of {search} to end", f"{MOST} pages and a token for another")


def by_page(pages: Iterable[Iterable[Mapping[str, Any]]], field: str) -> list[list[Any]]:
    """Return one field of every item, page by page."""
    return [_of_each(page, field) for page in pages]


def _of_each(items: Iterable[Mapping[str, Any]], field: str) -> list[Any]:
    return [item[field] for item in items]
