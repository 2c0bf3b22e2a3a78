"""An exchange in a few words: status, form, and what identifies the part that answered."""

from __future__ import annotations

import re

from registry_conformance.judge.evidence.exchange import Exchange

_S3_CODES = (
    "NoSuchBucket|NoSuchKey|NoSuchUpload|AccessDenied|AllAccessDisabled|InvalidAccessKeyId|SignatureDoesNotMatch|"
    "ExpiredToken|InvalidToken|RequestTimeTooSkewed|AuthorizationHeaderMalformed|PermanentRedirect|TemporaryRedirect|"
    "SlowDown|ServiceUnavailable|InternalError|XMinioStorageFull|QuotaExceeded|InvalidRequest|NotImplemented|"
    "BadDigest|XAmzContentSHA256Mismatch|XAmzContentChecksumMismatch|InvalidObjectState|MethodNotAllowed|"
    "KMS\\.\\w+|EntityTooLarge|EntityTooSmall|MissingContentLength|RequestTimeout|InvalidArgument|"
    "AccessControlListNotSupported|InvalidBucketName|IllegalLocationConstraintException|InsufficientStorage"
)
_SAID = (
    r"(?:<Code>|refused \w+ with |unavailable \(|[\"']Code[\"']: ?[\"']|\((?=[A-Za-z.]+\) when calling the ))"
    r"(?!(?:HTTP|Connect|Endpoint|Read|Proxy|SSL|NoCred|PartialCred)\w*Error)([A-Z][A-Za-z]{3,}(?:\.\w+)?)\b"
)
"""How boto3, S3 itself and the reference's MLflow say which code the store refused something with."""
_S3_WORDS = {
    "KMS|kms:": "KMS",
    "bucket does not exist": "NoSuchBucket",
    "Please reduce your request rate": "SlowDown",
    "Access Denied": "AccessDenied",
    "provided token has expired": "ExpiredToken",
    "difference between the request time": "RequestTimeTooSkewed",
    "region .{0,40} is wrong": "AuthorizationHeaderMalformed",
    "Could not connect to the endpoint|EndpointConnectionError|Connection refused": "unreachable",
    "Connect timeout|Read timeout|ReadTimeout": "timeout",
    "Connection was closed|ConnectionClosed|Connection reset|Connection aborted|IncompleteRead": "reset",
    "Unable to locate credentials|NoCredentials": "NoCredentials",
    "CERTIFICATE_VERIFY_FAILED|SSL": "tls",
    "operation: Forbidden": "Forbidden",
    "operation: Not Found": "NotFound",
    "operation: Bad Request": "BadRequest",
    "operation: Moved Permanently": "MovedPermanently",
    "operation: Service Unavailable|reached max retries": "Unavailable",
    "operation: Unauthorized": "Unauthorized",
    "checksum": "checksum",
    "database is locked": "locked",
}
_MARKS = (
    ("host-check", "Invalid Host header"),
    ("cors", "Cross-origin request blocked"),
    ("permission", r"\APermission denied\Z"),
    ("basic-auth", 'Basic realm="mlflow"|You are not authenticated'),
    (
        "flask",
        (
            "If you entered the URL manually|MLflow answered \\d+ and no message|"
            "The server encountered an internal error and was unable to complete your request\\. Either"
        ),
    ),
    ("route-timeout", "upstream request timeout|response timeout"),
    ("refused-behind", "Connection refused|connection refused"),
    ("tls-behind", "WRONG_VERSION_NUMBER|TLS error|TLS_error"),
    ("reset-behind", "connection termination|Connection reset|reset reason: remote reset"),
    ("name-behind", "no healthy upstream"),
    ("upstream", "upstream connect error|connection failure|disconnect/reset"),
    ("artifacts-only", "artifacts-only"),
    ("serving-off", "serving is disabled|no-serve-artifacts|Endpoint: \\S+ disabled"),
    ("host-check", "DNS rebinding"),
    ("nginx", "nginx"),
    ("login", "<form|[Ll]og in|[Ss]ign in"),
)


def form(exchange: Exchange) -> str:
    """Return the form of a response body: ``json``, ``html``, ``text``, ``xml``, ``empty``, ``bytes``."""
    kind = exchange.content_type
    if "json" in kind:
        return "json"
    if isinstance(said := exchange.json(), dict) and (exchange.ok or "error_code" in said):
        return "json"  # the MLflow client reads a document whatever its label says
    if exchange.ok and not exchange.plain_body.size:
        return "empty"  # no label makes a page of nothing
    for word in ("html", "xml"):
        if word in kind:
            return word
    if not exchange.plain_body.size:
        return "empty"
    return "text" if kind.startswith("text/") else "bytes"


def s3_code(text: str) -> str:
    """Return the S3 error code in a text, empty if there is none."""
    for said in (_SAID, rf"\b({_S3_CODES})\b"):
        if found := re.search(said, text):
            return found[1]
    return next((code for words, code in _S3_WORDS.items() if re.search(words, text)), "")


def summarize(exchange: Exchange) -> str:
    """Return an exchange as a fact's value: ``200 json``, ``404 json RESOURCE_DOES_NOT_EXIST``, ``refused``."""
    if exchange.status is None:
        return exchange.error.partition(":")[0] or "nothing"
    words = [str(exchange.status), form(exchange)]
    if exchange.status >= 300:
        words += _error_words(exchange)
    if exchange.error:
        words.append("stalled" if exchange.error.startswith("timeout") else "cut")
    return " ".join(words)


def _error_words(exchange: Exchange) -> list[str]:
    words = []
    document = exchange.json()
    if isinstance(document, dict):
        if "error_code" in document:
            words.append(str(document["error_code"])[:40])
        if "detail" in document:
            words.append("detail")
    said = exchange.text[:4000] + exchange.header("www-authenticate")
    words += dict.fromkeys(mark for mark, pattern in _MARKS if re.search(pattern, said))
    code = s3_code(exchange.text) if form(exchange) != "html" or "<Code>" in exchange.text else ""
    if exchange.method == "GET" and re.search("not authorized to perform: kms:", exchange.text):
        code = "KMS"  # S3 says AccessDenied of a key as well, and a right to the object does not help against it
    if code:  # a page for persons that says "Access Denied" is somebody else's than the store's
        words.append(f"s3:{code}")
    return words
