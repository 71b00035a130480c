#!/bin/bash
# The entrypoint of the PostgreSQL image. It reads what the official image reads of these, so that either can
# be named in compose.yaml: POSTGRES_USER, POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, POSTGRES_INITDB_ARGS,
# PGDATA, and /docker-entrypoint-initdb.d/*.sql for a cluster that is new.
set -euo pipefail

if [ "${1:-postgres}" != postgres ]; then
  exec "$@"
fi

initialise() {
  local user=${POSTGRES_USER:-postgres} password=${POSTGRES_PASSWORD_FILE:-} made
  if [ -z "$password" ]; then
    : "${POSTGRES_PASSWORD:?a new cluster needs POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD}"
    password=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  fi
  # Made beside its place and moved there last: an interrupted start leaves no half of a cluster.
  made="$PGDATA.new"
  rm -rf "$made"
  # shellcheck disable=SC2086  # several arguments in one variable, as the official image has it
  initdb -D "$made" --username="$user" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 \
    ${POSTGRES_INITDB_ARGS:-}
  [ -n "${POSTGRES_PASSWORD_FILE:-}" ] || rm "$password"
  printf 'host all all all scram-sha-256\nhost replication all all scram-sha-256\n' >>"$made/pg_hba.conf"
  # Without a TCP address, so that nobody takes it for ready.
  pg_ctl -D "$made" -w -o "-c listen_addresses='' -c unix_socket_directories=$PGHOST" start
  local file
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ -e "$file" ] || continue
    echo "running $file"
    psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -U "$user" -d postgres -f "$file"
  done
  pg_ctl -D "$made" -w -m fast stop
  mv "$made" "$PGDATA"
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initialise
fi
unset POSTGRES_PASSWORD
shift || true
exec postgres -D "$PGDATA" -c listen_addresses='*' -c "unix_socket_directories=$PGHOST" "$@"
