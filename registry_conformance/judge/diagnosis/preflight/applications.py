"""Recognises web servers that are not MLflow, by page, documents and headers."""

from __future__ import annotations

import html
import re

from registry_conformance.judge.evidence.exchange import Exchange

_PAGES = (
    ("nginx's welcome page", r"Welcome to nginx!|Test Page for the (?:Nginx|HTTP Server)"),
    ("Apache's default page", r"Apache2 \w+ Default Page|<h1>It works!</h1>"),
    ("Caddy's welcome page", r"Caddy works|Your web server is working"),
    ("IIS's welcome page", r"<title>IIS Windows"),
    (
        "Jupyter",
        r"<title>(?:Jupyter|Home Page - Select or create a notebook)|jupyter-config-data|JupyterHub",
    ),
    ("Airflow", r"<title>\s*(?:Airflow|Sign In - Airflow|DAGs - Airflow)|Apache Airflow"),
    ("Grafana", r"<title>Grafana</title>|grafana-app|grafanaBootData"),
    ("Prometheus", r"<title>Prometheus"),
    ("Kibana", r"<title>(?:Kibana|Elastic)</title>|kbn-injected-metadata"),
    ("Jenkins", r"<title>[^<]*\[?Jenkins\]?"),
    ("GitLab", r"<title>[^<]*GitLab|content=\"GitLab"),
    ("TensorBoard", r"<title>TensorBoard|<tf-tensorboard"),
    ("the console of MinIO", r"MinIO (?:Console|Browser)"),
    ("Streamlit", r"<title>Streamlit"),
    ("Gradio", r"gradio_config|gradio-app"),
    ("Ray's dashboard", r"<title>Ray Dashboard"),
    ("Kubeflow", r"<title>Kubeflow"),
    ("Argo CD", r"<title>Argo CD"),
    ("Swagger UI of an application", r"<title>[^<]*Swagger UI"),
    ("a listing of files by Python's http.server", r"<title>Directory listing for /"),
    ("a listing of files", r"<title>Index of /"),
    ("Tomcat", r"<title>Apache Tomcat|<h3>Apache Tomcat"),
    ("a Spring application", r"Whitelabel Error Page"),
    ("an Express application", r"Cannot (?:GET|POST) /"),
    ("a Django application", r"Using the URLconf defined in|DisallowedHost"),
)
_HEADERS = (
    ("Jupyter", "x-jupyterhub-version", r"."),
    ("Jupyter", "server", r"TornadoServer"),
    ("Jenkins", "x-jenkins", r"."),
    ("Grafana", "set-cookie", r"grafana_session|redirect_to"),
    ("GitLab", "x-gitlab-meta", r"."),
    ("a Docker registry", "docker-distribution-api-version", r"."),
    ("MinIO's S3 API", "server", r"MinIO"),
    ("Amazon S3", "server", r"AmazonS3"),
    ("Elasticsearch or OpenSearch", "x-elastic-product", r"."),
    ("Python's http.server", "server", r"SimpleHTTP"),
    ("the AirPlay receiver of macOS, which takes port 5000", "server", r"^AirTunes"),
    ("Express", "x-powered-by", r"Express"),
)
_DOCUMENTS = (
    ("the API of Kubernetes", ({"kind", "apiVersion", "status"}, {"kind", "apiVersion", "metadata"})),
    ("Elasticsearch or OpenSearch", ({"cluster_name", "tagline"},)),
    ("an Airflow API", ({"detail", "status", "title", "type"},)),
    ("Grafana", ({"message", "traceId", "statusCode"}, {"message", "messageId", "statusCode"})),
    ("Prometheus", ({"status", "errorType"},)),
    ("a Spring application", ({"timestamp", "status", "error", "path"},)),
)
_MOST_TEXT = 240
"""So many characters of a page are quoted."""


def seems_to_be(answer: Exchange) -> str:
    """Return the known product other than MLflow that sent a response, empty if none is recognised."""
    text = answer.text[:20_000]
    for name, header, pattern in _HEADERS:
        if re.search(pattern, answer.header(header), re.IGNORECASE) and answer.header(header):
            return name
    if "html" in answer.content_type or text.lstrip()[:1] == "<":
        for name, pattern in _PAGES:
            if re.search(pattern, text, re.IGNORECASE):
                return name
        if "<Error>" in text and "<Code>" in text:
            return "an S3 API"
    document = answer.json()
    if isinstance(document, dict):
        for name, forms in _DOCUMENTS:
            if any(form <= set(document) for form in forms):
                return name
    return ""


def described(answer: Exchange) -> str:
    """Return a response in words: the known product, else its page title or the beginning of its text."""
    if known := seems_to_be(answer):
        return f"it seems to be {known}"
    if title := title_of(answer):
        return f"a web page titled {title!r} answers"
    document = answer.json()
    if isinstance(document, dict) and set(document) == {"detail"}:
        return f"a FastAPI application answers {document['detail']!r}"[:120]
    if document is not None:
        return f"an application answers JSON that is not MLflow's: {_short(answer.text)}"
    if said := " ".join(answer.text.split()):
        return f"it answers {_short(said)!r}"
    return f"it answers {answer.status} with an empty body"


def title_of(answer: Exchange) -> str:
    """Return the title of a page, or its first heading, empty if it has none."""
    found = re.search(r"<(title|h1)[^>]*>\s*([^<]{1,200}?)\s*</\1>", answer.text[:20_000], re.IGNORECASE)
    return " ".join(html.unescape(found[2]).split())[:80] if found else ""


def page_text(answer: Exchange) -> str:
    """Return what a page says beside its title, without markup, empty if it is nothing."""
    text = re.sub(
        r"<(script|style|title)\b.*?</\1>|<!--.*?-->", " ", answer.text[:20_000], flags=re.DOTALL | re.IGNORECASE
    )
    flat = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
    said = flat.removeprefix(title_of(answer)).strip()
    return said if len(said) <= _MOST_TEXT else f"{said[: _MOST_TEXT - 3]}..."


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 100 else f"{flat[:97]}..."
