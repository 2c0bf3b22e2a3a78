"""Decision records: each has a number of its own, in its name and in its title, and none is left out."""

from __future__ import annotations

import re

from registry_conformance.judge.locations import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def test_numbers_are_in_order() -> None:
    """The numbers run from 1, each once."""
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_titles_bear_the_number() -> None:
    """A record's title begins with the number of its file."""
    titles = {record.name: record.read_text(encoding="utf-8").partition("\n")[0] for record in RECORDS}

    assert not [name for name, title in titles.items() if not re.match(rf"# {int(name[:4])}\. \S", title)]
