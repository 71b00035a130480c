#!/usr/bin/env bash
# remove-instance.sh: the instance of the drill is gone afterwards, and so is everything that was restored into it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=providers/common.sh
. "$here/providers/common.sh"
remove_instance
