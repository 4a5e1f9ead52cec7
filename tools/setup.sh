#!/usr/bin/env bash
# Installs what the project needs, only where it is missing: Debian packages, the Python
# environment, and Asterisk in the user's cache. Parts: packages python asterisk.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/progress.sh

for part in "${@:-packages python asterisk}"; do
  for name in $part; do
    case "$name" in
      packages | python | asterisk) "tools/setup-$name.sh" ;;
      *) die "there is no part '$name' (packages, python, asterisk)" ;;
    esac
  done
done
