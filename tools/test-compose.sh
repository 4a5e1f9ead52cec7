#!/usr/bin/env bash
# Builds the containers, starts them, places a call to the queue as a phone does, and takes all down.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/progress.sh

if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  die "neither 'docker compose' nor docker-compose is there (Debian: apt-get install docker.io docker-compose)"
fi
# Its own names, so that containers and data of a site in use are not touched.
compose+=(--project-name queue-edge-test)

docker info >/dev/null 2>&1 || die "no Docker engine answers; start it, or join the group docker"
take_down() { "${compose[@]}" down --volumes >.run/log/compose-down.log 2>&1 || true; }
mkdir -p .run/log
trap take_down EXIT
run_step "container images" "${compose[@]}" build || exit 1
run_step "containers" "${compose[@]}" up --detach || exit 1
if ! .venv/bin/python -m lab.first_call; then
  "${compose[@]}" logs --no-color --tail 40 >&2
  exit 1
fi
say "the containers work"
