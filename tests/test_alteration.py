"""Bytes that were altered on their way tell what altered them."""

from __future__ import annotations

import base64

import pytest

from registry_conformance.judge.diagnosis.answer_judges import alteration, how_it_came, whole
from registry_conformance.judge.diagnosis.patterns import in_short
from registry_conformance.judge.evidence.exchange import Body, Exchange

SENT = b"See http://Example.com/\n\xff\x00"


@pytest.mark.parametrize(
    ("came", "told"),
    [
        (SENT, ""),
        (SENT.lower(), "all in lower case"),
        (SENT.replace(b"http:", b"https:"), "http made https in it"),
        (SENT.replace(b"\n", b"\r\n"), "with other line ends"),
        (base64.b64encode(SENT), "as base64"),
        (b'"' + base64.b64encode(SENT) + b'"', "in quotes as base64"),
        (SENT.decode("utf-8", "replace").encode(), "read as text, and what is none replaced"),
        (SENT[:10], "cut after 10 B"),
        (b"something else", ""),
        (b"", ""),
    ],
)
def test_what_was_done_to_bytes_is_told(came: bytes, told: str) -> None:
    """A known alteration is named; the same bytes, and quite other ones, are called nothing."""
    assert alteration(came, SENT) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("200 other (all in lower case)", "; what came is not what was sent: other bytes, all in lower case"),
        ("200 short", "; what came is not what was sent: fewer bytes"),
        ("200 whole", ""),
        ("200 json other", ""),
        ("404 html", ""),
    ],
)
def test_what_is_wrong_with_a_download_that_succeeded_is_said(value: str, told: str) -> None:
    """A status of 200 explains nothing: the sentence says how the bytes compare."""
    assert how_it_came(value) == told


def test_line_ends_that_were_shortened_are_told() -> None:
    """A program that reads lines writes them with the line ends of its own system."""
    assert alteration(b"one\ntwo\n", b"one\r\ntwo\n") == "with line ends of another kind"


def test_an_alteration_stands_behind_the_word_that_rules_read() -> None:
    """The value begins as it did without it, and a stored pattern holds the same in short."""
    altered = Exchange("GET", "http://door/x", "door", 200, response_body=Body.of([SENT.lower()]))
    value = whole(SENT)(altered)
    assert value == "200 other (all in lower case)"
    assert in_short(value) == "200 other"
