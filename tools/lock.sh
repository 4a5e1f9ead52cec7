#!/usr/bin/env bash
# Writes the lock files from the ranges in pyproject.toml: exact versions, with the hash of every
# file. Takes minutes. What is locked stays as it is where the ranges allow; UPGRADE=1 renews all.
# Run it with the oldest Python we promise (Debian 12's 3.11.2): a newer one leaves out what only
# older ones need (redis before 3.11.3: async-timeout).
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/progress.sh

python="${PYTHON:-/usr/bin/python3.11}"
[ "$("$python" -c 'import platform; print(platform.python_version())')" = 3.11.2 ] ||
  die "$python is not Python 3.11.2; name one that is: PYTHON=... make lock"

tool="$(mktemp -d)"
trap 'rm -rf "$tool"' EXIT
run_step "pip-tools" sh -c '"$0" -m venv "$1" && "$1/bin/pip" install --quiet pip-tools' \
  "$python" "$tool"
compile() {
  "$tool/bin/pip-compile" --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-annotate \
    ${UPGRADE:+--upgrade} "$@" pyproject.toml
}
# pip-tools says of setuptools that it is unsafe to pin; the wheel is built with it.
say_nothing_of_unsafe() { sed -i '/^# The following packages are considered/d' "$@"; }
run_step "requirements-dev.lock" compile --extra dev --build-deps-for wheel \
  --output-file requirements-dev.lock
run_step "requirements.lock" compile --constraint requirements-dev.lock \
  --output-file requirements.lock
say_nothing_of_unsafe requirements-dev.lock requirements.lock
