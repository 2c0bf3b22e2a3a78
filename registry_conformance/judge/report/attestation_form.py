"""The types of the fields of an attestation, and of the envelope that it is signed in."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from registry_conformance.judge.report.forms import Form


class _Signature(Form):
    sig: str
    keyid: str = ""


class EnvelopeForm(Form):
    """A signed envelope (DSSE)."""

    payload: str
    payload_type: str = Field(alias="payloadType")
    signatures: list[_Signature]


class _Predicate(Form):
    result: str
    passed_tests: list[str] = Field(alias="passedTests")


class StatementForm(Form):
    """An in-toto statement about a test result."""

    type_: str = Field(alias="_type")
    predicate_type: str = Field(alias="predicateType")
    subject: list[dict[str, Any]]
    predicate: _Predicate
