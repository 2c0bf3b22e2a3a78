"""Causes that appear only with many concurrent clients: derived from a load, never from a probe."""

from __future__ import annotations

from registry_conformance.judge.diagnosis.cause import Cause, clue, must

CAUSES = (
    Cause(
        id="load-database-pool-too-small",
        layer="mlflow",
        symptom="under-load",
        sentence="MLflow's pool of database connections is smaller than the number of requests that it takes at once",
        remedy="raise MLFLOW_SQLALCHEMYSTORE_POOL_SIZE and MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW to the number of "
        "requests that a worker takes at once, and the database's own limit with them",
        requirements=("LOA-008", "LOA-017"),
        clues=(must("load.errors.P", "500 pool"), clue("red.LOA-008", "failed")),
    ),
    Cause(
        id="load-served-one-at-a-time",
        layer="proxy",
        symptom="under-load",
        sentence="requests are served one after the other: a lock, or a single synchronous worker, stands in their way",
        remedy="give proxy and MLflow several workers or threads, and look for a lock that is held for a whole request",
        requirements=("LOA-020",),
        clues=(must("load.line.P", "one line"), clue("red.LOA-020", "failed")),
    ),
    Cause(
        id="load-version-numbers-raced",
        layer="mlflow",
        symptom="under-load",
        sentence="two registrations at the same time read the same last version number, and both are given the next",
        remedy="let the database give the number: keep the unique key on (name, version) and repeat the insert that it "
        "refuses; ask for SERIALIZABLE or a row lock if a plugin replaces MLflow's registry store",
        requirements=("LOA-001", "LOA-004", "LOA-006", "LOA-007"),
        clues=(must("load.numbers.P", "twice"), clue("red.LOA-004", "failed")),
    ),
    Cause(
        id="load-answers-shared-across-keys",
        layer="proxy",
        symptom="under-load",
        sentence="an answer that was made for one key is given to others who ask the same at that moment",
        remedy="take the registry's routes out of every cache and of request coalescing, or make Authorization and "
        "X-API-Key part of the cache's key",
        settings={"nginx": "no proxy_cache, no proxy_cache_lock", "squid": "collapsed_forwarding off"},
        requirements=("LOA-006", "LOA-007", "LOA-010"),
        clues=(must("load.strangers.P", "let in"), clue("red.LOA-010", "failed")),
    ),
    Cause(
        id="load-connections-limited",
        layer="proxy",
        symptom="under-load",
        sentence="the way to MLflow takes fewer requests at once than clients send, and refuses the others "
        "without a word when to come again",
        remedy="raise the limit of connections and pending requests, and answer what is too much 429 or 503 with "
        "Retry-After",
        requirements=("LOA-008", "LOA-017"),
        clues=(must("load.errors.P", "limit"), clue("red.LOA-008", "failed")),
        settings={"envoy": "circuit_breakers: thresholds", "nginx": "limit_conn, worker_connections"},
    ),
    Cause(
        id="load-uploads-lost-now-and-then",
        layer="store",
        symptom="under-load",
        sentence="some uploads are acknowledged and not stored: one writer among several, or a full disk, drops them",
        remedy="compare the workers and storage nodes behind the artifact route: find the one whose uploads are not "
        "in the bucket by the names in the proof, and take it out until it stores to the same bucket",
        requirements=("LOA-001", "LOA-006"),
        clues=(must("load.stored.P", "lost"), clue("red.LOA-001", "failed")),
    ),
)
