# shellcheck shell=bash
# What the three commands share. SNAPSHOT_PROVIDER names the file beside this one that knows the provider:
# restore_instance REFERENCE, connect_from_inside HOST PORT, remove_instance.
: "${DRILL_INSTANCE:?the name of the instance, restoreproof-drill-…}"
: "${DRILL_DB_HOST:?}" "${DRILL_DB_PORT:?}" "${DRILL_DB_USER:?}" "${DRILL_DB_PASSWORD:?}"

# The one thing that keeps these commands from production's instances, should every variable be wrong.
case $DRILL_INSTANCE in
  restoreproof-drill-*) ;;
  *) echo "$DRILL_INSTANCE: only instances named restoreproof-drill-… are a drill's" >&2; exit 64 ;;
esac

# libpq takes the password from here, so it is on no command line.
export PGHOST=$DRILL_DB_HOST PGPORT=$DRILL_DB_PORT PGUSER=$DRILL_DB_USER PGPASSWORD=$DRILL_DB_PASSWORD
export PGDATABASE=postgres PGCONNECT_TIMEOUT=10
# Nobody gets it who can't show a certificate for that name: DRILL_DB_CA is the file of the provider's authorities.
export PGSSLMODE=verify-full PGSSLROOTCERT=${DRILL_DB_CA:?}

# Return once the instance answers its administrator. The drill ends this at the restore's deadline.
await_instance() {
  until psql --no-psqlrc --quiet --command 'select 1' >/dev/null; do sleep 5; done
}

# The nonce is read from the environment by psql itself.
leave_marker() {
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
\getenv nonce RESTOREPROOF_MARKER
create table if not exists restoreproof_drill_marker
  (nonce text not null, created_at timestamptz not null default now());
delete from restoreproof_drill_marker;
insert into restoreproof_drill_marker (nonce) values (:'nonce');
SQL
}

provider=${SNAPSHOT_PROVIDER:-aws}
# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/$provider.sh"
