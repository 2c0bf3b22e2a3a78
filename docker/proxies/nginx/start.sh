#!/bin/sh
# Put addresses into the configuration and serve it. MLFLOW_ADDRESS and AUTH_ADDRESS are HOST:PORT; TLS is taken at
# LISTEN_TLS_PORT where TLS_CERTIFICATE and TLS_CERTIFICATE_KEY name files.
set -eu
: "${MLFLOW_ADDRESS:?where MLflow is, HOST:PORT}" "${AUTH_ADDRESS:?where the auth service is, HOST:PORT}"
mkdir -p /tmp/nginx
tls='#'
[ -z "${TLS_CERTIFICATE:-}" ] || tls=''
sed -e "s|@LISTEN_PORT@|${LISTEN_PORT}|" -e "s|@MLFLOW@|${MLFLOW_ADDRESS}|g" -e "s|@AUTH@|${AUTH_ADDRESS}|g" \
  -e "s|@TLS@|${tls}|" -e "s|@LISTEN_TLS_PORT@|${LISTEN_TLS_PORT:-8443}|" -e "s|@CERTIFICATE@|${TLS_CERTIFICATE:-}|" \
  -e "s|@CERTIFICATE_KEY@|${TLS_CERTIFICATE_KEY:-}|" /etc/nginx/registry.conf >/tmp/nginx/nginx.conf
exec nginx -e stderr -c /tmp/nginx/nginx.conf -g 'daemon off;'
