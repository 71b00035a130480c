#!/usr/bin/env bash
# base_image.sh: print the name of the base image for BASE_IMAGE, made here if it can't be pulled.
#   BASE_IMAGE=$(compose/base_image.sh) docker compose -f compose/wipe/compose.yaml build
# Without a registry it is made of Debian's packages, as root, with mmdebstrap (half a minute, once); never in place
# of an image that BASE_IMAGE names, which has to be here or to be pulled.
set -euo pipefail
official=${BASE_IMAGE:-debian:bookworm-slim}
made=restoreproof/base:bookworm

here() { docker image inspect "$1" >/dev/null 2>&1; }
can_be_pulled() { timeout 60 docker pull --quiet "$official" >/dev/null 2>&1; }
# One that was made is kept, so that the layers on it stay cached: `docker image rm` it to begin anew.
was_made() { [ -z "${BASE_IMAGE:-}" ] && here "$made"; }

have_mmdebstrap() {
  command -v mmdebstrap >/dev/null && return
  if [ "$(id -u)" != 0 ]; then
    echo "base_image.sh: $official can't be pulled and mmdebstrap is missing: apt-get install mmdebstrap" >&2
    exit 2
  fi
  apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends mmdebstrap >&2
}

if here "$official" || { ! was_made && can_be_pulled; }; then
  echo "$official"
  exit
fi
if [ -n "${BASE_IMAGE:-}" ]; then
  echo "base_image.sh: BASE_IMAGE names $official, which is not here and can't be pulled" >&2
  echo "  next: \`docker pull $official\` says why; without BASE_IMAGE one is made of Debian's packages" >&2
  exit 2
fi
if ! here "$made"; then
  have_mmdebstrap
  echo "base_image.sh: $official can't be pulled; making $made of Debian's packages" >&2
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # What the official slim image leaves out is left out here too.
  mmdebstrap --quiet --variant=minbase --include=ca-certificates \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/log/*.log' \
    bookworm "$work/base.tar" >&2
  docker import "$work/base.tar" "$made" >/dev/null
fi
echo "$made"
