#!/usr/bin/env bash
# The Python environment .venv, with the exact versions and hashes of requirements-dev.lock. Made
# anew only when that file changes. PYTHON=... chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/progress.sh

lock=requirements-dev.lock
stamp=.venv/.made-from
now="$(sha256sum <"$lock")"
[ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && exit 0

python=
for one in ${PYTHON:-python3.11 /usr/bin/python3.11 python3}; do
  if "$one" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python="$one"
    break
  fi
done
[ -n "$python" ] || die "Python 3.11 with venv is needed (Debian: apt-get install python3.11 python3-venv)"

mkdir -p .run
exec 9>.run/python.lock
flock 9
[ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && exit 0
[ -x .venv/bin/python ] || run_step "Python environment" "$python" -m venv .venv ||
  die "the Python environment could not be made"
# --no-deps: the lock file names everything, also what others need.
run_step "Python packages" .venv/bin/python -m pip --disable-pip-version-check install \
  --no-deps --require-hashes --only-binary :all: --requirement "$lock" ||
  die "the Python packages could not be installed"
printf '%s\n' "$now" >"$stamp"
