"""An address is read as people give it, and one that can be none is refused in a sentence."""

from __future__ import annotations

import pytest

from registry_conformance.judge.diagnosis.preflight import AddressError, read_address


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (" https://host/api/mlflow", "https://host/api/mlflow"),
        ("https://host/api/mlflow/", "https://host/api/mlflow"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://host/größe/%20a@b", "https://host/gr%C3%B6%C3%9Fe/%20a@b"),
        ("https://münchen.example:8443/x", "https://xn--mnchen-3ya.example:8443/x"),
    ],
)
def test_an_address_is_read_as_people_give_it(given: str, url: str) -> None:
    """White space before an address, a slash at its end and other scripts are taken as the MLflow client takes them."""
    assert read_address(given).url == url


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("", "the address is empty"),
        ("https://ho st/x", "a space in it"),
        ("https://host/x\ny", "a line break in it"),
        ("host:5000/api/mlflow", "the scheme is missing; it looks like https://host:5000/api/mlflow"),
        ("htps://host/x", "its scheme is mistyped; it looks like https://host/x"),
        ("ftp://host/x", "'ftp' is no scheme of a tracking server"),
        ("https://", "no host in it"),
        ("http:host:5000", "no host in it; a tracking URI looks like http://host:5000"),
        ("https://host:99999/", "its port is not a number from 1 to 65535"),
        ("https://host:abc/", "its port is not a number from 1 to 65535"),
        ("http://::1:5000", "an IPv6 address must be in square brackets"),
        ("http://[::1:5000", "its square brackets do not hold an IPv6 address"),
        ("https://host/" + "a" * 5000, "5013 characters"),
        ("https://host:0/", "port 0 is none"),
        ("https://ho..st/", "is no host name"),
        ("https://me:secret-word@host/x", "it holds a user or a password"),
        ("https://me:secret#word@host/x", "no client finds the host"),
        ("https://me:secret/word@host/x", "no client finds the host"),
        ("https://me:secret?word@host/x", "no client finds the host"),
        ("https://me:1#secret@host/x", "no client finds the host"),
        ("me:secret-word@host", "it holds a user or a password"),
        ("https://host/x?api_key=secret-word", "it has a query; leave it out: https://host/x"),
        (
            "https://host/x\n",
            "white space stands at its end, and the MLflow client sends it; leave it out: https://host/x",
        ),
        ("http://host:8080/#/", "leave it out: http://host:8080"),
        ("http://host:8080/p#/experiments/0?o=1", "as a browser shows it"),
        ("https://host/p/api/2.0/mlflow", "give the tracking URI without it: https://host/p"),
        ("https://host/ajax-api/2.0/mlflow/experiments/search", "give the tracking URI without it: https://host"),
    ],
)
def test_an_address_that_can_be_none_is_refused_in_a_sentence(given: str, told: str) -> None:
    """What is wrong with an address is said, with what it looks like, and no secret in it is repeated."""
    with pytest.raises(AddressError) as refused:
        read_address(given)
    assert told in str(refused.value)
    assert "secret" not in str(refused.value)
