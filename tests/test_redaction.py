"""No secret survives redaction, and little else is lost."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from registry_conformance.judge.report.history import History
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.redact import MASK, Redactor
from registry_conformance.judge.report.write import write
from registry_conformance.judge.verdict import Verdict
from tests.report_runs import EVIDENCE, check, run_of

PLAIN = "hk_live_4fQz81LmXw"
AWKWARD = 'p/w+d "quoted" & <ü>\\=?%'
TOKEN = f"eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS0xIn0.{base64.urlsafe_b64encode(bytes(range(250)) * 8).decode()}.mX9sQ"
"""As long as the token of a sign-in with many groups."""
LONG_AWKWARD = f"{AWKWARD}|{'0123456789abcdef' * 6}|{AWKWARD}"
SECRETS = (PLAIN, AWKWARD, TOKEN, LONG_AWKWARD)


def standard(text: str) -> str:
    """Encode in base64."""
    return base64.b64encode(text.encode()).decode()


def url_safe(text: str) -> str:
    """Encode in URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def percent_all(text: str) -> str:
    """Encode every byte as ``%XX``."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": standard,
    "base64 urlsafe": url_safe,
    "basic auth, one before": lambda text: standard(f"u:{text}"),
    "basic auth, two before": lambda text: standard(f"us:{text}"),
    "basic auth, three before": lambda text: standard(f"use:{text}"),
    "base64 with a tail": lambda text: standard(f"user:{text}\nmore"),
    "base64 urlsafe, shifted": lambda text: url_safe(f"u{text}"),
    "base64 in a query": lambda text: quote(standard(text), safe=""),
    "percent, minimal": lambda text: quote(text, safe=""),
    "percent, slash kept": quote,
    "percent, lower hex": lambda text: quote(text, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent, here and there": lambda text: percent_all(text[:4]) + text[4:-3] + percent_all(text[-3:]),
    "percent, full": percent_all,
    "percent, full lower": lambda text: percent_all(text).lower(),
    "form": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json, slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json in json": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "html": html.escape,
    "python": lambda text: repr(text)[1:-1],
}


@pytest.mark.parametrize("secret", SECRETS, ids=("plain", "awkward", "long", "long and awkward"))
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_masked(encoding: str, secret: str) -> None:
    """A secret is replaced in each encoding, and what stands around it stays."""
    encoded = ENCODINGS[encoding](secret)
    cleaned = Redactor(SECRETS).text(f"before {encoded} after")

    assert encoded not in cleaned
    assert MASK in cleaned
    left = cleaned.removeprefix("before ").removesuffix(" after").replace(MASK, "").rstrip("=")
    assert len(left) <= len(standard("user:")) + len(standard("\nmore"))  # what may stand around a secret in base64


def test_another_token_of_the_same_issuer_is_no_leak() -> None:
    """A long secret is found where it stands whole: another that begins so is none, though its beginning is masked."""
    other = f"{TOKEN[:100]}another{TOKEN[107:]}"
    redactor = Redactor((TOKEN,))

    assert redactor.finds(f"a {TOKEN} b".encode())
    assert redactor.finds(f"a {quote(standard(TOKEN), safe='')} b".encode())
    assert not redactor.finds(f"a {other} b".encode())
    assert not redactor.finds(f"a {TOKEN[:-1]} b".encode())
    assert redactor.text(f"a {other[:110]} b") == f"a {MASK}{other[100:110]} b"


def test_text_without_secrets_is_kept() -> None:
    """Text that holds no secret comes back as it was."""
    text = "PUT http://127.0.0.1:1/api/mlflow -> 404 text/html, sha256 9f86d081884c7d65, cookies: none kept"

    assert Redactor(SECRETS).text(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("authorization: Basic dTpw", "authorization: Basic [redacted]"),
        ("-H 'X-API-Key: abc' http://h", "-H 'X-API-Key: [redacted]' http://h"),
        ("Cookie: a=1; b=2\nHost: h", "Cookie: [redacted]\nHost: h"),
        ("{'Set-Cookie': 'a=1'}", "{'Set-Cookie': '[redacted]'}"),
        ("('authorization', 'Bearer x1')", "('authorization', 'Bearer [redacted]')"),
        ("(b'x-api-key', b'x1')", "(b'x-api-key', b'[redacted]')"),
        ('"{\\"X-API-Key\\": \\"x1\\"}"', '"{\\"X-API-Key\\": \\"[redacted]\\"}"'),
        ("http://s/k?X-Amz-Signature=0af&X-Amz-Date=1", "http://s/k?X-Amz-Signature=[redacted]&X-Amz-Date=1"),
        ("?u=h%3FX-Amz-Credential%3Dabc%26x%3D1", "?u=h%3FX-Amz-Credential%3D[redacted]%26x%3D1"),
        ("X-Amz-Security-Token=abc%2Fd", "X-Amz-Security-Token=[redacted]"),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=0af",
            "Authorization: AWS4-HMAC-SHA256 [redacted]",
        ),
    ],
)
def test_credential_fields_are_masked_though_unknown(text: str, cleaned: str) -> None:
    """Credential headers and presigned signatures lose their value, and redacting twice changes nothing."""
    redactor = Redactor(())

    assert redactor.text(text) == cleaned
    assert redactor.text(cleaned) == cleaned


def test_value_keeps_its_shape() -> None:
    """A JSON-able value keeps shape and types; keys, values and header pairs lose their secrets."""
    value = {
        "headers": [["Authorization", "Bearer other"], ["x-api-key", "other"], ["Host", "h"]],
        "cookie": "a=1",
        "deep": ({"url": f"http://h/?k={quote(AWKWARD, safe='')}"}, 1, None, True, 0.5),
        PLAIN: "key",
    }

    assert Redactor(SECRETS).value(value) == {
        "headers": [["Authorization", "Bearer [redacted]"], ["x-api-key", MASK], ["Host", "h"]],
        "cookie": MASK,
        "deep": ({"url": f"http://h/?k={MASK}"}, 1, None, True, 0.5),
        MASK: "key",
    }


def test_bytes_that_are_no_text_survive() -> None:
    """In bytes, only the secret changes."""
    assert Redactor(SECRETS).bytes(b"\xff\x00" + AWKWARD.encode() + b"\xfe") == b"\xff\x00[redacted]\xfe"


@pytest.mark.parametrize("short", ["", "xyz"])
def test_short_secret_is_refused(short: str) -> None:
    """A secret too short to redact is refused by its length, never by its value."""
    with pytest.raises(ValueError, match=f"a secret of {len(short)} characters") as refusal:
        Redactor([PLAIN, short])

    assert not short or short not in str(refusal.value)


def canary_run() -> RunRecord:
    """Return a run that carries every secret in every encoding, in every text that it has."""
    loot = " | ".join(encode(secret) for secret in SECRETS for encode in ENCODINGS.values())
    exchange = {
        **EVIDENCE[0],
        "url": f"http://h/{loot}",
        "request_headers": [["Authorization", f"Bearer {PLAIN}"], ["X-Other", loot]],
        "response_body": {"size": 1, "sha256": "0", "text": loot},
        "request_id": loot,
        "error": loot,
    }
    evidence = (exchange, {"kind": "note", "text": loot}, {"kind": "log", "part": "auth", "lines": [loot, PLAIN]})
    texts = dict.fromkeys(("door", "message", "expected", "actual", "where", "rerun"), loot)
    diagnosis = {"layer": "auth", "cause": loot, "remedy": loot}
    return run_of(
        check(f"leaks[{PLAIN}]", Verdict.FAILED, "ROU-001", evidence=evidence, diagnosis=diagnosis, **texts),
        check("skips", Verdict.INAPPLICABLE, "AUT-001", message=loot),
        exit_code=6,
        problem=loot,
        leftovers=(loot,),
        target={"doors": {"canonical": f"http://h/?k={PLAIN}"}, "versions": {"mlflow": loot}, "faults": [loot]},
    )


def test_no_written_file_holds_a_secret(tmp_path: Path) -> None:
    """The canary: of a run full of secrets, no file and no file name holds one in any encoding."""
    run = canary_run()
    write(run, tmp_path / "run", Redactor(SECRETS), history=History(tmp_path))
    canaries = [encode(secret) for secret in SECRETS for encode in ENCODINGS.values()]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert any(canary in json.dumps(dict(run.records[0].evidence[0])) for canary in canaries)  # control: they are there
    assert len(files) >= 15
    for path in files:
        text = opened(path)
        assert [canary for canary in canaries if canary in text or canary in str(path)] == []
    assert sum(opened(path).count(MASK) for path in files) > len(canaries)


def opened(path: Path) -> str:
    """Return a file's text, what is compressed in it or as a whole unpacked."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode()
    text = path.read_text()
    packed = re.findall(r'<script type="text/plain" id="e\d+">([^<]+)<', text)
    assert packed or path.name != "index.html"
    return text + "".join(gzip.decompress(base64.b64decode(piece)).decode() for piece in packed)


LONG = "hk_live_" + "".join(chr(ord("a") + number * 7 % 26) for number in range(60))


@pytest.mark.parametrize(
    "text",
    [
        f"token = 'Bearer {LONG[:30]}...{LONG[-20:]}'",
        f"PUT http://h/?k={LONG[:25]} ...",
        f"b'Authorization: {LONG[:20]}'\n b'{LONG[20:44]}'\n b'{LONG[44:]}')",
        f"E   -  b'{LONG[:31]}'\nE   ?      ---\nE   +  b'{LONG[31:]}'",
        f"saw b'{LONG[:31]}' b'{LONG[31:]}' and more",
        f"{LONG[-15:]} is the end of a log line",
        f"an answer that was cut in {LONG[:33]}",
        f"E  \x1b[91m-  b'{LONG[7:40]}\\r\\nX'\x1b[39;49;00m",
        f"?  +++++',\n \"-  b'{LONG[30:]}\\r\\nX: y",
    ],
    ids=["shortened", "clipped", "wrapped", "diff", "one line", "begins late", "ends early", "coloured", "in a list"],
)
def test_piece_of_a_secret_is_masked(text: str) -> None:
    """What is left of a secret at a cut is masked (kind: a text that was cut before it was redacted)."""
    cleaned = Redactor([LONG]).text(text)

    assert MASK in cleaned
    assert [LONG[at : at + 8] for at in range(len(LONG) - 7) if LONG[at : at + 8] in cleaned] == []


def test_words_that_a_secret_shares_are_kept() -> None:
    """A word that is part of a secret by chance stays, if nothing says that it was cut."""
    text = "the registry of 'local' models\nregistry\nonly"

    assert Redactor(["registry-local-only"]).text(text) == text


def test_escapes_of_others_are_shown() -> None:
    """Control characters and turns of the reading direction are shown (kind: text of others that a terminal obeys)."""
    text = "a\x1b[2Jb\x9bc\x07d\u202ee\rf\tg\nh"

    assert Redactor(()).text(text) == "a\\x1b[2Jb\\x9bc\\x07d\\u202ee\\x0df\tg\nh"
    assert Redactor(()).value({"k\x1b": ["\u2066"]}) == {"k\\x1b": ["\\u2066"]}


def test_short_end_of_a_secret_at_the_beginning_is_hidden() -> None:
    """A text whose beginning was left out may begin in the midst of a secret: six characters of it are enough."""
    secret = "hk_live_Zr8qLw2PxT5v"

    assert Redactor((secret,)).text(f"{secret[-8:]} was sent") == f"{MASK} was sent"
    assert Redactor((secret,)).text(f"a {secret[-8:]} was sent") == f"a {secret[-8:]} was sent"  # control: in the midst
