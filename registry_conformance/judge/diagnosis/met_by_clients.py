"""What one fact says of how a client fares there: unreadable answers, strangers let in, what fails only at times."""

from __future__ import annotations

from collections.abc import Iterator

from registry_conformance.judge.diagnosis.facts import Facts
from registry_conformance.judge.diagnosis.unusable_grants import Given

_NEVER_SERVED = r"^(?!.*\b200\b)."
"""How it is told that no door serves a search: then a 404 is no error of MLflow's that was changed on its way."""

_UNCACHED = {
    "nginx": "proxy_cache off in the location of /api/",
    "varnish": "return (pass) for /api/ in vcl_recv",
    "fastly": "return (pass) for /api/ in vcl_recv",
    "haproxy": "no http-request cache-use for /api/",
    "apache": "CacheDisable /api/",
    "squid": "cache deny for /api/",
    "kong": "no proxy-cache plugin on its routes",
    "envoy": "no cache filter on its routes",
    "cloudfront": "a behavior for /api/* with the policy CachingDisabled",
    "cloudflare": "a cache rule that bypasses the cache for /api/",
    "google": "no Cloud CDN on its backend service",
    "azure-front-door": "caching off on its route",
    "azure-api": "no cache-lookup in its policy",
    "akamai": "the caching option Bypass cache for /api/",
    "aws-api-gateway": "caching off for the stage",
    "apigee": "no ResponseCache policy",
}
"""Product -> the line by which it keeps no answers of the API."""

_WORDLESS = r"500 (?:text|html flask|json INTERNAL_ERROR)\b(?!.*s3:)"
"""How MLflow answers where it met what nobody thought of, without a word of the store's."""
_LISTED = ("list.P", "^200 ")
_MADE = ("meta.create.P", "^200 ")
_SMALL_PASS = ("repeat.put.P", "^(?:all 200)?$")
"""Nothing is a matter of size where small uploads fail as well."""
_STORE_REFUSES = (
    Given(
        "store-takes-parts-alone",
        "mlflow",
        "put.P",
        f"^{_WORDLESS}",
        "whatever MLflow uploads to the store itself fails, and the store takes a part by a URL that MLflow signed: it "
        "has room, and MLflow the right to write; what the MLflow server adds to its own uploads is at fault: "
        "MLFLOW_S3_UPLOAD_EXTRA_ARGS is no JSON or demands what the store refuses, or the store does not know the "
        "checksums of MLflow's library",
        "the MLflow server's log names it; correct MLFLOW_S3_UPLOAD_EXTRA_ARGS there (JSON, as in "
        '{"ServerSideEncryption": "AES256"}) or unset it; if it is not set, set '
        "AWS_REQUEST_CHECKSUM_CALCULATION=when_required and AWS_RESPONSE_CHECKSUM_VALIDATION=when_required",
        also=(("multipart.part.P", "^200"), _LISTED, _MADE),
    ),
    Given(
        "store-takes-no-writes",
        "store",
        "put.P",
        f"^{_WORDLESS}",
        "MLflow reads from the store, and may not write there: neither a file is taken nor the mere beginning of an "
        "upload in parts, which needs no room: a right is missing (s3:PutObject), or a policy denies what is not sent "
        "encrypted as it demands",
        "grant MLflow s3:PutObject; if a policy of the bucket demands encryption, set MLFLOW_S3_UPLOAD_EXTRA_ARGS on "
        'the MLflow server, as in {"ServerSideEncryption": "AES256"}, or have the bucket encrypt by itself',
        also=(("multipart.create.P", f"^{_WORDLESS}"), _LISTED, _MADE),
    ),
    Given(
        "store-takes-no-post",
        "store",
        "multipart.create.P",
        f"^{_WORDLESS}",
        "small files are stored and come back, and what is sent to the store by POST fails: the beginning of uploads "
        "in parts, which files above 8 MB are, and deletions: what stands before the store refuses POST",
        "have what stands before the store pass POST on; else let MLflow begin uploads in parts (s3:PutObject) and "
        "delete objects (s3:DeleteObject)",
        also=(("put.P", "^200"), ("get.P", "^200 whole"), ("delete.P", f"^{_WORDLESS}"), _MADE),
    ),
    Given(
        "store-refuses-by-size",
        "store",
        "ladder.part.P",
        r"^\w+ (?:[45]\d\d|reset)",
        "small files are stored, and larger ones refused by the store itself, also where they are sent to it past "
        "MLflow: a quota of the bucket, no room, or a limit for bodies at what stands before the store",
        "raise the quota of the bucket or make room in the store; look for a limit of sizes before it",
        also=(("put.P", "^200"), ("ladder.put.P", rf"^\w+ {_WORDLESS}"), _SMALL_PASS, _MADE),
    ),
    Given(
        "mlflow-fails-by-size",
        "mlflow",
        "ladder.part.P",
        r"^(?!9m|11m)\w+ 200",
        "small uploads pass, and larger ones end in a failure of MLflow's own, though the store takes as much where it "
        "is sent past MLflow: the folder for temporary files, where MLflow keeps an upload first, is too small most "
        "likely",
        "give the folder for temporary files of the MLflow server (TMPDIR, a size limit of its volume) room for the "
        "largest files; its log says so (No space left on device), or what else fails",
        also=(("put.P", "^200"), ("ladder.put.P", rf"^\w+ {_WORDLESS}"), _SMALL_PASS, _MADE),
    ),
)
"""What the store is seen to take, and what not: it tells room, rights and form apart."""

BROKEN_ANSWERS = (
    Given(
        "answers-kept-by-path-alone",
        "proxy",
        "cached.query.P",
        "by path",
        "different queries to one path get one and the same answer: a cache before MLflow keeps answers by their path "
        "alone, its key lacks the query, and a client is told of other models, runs and files than it asks for",
        "have the key of the cache hold the query and the Authorization header, where anything is kept at all, and "
        "have no answer below /api/ and /ajax-api/ kept",
        unless=("cached.query.O", "."),
        settings=_UNCACHED,
    ),
    *(
        Given(
            "answers-kept",
            "proxy",
            fact,
            "^200 ",
            "what was replaced and what was deleted is still answered as it was: a cache stands on the way, and keeps "
            "answers of the API",
            "have no answer below /api/ and /ajax-api/ kept, whatever its headers allow",
            unless=("get.again.O", "^200 long"),
            also=(("get.again.P", "^200 long"), ("put.again.P", "^200 ")),
            settings=_UNCACHED,
        )
        for fact in ("get.deleted.P", "meta.gone.P")
    ),
    Given(
        "downloads-cut-at-times",
        "proxy",
        "repeat.get.P",
        r"\b200\b.*\b(?:short|empty|other)\b|\b(?:short|empty|other)\b.*\b200\b",
        "one and the same file comes back whole at one time and not at another: it lies whole in the store, and what "
        "stands before MLflow loses bytes of some answers, one of several proxies most likely",
        "have answers passed on to their end; ask each of the proxies, or replicas, for the same file in turn, to find "
        "the one that loses bytes",
        unless=("repeat.get.O", "short|empty|other"),
    ),
    Given(
        "uploads-swallowed",
        "proxy",
        "list.P",
        "^200 json empty$",
        "uploads are answered with 200, and nothing of them is kept: they are neither listed nor found, though an "
        "upload in parts, whose bytes go to the store past the proxy, is completed: something before MLflow answers "
        "uploads itself",
        "have PUT below /api/2.0/mlflow-artifacts/ passed on to MLflow; its log has none of these uploads",
        unless=("get.O", r"^(?:404|500) json"),
        also=(
            ("put.P", "^200"),
            ("get.P", r"^(?:404|500) json .*(?:NotFound|NoSuchKey|RESOURCE_DOES_NOT)"),
            ("text.get.P", "^(?:404|500) json"),
            ("multipart.complete.P", "^200"),
        ),
    ),
    *(
        Given(
            "store-slow-to-write",
            "store",
            fact,
            sign,
            "uploads get no answer in time, or a late one, through MLflow and, by a URL that it signed, straight at "
            "the store alike: the store, or the way to it, is too slow with writes, or answers none",
            "look at what the store does with a PUT: its load, its disks, and what stands before it; MLflow itself, "
            "and what it reads there, are not slow",
            also=(("multipart.part.P", "^timeout"), ("pace.search.P", "^fast"), _MADE),
        )
        for fact, sign in (("put.P", "^timeout"), ("pace.put.P", "^slow"))
    ),
    Given(
        "large-uploads-lose-bytes",
        "proxy",
        "ladder.kept.P",
        " short$",
        "large files are answered with 200 and kept with fewer bytes than were sent, none perhaps, and small ones "
        "whole: what stands before MLflow passes on a part of a large body, or none of it",
        "raise the limit for bodies at what stands before MLflow, and have it answer 413 to what is above it; what it "
        "buffers needs room",
        unless=("ladder.get.O", r"^\w+ 200"),
        also=(("get.P", "^200 whole"),),
    ),
    Given(
        "large-downloads-lose-bytes",
        "proxy",
        "ladder.kept.P",
        " whole$",
        "large files lie whole in the store, and come back with fewer bytes, none perhaps, and small ones whole: what "
        "stands before MLflow ends large answers early, and says nothing of it",
        "have answers of any size passed on to their end: look for limits and buffers of answers at what stands before "
        "MLflow, and for room where it keeps them",
        unless=("ladder.get.O", r"^\w+ 200"),
        also=(("get.P", "^200 whole"), ("repeat.get.P", "^all 200$")),
    ),
    Given(
        "database-refuses-the-row",
        "database",
        "meta.model.P",
        "^404 json RESOURCE_DOES_NOT_EXIST",
        "the creation of a registered model ends with the word that this model does not exist, which MLflow says where "
        "its database refuses the new row: a trigger, a constraint or a rule for rows stands against it",
        "read MLflow's log and the database's own: they name what refuses rows of the table registered_models",
        also=(_MADE,),
    ),
    Given(
        "answers-to-post-repeated",
        "proxy",
        "register.taken.P",
        "^200 json done",
        "the creation of a registered model that is there already is answered as a success, which MLflow never does: "
        "something before it keeps answers to POST and repeats them to whoever sends the same again",
        "have no answers to POST kept or repeated: take the memory of requests that were sent before (idempotency, "
        "deduplication) off the paths below /api/",
        unless=("register.taken.O", "^200"),
    ),
    *(
        Given(
            "errors-replaced",
            "proxy",
            f"register.{step}.P",
            "code-lost",
            "MLflow's own errors do not reach the client, something before it answers in their place: by the code in "
            "them the client knows what is not there yet and is to be made, and what is there already",
            "have errors of MLflow passed on as they are, status and body: no error pages of its own for 400 and 404",
            unless=("doors.search.P", _NEVER_SERVED),
        )
        for step in ("lookup", "taken")
    ),
    *(
        Given(
            "errors-told-as-successes",
            "proxy",
            f"register.{step}.P",
            "status-lost",
            "MLflow's errors reach the client with the status of a success: something before it passes on what it "
            "answers and not its status, and the client takes an error for what it asked for",
            "have the status of each answer passed on with its body (in an application that forwards requests, give "
            "the response the status that MLflow's has)",
        )
        for step in ("lookup", "taken")
    ),
    Given(
        "artifact-root-is-a-path",
        "mlflow",
        "location.P",
        "path|file",
        "artifacts of a new experiment lie at a path on a disk, where each client writes to its own: "
        "--default-artifact-root, or the place of the experiment, is a folder",
        "start MLflow without --default-artifact-root, or with mlflow-artifacts:/, and with --artifacts-destination; "
        "experiments that are there already keep their place: make new ones",
    ),
    Given(
        "artifact-root-in-another-store",
        "mlflow",
        "location.P",
        "^(?:gs|wasbs?|abfss?|s3a|dbfs|hdfs|viewfs|s?ftp|https?|r2|oss|b2)$",
        "artifacts of a new experiment lie in a store to which each client writes itself, with a library and "
        "credentials of its own for it, and MLflow passes none of them on: --default-artifact-root, or the place of "
        "the experiment, names that store",
        "start MLflow without --default-artifact-root, or with mlflow-artifacts:/, and name the store in "
        "--artifacts-destination; experiments that are there already keep their place: make new ones. Else each "
        "client needs the library for that store, and credentials",
    ),
    Given(
        "artifact-root-at-an-unreached-host",
        "mlflow",
        "location.P",
        "unreached",
        "the artifact location of a new experiment names a host that clients do not reach, and they upload there: "
        "--default-artifact-root is mlflow-artifacts://HOST",
        "start MLflow with mlflow-artifacts:/ as --default-artifact-root, without a host; experiments that are there "
        "already keep their location: make new ones",
    ),
    Given(
        "new-ids-in-use",
        "mlflow",
        "meta.new-id.P",
        "in use",
        "MLflow's database numbers new experiments with ids that are in use, and MLflow says of each new name that it "
        "exists already: the counter stands behind, as it does after a copy or a restore that leaves counters out",
        "set the counter behind the highest id (in PostgreSQL: SELECT setval(pg_get_serial_sequence('experiments', "
        "'experiment_id'), (SELECT max(experiment_id) FROM experiments)))",
    ),
    Given(
        "missing-remembered",
        "proxy",
        "register.named.P",
        "404 json RESOURCE_DOES_NOT_EXIST",
        "what was asked for before it was made is still answered as missing, though it is found by its id: a cache "
        "before MLflow keeps its 404",
        "have no answers of the API kept, errors least of all (in nginx no proxy_cache_valid for 404 or any)",
    ),
    Given(
        "presigned-urls-lead-nowhere",
        "mlflow",
        "follow.P",
        "^(?:name|refused|timeout|reset)",
        "clients are sent to the store itself for downloads, by presigned URLs that name it as MLflow reaches it, and "
        "this machine does not reach it there",
        "set MLFLOW_S3_ENDPOINT_URL of MLflow to a name that clients reach too, or have clients set "
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD=false, so that MLflow passes the files on",
        unless=("follow.O", "."),
    ),
    Given(
        "presigned-urls-not-trusted",
        "network",
        "follow.P",
        "^tls",
        "clients are sent to the store itself for large files, by presigned URLs, and TLS fails there: this client "
        "does not trust the store's certificate, most likely, and tries for minutes before it asks MLflow for the file",
        "name the file of the authority in REQUESTS_CA_BUNDLE (MLFLOW_TRACKING_SERVER_CERT_PATH counts for MLflow's "
        "own address alone), or set MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD=false, so that MLflow passes the files on, "
        "or give the store a certificate that clients trust",
        unless=("follow.O", "."),
        also=(("text.get.P", r"^(?!.*made https)"),),
    ),
    Given(
        "artifacts-answered-with-nothing",
        "proxy",
        "list.P",
        r"^200 (?:empty|text|bytes)",
        "requests for artifacts are answered with 200 and not by MLflow, whose lists are documents: uploads seem to "
        "work, and nothing is kept",
        "have /api/2.0/mlflow-artifacts/ passed on to MLflow; what is passed on nowhere must not be answered with 200 "
        "(Caddy does that for a path that none of its handle blocks takes)",
    ),
    Given(
        "artifacts-led-to-the-store",
        "proxy",
        "put.P",
        r"^\d{3} xml s3:",
        "the store itself answers uploads, in XML and not as MLflow does: requests for artifacts are led to it, and "
        "MLflow is not asked",
        "have /api/2.0/mlflow-artifacts/ passed on to MLflow, which signs what it sends to the store; clients have no "
        "keys for it",
    ),
    Given(
        "idle-connections-swallowed",
        "network",
        "idle.P",
        "swallowed",
        "connections on which nothing is sent for some seconds are swallowed on the way, and neither side is told: "
        "clients keep theirs, and the next request on one waits until the client's time is over (120 seconds)",
        "have the device on the way (load balancer, firewall, NAT) keep idle connections for minutes, or reset those "
        "that it forgets; or have the proxy close idle ones sooner than that; until then clients can set "
        "MLFLOW_HTTP_TCP_KEEPALIVE_IDLE to fewer seconds",
    ),
    Given(
        "packed-files-called-encoded",
        "proxy",
        "name.gz.get.P",
        "^200 called ",
        "downloads of files that are packed themselves (*.gz) come with a Content-Encoding, so that clients unpack "
        "them and keep other bytes than were sent: something before MLflow sets it, which MLflow never does there",
        "have no Content-Encoding set by the name of a file on what MLflow answers (a line for *.gz, a type for its "
        "ending): only what packs an answer says so",
        unless=("name.gz.get.O", "^200 called "),
    ),
    Given(
        "packed-files-unpacked",
        "proxy",
        "name.gz.get.P",
        r"\(unpacked\)",
        "files that are packed themselves (*.gz) come back unpacked: something on the way takes their "
        "packing for that of the answer, and clients keep other bytes than were sent",
        "have bodies of downloads passed on byte for byte, packed or not",
        unless=("name.gz.get.O", r"\(unpacked\)"),
    ),
    Given(
        "replicas-of-different-versions",
        "mlflow",
        "version.turns.P",
        " ",
        "asked for its version several times, the server names several: replicas of different versions of MLflow serve "
        "one address, and a client meets each by turns",
        "bring all replicas to one version, and the database with them (mlflow db upgrade)",
    ),
    Given(
        "bodies-read-as-json",
        "proxy",
        "register.upload.P",
        "but-json",
        "of a model's files those that are JSON are taken, and no others: something before MLflow reads the body of "
        "each request as JSON",
        "have bodies passed on as bytes, whatever is in them, with their Content-Type",
    ),
    Given(
        "files-refused-by-name",
        "proxy",
        "register.upload.P",
        "^40[3456] (?:html|text|empty|xml) .*some$",
        "of a model's files some are taken, and others refused before MLflow: something there goes by their names or "
        "by what is in them, as a rule for file endings does",
        "have every path under /api/2.0/mlflow-artifacts/ passed on to MLflow before any rule for names or contents "
        "(in nginx: location ^~ /api/, which goes before locations by pattern)",
        unless=("register.refused-by.P", "type|content|filter"),
    ),
    Given(
        "hidden-files-refused",
        "proxy",
        "name.dot.P",
        r"^40[34] (?:html|text|empty)",
        "files whose names begin with a dot are refused before MLflow, and others are taken: a rule that keeps the "
        "hidden files of a web site from visitors",
        "have every path under /api/2.0/mlflow-artifacts/ passed on to MLflow before any rule for names",
        also=(("put.P", "^200"), ("name.space.P", "^200")),
        settings={"nginx": "location ^~ /api/, which goes before locations by pattern"},
    ),
    Given(
        "key-runs-out",
        "auth",
        "repeat.search.P",
        "^all 401",
        "the key was let in at first, and is refused by now: it ran out meanwhile, or was taken back",
        "have keys live longer than a registration takes, or take a new one for each (MLFLOW_TRACKING_TOKEN is read "
        "anew for each process)",
        unless=("again.met.P", "."),
    ),
    Given(
        "barred-after-many-requests",
        "proxy",
        "repeat.search.P",
        "^(?:all 403|(?:200 )+403(?: 403)*)$",
        "what was let in at first is refused with 403 by now: a limit of requests, as the rate rule of a firewall is, "
        "or a ban of this address; no right of the key is missing",
        "have the limit raised for clients of MLflow, which send some hundred requests a minute, and have it answer "
        "429 with Retry-After, which they wait for",
        unless=("again.met.P", "."),
    ),
    Given(
        "artifacts-at-another-mlflow",
        "proxy",
        "register.known.P",
        "200 json empty",
        "files are uploaded and come back, and the MLflow that keeps the model does not find them in its own store: "
        "requests for artifacts are led to another MLflow than the rest",
        "have /api/2.0/mlflow-artifacts/ led to the same MLflow as the rest, or give all of them one "
        "--artifacts-destination",
        unless=("list.P", "^200 json empty"),
    ),
    Given(
        "letters-of-paths-changed",
        "proxy",
        "list.letters.P",
        "small|capital",
        "paths are changed on the way, to small or to capital letters: files are kept under other names than they were "
        "sent with (mlmodel for MLmodel), and a client that loads a model does not find them",
        "have paths under /api/ passed on letter by letter: no rule that changes their case (ToLower of an IIS "
        "rewrite, a lower-case map)",
    ),
    Given(
        "stores-by-turns",
        "store",
        "list.turns.P",
        "by turns",
        "a file that was just uploaded is listed at one time and not at the next, and the store itself does not have "
        "what a URL leads to that MLflow signed: several stores that share nothing stand behind one address",
        "have one store answer at that address, or all of them share their data",
        also=(("follow.P", "^404"),),
    ),
    Given(
        "files-listed-by-turns",
        "mlflow",
        "list.turns.P",
        "by turns",
        "a file that was just uploaded is listed at one time and not at the next: several replicas answer here, each "
        "with a folder of its own for artifacts, or several stores that share nothing stand behind one address",
        "give all replicas one --artifacts-destination: a bucket of one store, or a folder that they share",
    ),
    Given(
        "model-files-of-each-replica",
        "mlflow",
        "register.files.P",
        "200 json other",
        "of the files of a model that were just uploaded some are not listed, and requests for files alone fail at one "
        "time and not at the next: several replicas answer here, each with a folder of its own for artifacts, or "
        "several stores that share nothing stand behind one address",
        "give all replicas one --artifacts-destination: a bucket of one store, or a folder that they share",
        unless=("again.bridged.P", r"^(?!.*, files alone$)"),
    ),
    *(
        Given(
            "addresses-rewritten-in-files",
            "proxy",
            "text.get.P",
            r"\(http made https in it\)",
            f"something before MLflow makes https:// of each http:// in whatever passes: files of text come back other "
            f"than they were sent{links}",
            "have nothing rewritten below /api/: neither files nor documents",
            unless=("text.get.O", "."),
            also=also,
            settings={
                "nginx": "sub_filter_types text/html alone, and no sub_filter in the location of /api/",
                "apache": "no Substitute and no ProxyHTMLURLMap for /api/",
            },
        )
        for links, also in (
            (
                (
                    ", and links to the store that MLflow gives to clients lead to TLS where none is spoken: a client "
                    "tries each for a minute before it asks MLflow for the file"
                ),
                (("follow.P", "^tls"),),
            ),
            ("", ()),
        )
    ),
    Given(
        "store-lists-late",
        "store",
        "list.late.P",
        "^after",
        "files are stored and come back by their names at once, and are listed some time later: the lists of the store "
        "are behind, and a client that loads a model it just logged finds no files",
        "have MLflow use a store whose lists show each file as soon as it is stored, or ask its gateway to keep none",
        also=(("list.P", "^200 json empty"), ("get.P", "^200 whole")),
    ),
    Given(
        "stored-files-not-listed",
        "store",
        "list.P",
        "^200 json empty",
        "files are stored and come back by their names, and each list of them is empty: a client that loads a model "
        "lists its files first, and finds none",
        "look at --artifacts-destination: two slashes in its path (s3://BUCKET//PREFIX) are kept by MLflow for names, "
        "and not by every store for lists; else ask the store itself for the same list",
        unless=("get.P", "^(?!200 whole)"),
    ),
    *(
        Given(
            "packed-and-not-said",
            "proxy",
            f"register.{step}.P",
            "unreadable|unlabelled",
            "answers are packed in another way than their Content-Encoding says, and the client cannot read them",
            "let one part alone pack answers, and have it set Content-Encoding to what it does; or leave packing off",
        )
        for step in ("lookup", "experiment", "files", "download")
    ),
    *_STORE_REFUSES,
)
"""Answers whose status is right, and that stop a client all the same; and what answers together show of the store."""


def broken_answers(facts: Facts) -> Iterator[Given]:
    """Yield which answers a client cannot read."""
    return (each for each in BROKEN_ANSWERS if each.holds(facts))


LET_IN = (
    Given(
        "any-key-let-in",
        "auth",
        "key.bad.P",
        "^200",
        "a key that nobody issued is let in: whoever checks keys looks whether one is there, not whether it is valid",
        "have each key verified before a request is passed on: its signature, or by the service that issues keys",
        unless=("key.none.P", "^200"),
    ),
    Given(
        "artifacts-open-to-strangers",
        "auth",
        "open.main.P",
        r"^(?!.*\brest:2).*\b(?:put|get|list|presign):2",
        "artifacts can be written or read without a key, though metadata asks for one: what checks keys covers "
        "/api/2.0/mlflow/, and not /api/2.0/mlflow-artifacts/",
        "ask for a key on every path, and exempt /health alone, by its whole path",
    ),
    Given(
        "routes-open-to-strangers",
        "auth",
        "open.main.P",
        r"^(?!.*\brest:2).*\b(?:write|delete|patch|put|get|list|multipart|ajax|ajax-artifacts):(?:2|40[04])",
        "some routes are served without a key, though others ask for one",
        "ask for a key on every path, and exempt /health alone, by its whole path",
    ),
)
"""Who is let in without a valid key, by what was seen alone: it counts if no cause fits, and each step works."""


def let_in(facts: Facts) -> Given | None:
    """Return which strangers are let in, ``None`` if none were seen to be."""
    odd = {fact.name for fact in facts.anomalies}
    return next((each for each in LET_IN if each.fact in odd and each.holds(facts)), None)


NOW_AND_THEN = (
    Given(
        "late",
        "",
        "again.late.P",
        ".",
        "what was refused at first works some seconds later: a copy that lags, a cache, or something that takes effect "
        "late; no permission is missing",
        "have reads answered by where writes go, or by one replica; keep no answers; wait until a new key or right is "
        "known everywhere",
    ),
    Given(
        "key-known-now-and-then",
        "auth",
        "again.met.P",
        r"^[^:]*: 401\b(?! \d)",
        "the same key is let in at one time and refused at another: of several servers that check keys, one does not "
        "know it, or what they ask about keys fails at times",
        "ask each of them by itself with this key, and give all of them one list of keys, or one service to ask",
    ),
    Given(
        "one-of-several-proxies-differs",
        "proxy",
        "again.met.P",
        ", before MLflow$",
        "the same request is passed on at one time, and refused before MLflow at another: of several instances of what "
        "stands before MLflow, one is not configured like the rest",
        "ask each instance by itself, and give all of them one configuration: the same routes, methods and limits for "
        "bodies",
    ),
    Given(
        "one-of-several-is-no-mlflow",
        "proxy",
        "again.met.P",
        ", by no MLflow$",
        "the same request reaches MLflow at one time, and another application at another: among the servers to which "
        "what stands before MLflow spreads requests, one is no MLflow",
        "look at what chooses these servers, and take that one out: the labels that a Service selects by, the members "
        "of an upstream or of a target group, the addresses of a name",
    ),
    Given(
        "one-of-several-refuses-the-host",
        "mlflow",
        "again.met.P",
        ", by MLflow's host check$",
        "the same request is served at one time, and its host name refused by MLflow at another: one of several "
        "replicas allows other host names than the rest",
        "start all replicas with the same --allowed-hosts (MLFLOW_SERVER_ALLOWED_HOSTS)",
    ),
    Given(
        "files-of-each-replica",
        "mlflow",
        "again.met.P",
        "404.*, files alone$",
        "a file that was just uploaded is found at one time and not at another, and what the database keeps is always "
        "found: several replicas answer here, each with a folder of its own for artifacts",
        "give all replicas one --artifacts-destination: a bucket, or a folder that they share",
    ),
    Given(
        "fails-now-and-then",
        "",
        "again.met.P",
        ".",
        "the same request is refused at one time and served at another: one of several replicas is not like the rest, "
        "or what was just written is found late",
        "ask each replica by itself, and start all with the same settings, keys and database",
    ),
    Given(
        "uploads-now-and-then",
        "store",
        "repeat.put.P",
        r"^(?=.*\b200\b)(?:(?:200|500) )+(?:200|500)$",
        "one and the same upload passes at one time, and ends in a failure of MLflow's own at another, while searches "
        "always pass: the store throttles (SlowDown) or fails at times, or one of several replicas does not reach it",
        "read MLflow's log at that time; have the store take more requests a second, and let MLflow's client of it "
        "repeat them (AWS_MAX_ATTEMPTS, AWS_RETRY_MODE=adaptive)",
        also=(("repeat.search.P", "^all 200$"),),
    ),
    Given(
        "store-now-and-then",
        "store",
        "again.bridged.P",
        r"(?:[3-9]|\d{2,}) of \d+: (?!.*429).*, files alone$",
        "requests for files alone fail for a moment, and go through when they are repeated, as the MLflow client does "
        "by itself: the store throttles (SlowDown) or fails at times, and MLflow does not bridge it",
        "read MLflow's log at that time; have the store take more requests a second, and let MLflow's client of it "
        "repeat them (AWS_MAX_ATTEMPTS, AWS_RETRY_MODE=adaptive)",
    ),
    Given(
        "one-of-several-is-down",
        "proxy",
        "again.bridged.P",
        r"^\d+ of \d+: (?:(?:502|503|504|reset|refused|protocol) ?)+, a large part$",
        "a large part of all requests fails, and goes through when repeated, as the MLflow client does by itself: "
        "what spreads requests over several servers still sends them to one that is down",
        "have what spreads requests look which servers are up (health checks), and take the one that is not out of it",
    ),
    Given(
        "busy-now-and-then",
        "",
        "again.bridged.P",
        ".",
        "some requests fail for a moment, and go through when they are repeated, as the MLflow client does by itself",
        "look at which part answers these: a replica that is down, too few workers, a limit of requests a second",
    ),
)
"""What fails at times, the worst first: it counts if no cause is likely at least."""
