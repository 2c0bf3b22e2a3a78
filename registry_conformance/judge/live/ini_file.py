"""INI files of the MLflow client's form, which Python's ``configparser`` reads."""

from __future__ import annotations

import configparser


class IniError(ValueError):
    """A text that is no INI file; its message quotes nothing of it, which may be secret."""


def ini_section(text: str, name: str) -> dict[str, str]:
    """Return the entries of a section, empty if there is none; raise ``IniError``."""
    read = configparser.ConfigParser()
    try:
        read.read_string(text)
        return dict(read[name]) if name in read else {}
    except configparser.InterpolationError:
        raise IniError(f"an entry of [{name}] has a %, which must be written as %%") from None
    except configparser.Error:
        raise IniError("it is no INI file, with a [section] before its entries and each entry once") from None
