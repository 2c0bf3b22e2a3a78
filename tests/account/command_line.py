"""Lines for the AWS command line, carried out by boto3: ``aws s3api put-bucket-versioning --bucket B ...``.

Arguments are JSON or plain text, as the register's lines have them.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

from botocore import xform_name

from tests.account.moto_account import ACCOUNT, Account

_SERVICES = {"s3api": "s3"}


def run(account: Account, line: str, *, caller: str = "") -> None:
    """Carry one line out; raise ``ClientError`` where AWS refuses, ``ValueError`` for what is no such line."""
    program, service, verb, *rest = shlex.split(line)
    if program != "aws" or len(rest) % 2:
        raise ValueError(f"no line for the AWS command line: {line}")
    name = _SERVICES.get(service, service)
    place = [text for option, text in zip(rest[::2], rest[1::2], strict=True) if option == "--region"]
    region = {"region": place[0]} if place and name == "s3control" else {}  # a bucket is made in a region by itself
    client = account.client(name, caller or ACCOUNT, **region)
    shape = client.meta.service_model.operation_model(
        next(each for each in client.meta.service_model.operation_names if xform_name(each, "-") == verb)
    ).input_shape
    members = {f"--{xform_name(member, '-')}": (member, model) for member, model in shape.members.items()}
    given: dict[str, Any] = {}
    for option, text in zip(rest[::2], rest[1::2], strict=True):
        if option == "--region":
            continue
        member, model = members[option]
        given[member] = text if model.type_name == "string" else json.loads(text)
    getattr(client, xform_name(verb.replace("-", "_")))(**given)
