#!/usr/bin/env bash
# probe.sh HOST PORT: try to connect from beside the instance. Exit 0 if HOST was reached, 1 if not; anything else
# counts as reached.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=providers/common.sh
. "$here/providers/common.sh"
# Its own failure must not look like an answer: 1 would be one.
answer=$(connect_from_inside "${1:?host}" "${2:?port}") || exit 70
echo "$answer"
case $answer in
  reached) exit 0 ;;
  "not reached") exit 1 ;;
  *) exit 70 ;;
esac
