"""An attestation says what a report says, and is believed only if the right key signed it about that very report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as ecdsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from registry_conformance.cli.main import run as command
from registry_conformance.judge.report import attestation
from registry_conformance.judge.report.record import RunRecord
from registry_conformance.judge.report.redact import Redactor
from registry_conformance.judge.report.write import write
from registry_conformance.judge.verdict import Verdict
from registry_conformance.run.option_values import SettingsError, signing_key
from tests.report_runs import check, green, mixed, run_of


def keys(folder: Path, name: str = "key", *, password: bytes = b"", curve: bool = False) -> tuple[Path, Path]:
    """Write a new private and its public key, and return the files."""
    key = ecdsa(SECP256R1()) if curve else Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.pem", folder / f"{name}.public.pem"
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public


def written(folder: Path, run: RunRecord, private: Path | None = None) -> Path:
    """Write the reports of a run, signed if there is a key, and return the folder."""
    write(run, folder / run.run_id, Redactor(()), signer=attestation.signer(private) if private else None)
    return folder / run.run_id


def verified(folder: Path, *options: str) -> int:
    """Return the exit code of ``verify-attestation``."""
    return command(["verify-attestation", str(folder), *options])


@pytest.mark.parametrize("curve", [False, True], ids=["ed25519", "ecdsa"])
def test_a_signed_attestation_of_a_good_run_is_believed(
    curve: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the public key, beside its report, with what it says in one line."""
    private, public = keys(tmp_path, curve=curve)
    folder = written(tmp_path, green(), private)

    assert verified(folder, f"--key={public}", "--requires=ROU-001") == 0
    assert (
        "PASSED: 5 requirements passed in the run verify-20260102-030405-abcdef; signed by" in capsys.readouterr().out
    )
    assert verified(folder, f"--key={public}", "--requires=REG-001") == 1


def test_a_statement_has_the_form_of_a_test_result(tmp_path: Path) -> None:
    """Statement and predicate name their types, the report by its digest, and requirements by what became of them."""
    told = json.loads((written(tmp_path, mixed()) / attestation.STATEMENT).read_text())

    assert (told["_type"], told["predicateType"]) == (attestation.STATEMENT_TYPE, attestation.PREDICATE_TYPE)
    assert [each["name"] for each in told["subject"]] == ["verdicts.json"]
    assert told["predicate"]["result"] == "FAILED"
    assert told["predicate"]["passedTests"] == ["ART-001"]
    assert told["predicate"]["warnedTests"] == ["ERR-001"]
    assert told["predicate"]["failedTests"] == ["ROU-001"]


def test_images_are_among_what_is_attested(tmp_path: Path) -> None:
    """Of a deployment in containers the images are subjects, too."""
    run = green(target={"images": {"proxy": "sha256:" + "a" * 64}})
    told = json.loads((written(tmp_path, run) / attestation.STATEMENT).read_text())

    assert {"name": "image of proxy", "digest": {"sha256": "a" * 64}} in told["subject"]


def test_only_recommendations_unmet_is_a_warning() -> None:
    """A run whose every MUST passed is no failure; one that verified nothing is no pass."""
    advised = green(check("x", Verdict.FAILED, "ERR-001"), skip=["ERR-001"], exit_code=1)

    assert attestation.predicate(advised)["result"] == "WARNED"
    assert attestation.predicate(run_of(exit_code=5))["result"] == "FAILED"


def test_what_was_changed_is_not_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report that was changed, a payload, another key, an envelope without a signature: each is refused, and why."""
    private, public = keys(tmp_path)
    _, other = keys(tmp_path, "other")
    folder = written(tmp_path, green(), private)
    envelope, report = folder / attestation.ENVELOPE, folder / "verdicts.json"
    whole = envelope.read_text()

    assert verified(folder, f"--key={other}") == 6
    assert "not signed by the private key" in capsys.readouterr().err
    report.write_text(report.read_text().replace('"passed"', '"failed"', 1))
    assert verified(folder, f"--key={public}") == 6
    assert "another verdicts.json, or this one was changed" in capsys.readouterr().err
    unsigned = json.dumps({**json.loads(whole), "signatures": []})
    for damaged in (whole.replace('"payload": "', '"payload": "AAAA'), unsigned, "{}", "no json"):
        envelope.write_text(damaged)
        assert verified(folder, f"--key={public}") == 6, damaged
    envelope.unlink()
    assert verified(folder, f"--key={public}") == 6
    assert "there is no attestation.intoto.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    "envelope",
    [
        '{"payload": "e30=", "payloadType": "x", "signatures": [{"sig": 5}]}',
        '{"payload": 5, "payloadType": "x", "signatures": []}',
        '{"payload": "e30=", "payloadType": "x", "signatures": {"a": 1}}',
        "[1]",
        "5",
    ],
)
def test_an_envelope_of_other_types_is_not_believed(
    envelope: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told as damaged, by its field; exit code 1 would mean that it is valid."""
    _, public = keys(tmp_path)
    folder = written(tmp_path, green())
    (folder / attestation.ENVELOPE).write_text(envelope)

    assert verified(folder, f"--key={public}") == 6
    assert "is no signed envelope (DSSE), or a damaged one: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "statement",
    ['{"_type": 5}', "[]", '{"_type": "a", "predicateType": "b", "subject": [], "predicate": {"result": []}}'],
)
def test_a_statement_of_other_types_is_not_believed(statement: str, tmp_path: Path) -> None:
    """Neither is one that nobody signed."""
    folder = written(tmp_path, green())
    (folder / attestation.STATEMENT).write_text(statement)

    assert verified(folder, "--unsigned") == 6


def test_a_required_name_that_no_requirement_has_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A typing error is no requirement that did not pass."""
    folder = written(tmp_path, green())

    assert verified(folder, "--unsigned", "--requires=XYZ") == 4
    assert "--requires=XYZ: unknown" in capsys.readouterr().err


def test_a_statement_that_lies_is_not_believed(tmp_path: Path) -> None:
    """A statement about this report, well signed, that says otherwise than the report is refused."""
    private, public = keys(tmp_path)
    folder = written(tmp_path, mixed(), private)
    told = json.loads((folder / attestation.STATEMENT).read_text())
    told["predicate"]["result"] = "PASSED"
    lie = attestation.signed(attestation.text(told), attestation.signer(private))
    (folder / attestation.ENVELOPE).write_bytes(lie)

    assert verified(folder, f"--key={public}") == 6


def test_without_a_signature_nothing_is_believed_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who gives no key is asked for one; who says that no signature is needed is told what that means."""
    folder = written(tmp_path, green())

    assert verified(folder) == 4
    assert verified(folder, "--unsigned") == 0
    assert "without a signature: anybody may have written it" in capsys.readouterr().out


def test_a_key_that_cannot_be_used_is_refused_before_the_run(tmp_path: Path) -> None:
    """A file that is missing, is no key, is a public key or is encrypted is a bad option, in one sentence."""
    (tmp_path / "no.pem").write_text("no key")
    encrypted, public = keys(tmp_path, password=b"secret")
    for file, said in (
        (tmp_path / "gone.pem", "there is no file"),
        (tmp_path / "no.pem", "is no private key"),
        (public, "is no private key"),
        (encrypted, "the key is encrypted"),
    ):
        with pytest.raises(SettingsError, match=said):
            signing_key(str(file))
    assert signing_key("") is None
