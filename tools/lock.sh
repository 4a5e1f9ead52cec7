#!/usr/bin/env bash
# Writes the lock files from the ranges in pyproject.toml: exact versions, with the hash of every
# file. Takes minutes. What is locked stays as it is where the ranges allow; UPGRADE=1 renews all.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/progress.sh

tool="$(mktemp -d)"
trap 'rm -rf "$tool"' EXIT
run_step "pip-tools" sh -c '"$0" -m venv "$1" && "$1/bin/pip" install --quiet pip-tools' \
  .venv/bin/python "$tool"
compile() {
  "$tool/bin/pip-compile" --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-annotate \
    ${UPGRADE:+--upgrade} "$@" pyproject.toml
}
run_step "requirements-dev.lock" compile --extra dev --build-deps-for wheel \
  --output-file requirements-dev.lock
run_step "requirements.lock" compile --constraint requirements-dev.lock \
  --output-file requirements.lock
