"""An in-toto attestation of a run: a statement next to the report, and an envelope with its signature."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry_conformance.judge.limited_reading import read_bytes
from registry_conformance.judge.report import tally
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.requirement import Level
from registry_conformance.judge.shown_name import no_file
from registry_conformance.judge.verdict import Verdict

STATEMENT, ENVELOPE = "attestation.json", "attestation.intoto.jsonl"
"""The statement alone, and the statement in an envelope that is signed."""
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
REPORT = "verdicts.json"
PASSED, WARNED, FAILED = "PASSED", "WARNED", "FAILED"
_COMPARED = ("result", "passedTests", "warnedTests", "failedTests")
_DISTRIBUTION = "pkg:pypi/hokusai-registry-conformance"


class KeyUnusableError(ValueError):
    """A file is not a key that can sign or verify; the message says why."""


class UntrueError(ValueError):
    """An attestation is invalid; the message says why."""


def statement(run: RunRecord, report: Path) -> dict[str, Any]:
    """Return the statement about a run with the report ``verdicts.json``: a test result for each requirement."""
    with report.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    images: Mapping[str, str] = run.target.get("images") or {}
    subjects = [{"name": REPORT, "digest": {"sha256": digest}}]
    subjects += [
        {"name": f"image of {part}", "digest": dict([found.split(":", 1)])}
        for part, found in sorted(images.items())
        if found.startswith("sha256:")
    ]
    return {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate(run),
    }


def predicate(run: RunRecord) -> dict[str, Any]:
    """Return the result of a run: ``PASSED`` if it ended well, ``WARNED`` if only recommendations are not met."""
    by_id = tally.verdicts(run)
    red = tally.with_verdict(by_id, *tally.RED)
    failed = [name for name in red if run.register[name].level is Level.MUST]
    warned = [name for name in red if name not in failed]
    only_advised = run.exit_code == 1 and bool(warned) and not failed and not run.problem
    about = {"register": run.register.version, "series": run.series, "client": run.client, "run": run.run_id}
    result = WARNED if only_advised else FAILED
    if run.exit_code == 0:
        result = PASSED
    return {
        "result": result,
        "configuration": [{"uri": f"{_DISTRIBUTION}@{run.suite_version}", "annotations": about}],
        "passedTests": tally.with_verdict(by_id, Verdict.PASSED),
        "warnedTests": warned,
        "failedTests": failed,
    }


def text(told: Mapping[str, Any]) -> bytes:
    """Return a statement as the text that is written and signed."""
    return json.dumps(told, indent=1).encode() + b"\n"


def signer(file: Path) -> Any:
    """Return a signer for the private key in a PEM file; raise ``KeyUnusableError``."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - an extra
    from securesystemslib.signer import CryptoSigner  # noqa: PLC0415 - an extra

    try:
        return CryptoSigner(load_pem_private_key(read_bytes(file), password=None))
    except OSError as problem:
        raise KeyUnusableError(f"{file}: cannot be read: {problem.strerror}") from problem
    except TypeError as problem:
        raise KeyUnusableError(f"{file}: the key is encrypted; give one that is not, as a file of its own") from problem
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise KeyUnusableError(f"{file}: is no private key that can sign (Ed25519, ECDSA or RSA, in PEM)") from problem


def signed(payload: bytes, by: Any) -> bytes:
    """Return a statement in a signed envelope (DSSE), as one line of JSON; ``by`` is a signer."""
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - an extra

    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(by)
    return json.dumps(envelope.to_dict()).encode() + b"\n"


def opened(envelope: bytes, key: Path) -> dict[str, Any]:
    """Return the statement of an envelope whose signature matches the public ``key`` (PEM).

    Raises ``KeyUnusableError``, and ``UntrueError`` for any other envelope.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - an extra
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - an extra
    from securesystemslib.exceptions import FormatError, VerificationError  # noqa: PLC0415 - an extra
    from securesystemslib.signer import SSlibKey  # noqa: PLC0415 - an extra

    from registry_conformance.judge.report.attestation_form import EnvelopeForm  # noqa: PLC0415 - of reading alone
    from registry_conformance.judge.report.forms import FormError, conforms  # noqa: PLC0415 - of reading alone

    if not os.path.exists(key):  # noqa: PTH110 - unlike Path.exists false for a name that no file can have
        raise KeyUnusableError(f"--key: {no_file(str(key), key, 'the public key, in PEM')}")
    try:
        public = SSlibKey.from_crypto(load_pem_public_key(read_bytes(key)))
    except OSError as problem:
        raise KeyUnusableError(f"{key}: cannot be read: {problem.strerror}") from problem
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise KeyUnusableError(f"{key}: is no public key in PEM") from problem
    try:
        document = json.loads(envelope)
        conforms(EnvelopeForm, document)
        found = Envelope.from_dict(document)
        found.verify([public], 1)
    except FormError as problem:
        raise UntrueError(f"{ENVELOPE} is no signed envelope (DSSE), or a damaged one: {problem}") from None
    except (ValueError, KeyError, TypeError, RecursionError, FormatError) as problem:
        raise UntrueError("it is no signed envelope (DSSE), or a damaged one") from problem
    except VerificationError as problem:
        raise UntrueError("it is not signed by the private key that belongs to this public key") from problem
    if found.payload_type != PAYLOAD_TYPE:
        raise UntrueError(f"it is an envelope of {found.payload_type}, and not of an in-toto statement")
    return parsed(found.payload)


def parsed(payload: bytes) -> dict[str, Any]:
    """Return a statement of this suite; raise ``UntrueError`` for anything else."""
    from registry_conformance.judge.report.attestation_form import StatementForm  # noqa: PLC0415 - of reading alone
    from registry_conformance.judge.report.forms import FormError, conforms  # noqa: PLC0415 - of reading alone

    try:
        told: dict[str, Any] = json.loads(payload)
        conforms(StatementForm, told)
    except FormError as problem:
        raise UntrueError(f"it holds no in-toto statement: {problem}") from None
    except (ValueError, RecursionError) as problem:
        raise UntrueError("it holds no in-toto statement") from problem
    kinds = told["_type"], told["predicateType"]
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise UntrueError(f"it is a {kinds[0]} of {kinds[1]}, and not of a test result")
    return told


def compared(told: Mapping[str, Any], run: RunRecord, report: Path) -> None:
    """Raise ``UntrueError`` unless a statement matches this report by digest and content."""
    expected = statement(run, report)
    if expected["subject"][0] not in told["subject"]:
        raise UntrueError(f"it is about another {REPORT}, or this one was changed since")
    if any(told["predicate"].get(name) != expected["predicate"][name] for name in _COMPARED):
        raise UntrueError(f"it says otherwise than the {REPORT} that it is about")
