"""Reads the records back from ``verdicts.json``, one check at a time, to render reports again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import ijson

from registry_conformance.judge.report import tally
from registry_conformance.judge.report.evidence_store import Spool
from registry_conformance.judge.report.forms import FormError, conforms
from registry_conformance.judge.report.printable import all_visible
from registry_conformance.judge.report.record import CheckRecord, RunRecord
from registry_conformance.judge.report.verdicts_form import CheckForm, OlderRunForm, RunForm
from registry_conformance.judge.report.verdicts_json import SCHEMA
from registry_conformance.judge.requirement import Level, Register, Requirement
from registry_conformance.judge.verdict import Verdict

OLDER = "verdicts.v1"
"""The schema before this one: its runs can still be rendered and compared."""
_HEAD = 64 * 1024
_DEEPEST, _PIECE = 100, 4096
_BEGINNINGS, _ENDS = {"start_map", "start_array"}, {"end_map", "end_array"}
_UPDATE = "render it with the suite that wrote it, or a newer one"


class UnreadableError(ValueError):
    """A file is not a report of this suite, or is incomplete; the message says what is wrong and the fix."""


def read(file: Path, spool: Spool) -> RunRecord:
    """Return the run in a ``verdicts.json``, with its evidence in ``spool``; raise ``UnreadableError``."""
    schema = SCHEMA
    try:
        with file.open("rb") as stream:
            schema = _judge_schema(stream, file)
            stream.seek(0)
            outline: dict[str, Any] = all_visible(dict(_members(stream, file)))
            conforms(OlderRunForm if schema == OLDER else RunForm, outline)
            stream.seek(0)
            checks = ijson.items(stream, "checks.item", use_float=True)
            records = [_record(check, spool, number) for number, check in enumerate(checks)]
            run = _run(outline, records)
            if schema == OLDER:
                run = _from_v1(run)
            return _with_beyond(run, outline["requirements"])
    except ijson.IncompleteJSONError as problem:
        raise UnreadableError(f"{file}: is cut off or damaged ({_words(problem)}); write it anew") from problem
    except (ijson.JSONError, UnicodeDecodeError) as problem:
        raise UnreadableError(f"{file}: is no JSON ({_words(problem)})") from problem
    except FormError as problem:
        raise UnreadableError(f"{file}: says that it is {schema}, but {problem}") from None
    except UnreadableError:
        raise
    except ValueError as problem:
        raise UnreadableError(f"{file}: has a number that is too long") from problem
    except OSError as problem:
        raise UnreadableError(f"{file}: {problem.strerror or problem}") from problem


def _judge_schema(stream: IO[bytes], file: Path) -> str:
    """Return the schema of a report; raise ``UnreadableError`` unless the file starts like one of a known schema."""
    head = stream.read(_HEAD)
    if not head.strip():
        raise UnreadableError(f"{file}: is empty; write it anew")
    stream.seek(0)
    events = _events(stream, file) if head.lstrip().startswith(b"{") else ()
    found = next((value for prefix, _, value in events if prefix == "schema"), None)
    if not isinstance(found, str) or not found.startswith("verdicts."):
        which = f": its schema is {found!r}" if found is not None else ""
        raise UnreadableError(f"{file}: is not a verdicts.json{which}")
    if found not in {SCHEMA, OLDER}:
        raise UnreadableError(f"{file}: is {found}, this suite knows {SCHEMA}; {_UPDATE}")
    return found


def _events(stream: IO[bytes], file: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield the parser's events; raise ``UnreadableError`` for a document nested too deeply.

    The parser's memory grows with the square of the depth within one chunk, so chunks are small.
    """
    depth = 0
    for prefix, event, value in ijson.parse(stream, use_float=True, buf_size=_PIECE):
        depth += event in _BEGINNINGS
        depth -= event in _ENDS
        if depth > _DEEPEST:
            raise UnreadableError(f"{file}: is no verdicts.json (it is nested more than {_DEEPEST} deep)")
        yield prefix, event, value


def _members(stream: IO[bytes], file: Path) -> Iterator[tuple[str, Any]]:
    """Yield the members of the document, each built separately; of ``checks`` only that it is a list."""
    builder: ijson.ObjectBuilder | None = None
    name, depth = "", 0
    for prefix, event, value in _events(stream, file):
        if prefix == "" and event == "map_key":
            name, depth, builder = value, 0, None if value == "checks" else ijson.ObjectBuilder()
            continue
        if prefix == "checks" and event == "start_array":
            yield name, []  # they are read one at a time
        elif prefix == "checks" and event != "end_array":
            raise FormError("'checks' is not a list")
        if builder is None or not prefix:
            continue
        builder.event(event, value)
        depth += event.startswith("start_")
        depth -= event.startswith("end_")
        if depth == 0:
            yield name, builder.value


def _record(check: Mapping[str, Any], spool: Spool, number: int) -> CheckRecord:
    conforms(CheckForm, check, f"checks.{number}")
    texts = ("claim", "door", "message", "expected", "actual", "where", "rerun")
    return CheckRecord(
        nodeid=check["nodeid"],
        requirements=tuple(check["requirements"]),
        verdict=Verdict.parse(check["verdict"]),
        seconds=float(check["seconds"]),
        evidence=spool.keep(check["evidence"]),
        diagnosis=check["diagnosis"],
        started=float(check["started"]),
        **{name: str(check[name]) for name in texts},
    )


def _run(document: Mapping[str, Any], records: list[CheckRecord]) -> RunRecord:
    requirements = {
        name: Requirement(
            name,
            Level(each["level"]),
            each["area"],
            each["layer"],
            each["text"],
            each["source"],
            each.get("profile", ""),
        )
        for name, each in document["requirements"].items()
    }
    same = ("series", "whole", "target", "started", "finished", "seconds", "exit_code", "command", "problem")
    return RunRecord(
        run_id=document["run"],
        suite_version=document["suite"]["version"],
        register=Register(requirements, document["suite"]["register"]),
        records=records,
        leftovers=document["leftovers"],
        spent=document["spent"],
        client=document.get("registration", {}).get("client", ""),
        diagnosis=document["diagnosis"],
        fault_score=document["suite"]["fault_score"],
        mutant_score=document["suite"].get("mutant_score"),
        changes=document["changes"],
        load=document.get("load"),
        **{name: document[name] for name in same},
    )


def _from_v1(run: RunRecord) -> RunRecord:
    """Return a run of schema v1 in the current form.

    Its diagnosis has an unmeasured percentage as confidence; it becomes "possible".
    """
    causes = []
    for cause in run.diagnosis:
        kept = {name: value for name, value in cause.items() if name != "confidence"}
        causes.append(kept | {"band": "possible", "note": False})
    return replace(run, diagnosis=causes)


def _with_beyond(run: RunRecord, requirements: Mapping[str, Any]) -> RunRecord:
    """Return the run with the reasons why some requirements cannot be judged on its target."""
    given = tally.inapplicable(run)
    told = {name: each["reason"] for name, each in requirements.items() if "reason" in each}
    beyond = {name: why.removesuffix(f"; {given[name]}") if name in given else why for name, why in told.items()}
    return replace(run, beyond={name: why for name, why in beyond.items() if why != given.get(name)})


def _words(problem: Exception) -> str:
    """Return the first line of a parser's error."""
    return str(problem).strip().splitlines()[0] if str(problem).strip() else "damaged"
