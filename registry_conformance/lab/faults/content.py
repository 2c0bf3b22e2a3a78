"""Faults of stored content: responses that look right with wrong bytes."""

from __future__ import annotations

from registry_conformance.lab.disturbance import ANSWER, Answer, CutBody, EditBody, FlipByte, Remember, SetHeader, When
from registry_conformance.lab.faults.change import on
from registry_conformance.lab.faults.fault import Fault
from registry_conformance.lab.faults.paths import ADDRESS, FILE, FOLDER, PRESIGNED
from registry_conformance.lab.faults.symptom import Ask, Stores

_LIST = f"{FOLDER}{{run}}"
_PUT = When(methods=("PUT",), path="^/[^/?]+/.")
_GET = When(methods=("GET",), path=r"^/[^/?]+/[^?]")
_UPLOADED = Ask("PUT", FILE, body="0123456789", status="200")
_UNCHECKED = tuple(SetHeader(f"x-amz-checksum-{kind}", None, ANSWER) for kind in ("crc32", "crc32c", "crc64nvme"))
_COMPLETED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key>'
    '<ETag>"3858f62230ac3c915f300c664312c11f-2"</ETag></CompleteMultipartUploadResult>'
)
_DELETED = '<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult></DeleteResult>'


FAULTS = (
    Fault(
        name="uploads-acknowledged-and-lost",
        layer="store",
        seen="uploads are 200, versions are READY, the bucket stays empty, downloads and loads fail",
        change=on("store", _PUT, Answer(200, headers=(("ETag", '"d41d8cd98f00b204e9800998ecf8427e"'),))),
        symptoms=(_UPLOADED, Stores("{run}/file", present=False)),
        incidents=("S2", "S15"),
    ),
    Fault(
        name="empty-objects-dropped",
        layer="store",
        seen="files with bytes in them are stored, empty ones are 200 and not there: a model lacks its __init__.py",
        change=on(
            "store",
            When(methods=("PUT",), path="^/[^/?]+/.", header=("content-length", "^0$")),
            Answer(200, headers=(("ETag", '"d41d8cd98f00b204e9800998ecf8427e"'),)),
        ),
        symptoms=(Ask("PUT", FILE, body="", status="200"), Stores("{run}/file", present=False), _UPLOADED),
    ),
    Fault(
        name="multipart-never-completed",
        layer="store",
        seen="objects up to 8 MiB are stored, larger ones are 200 and not there",
        change=on(
            "store",
            When(methods=("POST",), path=r"\?(.*&)?uploadId="),
            Answer(200, _COMPLETED, "application/xml"),
        ),
        symptoms=(
            Ask("PUT", FILE, body="x" * (8 * 1024 * 1024 + 1), status="200", patience=15.0),
            Stores("{run}/file", present=False),
        ),
        incidents=("S18",),
    ),
    Fault(
        name="deletions-acknowledged-and-lost",
        layer="store",
        seen="deleting an artifact is 200, and it is still there",
        cause="deletions-have-no-effect",
        change=on("store", When(methods=("POST",), path=r"\?delete"), Answer(200, _DELETED, "application/xml")),
        symptoms=(_UPLOADED, Ask("DELETE", FILE, status="200"), Stores("{run}/file")),
        incidents=("S8",),
    ),
    Fault(
        name="downloads-corrupted",
        layer="store",
        seen="a downloaded model differs from what was uploaded, by one byte, without an error",
        change=on("store", _GET, *_UNCHECKED, FlipByte(0, ANSWER)),
        symptoms=(_UPLOADED, Ask("GET", FILE, status="200", lacks="0123456789")),
        incidents=("S14",),
    ),
    Fault(
        name="downloads-truncated",
        layer="store",
        seen="downloads are shorter than what was uploaded, or fail",
        change=on("store", _GET, *_UNCHECKED, CutBody(5, ANSWER)),
        symptoms=(_UPLOADED, Ask("GET", FILE, lacks="0123456789", patience=20.0)),
        incidents=("S14",),
    ),
    Fault(
        name="listing-is-stale",
        layer="store",
        seen="an artifact was uploaded and is not listed",
        change=on(
            "store",
            When(methods=("GET",), path="list-type=2"),
            EditBody(r"(?s)<Contents>.*?</Contents>", ""),
            EditBody(r"(?s)<CommonPrefixes>.*?</CommonPrefixes>", ""),
        ),
        symptoms=(_UPLOADED, Ask("GET", _LIST, status="200", lacks="file_size")),
    ),
    Fault(
        name="old-bytes-from-a-cache",
        layer="store",
        seen="an artifact that was uploaded again comes back as it was before",
        change=on("store", _GET, *_UNCHECKED, Remember()),
        symptoms=(
            _UPLOADED,
            Ask("GET", FILE, status="200"),
            Ask("PUT", FILE, body="9876543210", status="200"),
            Ask("GET", FILE, status="200", shows="0123456789"),
        ),
        incidents=("S14",),
    ),
    Fault(
        name="sizes-told-wrong",
        layer="store",
        seen="listings give every file the size 0",
        change=on(
            "store",
            When(methods=("GET",), path="list-type=2"),
            EditBody(r"<Size>\d+</Size>", "<Size>0</Size>"),
        ),
        symptoms=(_UPLOADED, Ask("GET", _LIST, status="200", lacks='"file_size": ?"?10')),
    ),
    Fault(
        name="presigned-names-internal-store",
        layer="mlflow",
        seen="uploads work; downloads by users' clients hang or are refused, at an address that is not the door's",
        change=on(
            "server",
            When(path="/mlflow-artifacts/(presigned|mpu)/"),
            EditBody(ADDRESS, "http://127.0.0.1:9/"),
        ),
        symptoms=(_UPLOADED, Ask("GET", PRESIGNED, status="200", shows="127.0.0.1:9/")),
        incidents=("S21", "R18"),
    ),
)
