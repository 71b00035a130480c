#!/usr/bin/env bash
# restore-snapshot.sh REFERENCE: make the drill's instance from a snapshot, and leave the drill's marker in it.
# The drill runs it and reads its exit code: 0 restored, 66 the provider has no such snapshot (the backup is lost),
# anything else the environment's fault: an unset variable ends it with 1, and so does whatever else goes wrong here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=providers/common.sh
. "$here/providers/common.sh"
reference=${1:?which snapshot}
: "${RESTOREPROOF_MARKER:?the drill sets it; by hand, take any text of 16 characters}"

echo "restoring $reference into $DRILL_INSTANCE" >&2
restore_instance "$reference"
await_instance
leave_marker
