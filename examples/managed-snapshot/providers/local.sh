# shellcheck shell=bash
# A server of your own in the place of a provider's: a snapshot is a directory with globals.sql and one pg_dump -Fc for
# each database. PROBE_COMMAND HOST PORT says `reached` or `not reached`, from beside the server; STOP_COMMAND ends the
# server: one that still answers after `down` was not removed.

# LOCAL_PORT is where it takes these commands without TLS, on this machine.
export PGHOST=127.0.0.1 PGPORT=${LOCAL_PORT:?} PGSSLMODE=disable

restore_instance() {
  local dump own
  [ -d "$1" ] || { echo "there is no snapshot $1" >&2; exit 66; }
  await_instance
  # The server has administrators of its own: the snapshot's must not take their places, nor give them passwords.
  own=$(psql --no-psqlrc --tuples-only --no-align --command "select string_agg(rolname, '|') from pg_roles")
  grep -vE "^(CREATE|ALTER) ROLE \"?($own)\"?( |;)" "$1/globals.sql" |
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1
  for dump in "$1"/*.dump; do
    pg_restore --create --exit-on-error --dbname postgres "$dump"
  done
}

connect_from_inside() { "${PROBE_COMMAND:?}" "$1" "$2"; }

remove_instance() {
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
select format('drop database %I with (force)', datname) from pg_database
where not datistemplate and datname <> 'postgres' \gexec
SQL
  "${STOP_COMMAND:?}"
}
