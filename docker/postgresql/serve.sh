#!/bin/sh
# Make the cluster on first start, with the database `mlflow` and its owner of that name, and serve it.
# POSTGRES_PASSWORD is the owner's password; arguments go to the server.
set -eu
umask 077
if [ ! -s /data/cluster/PG_VERSION ]; then
  : "${POSTGRES_PASSWORD:?the password of the database's owner}"
  rm -rf /data/cluster
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --pgdata=/data/cluster --username=mlflow --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 \
    --locale=C.UTF-8 --no-sync >/dev/null
  rm /tmp/password
  echo 'CREATE DATABASE mlflow;' | postgres --single -D /data/cluster postgres >/dev/null
  echo 'host all all all scram-sha-256' >>/data/cluster/pg_hba.conf
fi
unset POSTGRES_PASSWORD
exec postgres -D /data/cluster --listen_addresses='*' "$@"
