#!/usr/bin/env bash
# An Asterisk that is new enough, once per machine, in the user's cache. It is unpacked from
# Debian's packages and run where it lies: no root, nothing installed. With --present, only tell
# whether one is there (an installed one counts).
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/progress.sh

cache="${XDG_CACHE_HOME:-$HOME/.cache}/queue-edge"
root="${QUEUE_EDGE_ROOTFS:-$cache/asterisk-22.10-forky-r2}"

installed_is_new_enough() {
  local version
  version="$(PATH="$PATH:/usr/sbin" asterisk -V 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -n 1)"
  [ -n "$version" ] && printf '22.10\n%s\n' "$version" | sort -C -V
}

[ -x "$root/usr/sbin/asterisk" ] && exit 0
installed_is_new_enough && exit 0
[ "${1:-}" = --present ] && exit 1

mkdir -p "$cache"
exec 9>"$cache/lock"
if ! flock -n 9; then
  say "  another set-up on this machine is fetching Asterisk; waiting for it"
  flock 9
fi
[ -x "$root/usr/sbin/asterisk" ] && exit 0

# Debian 12 has no Asterisk; the release named forky has one of the right version. Valid-Until is
# not checked, so that a mirror frozen for reproducible builds may be used.
unpack() {
  mmdebstrap --mode=chrootless --variant=extract \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='APT::Install-Recommends "false"' \
    --include=asterisk,asterisk-core-sounds-en-gsm,asterisk-moh-opsound-wav \
    --include="$(printf 'asterisk-core-sounds-%s-wav,' en es fr it ru)" \
    forky "$1"
}

half_done="$(mktemp -d "$cache/unpacking.XXXXXX")"
trap 'rm -rf "$half_done"' EXIT
run_step "Asterisk 22.10 (once per machine, into $cache)" unpack "$half_done/root" ||
  die "Asterisk could not be fetched"
[ -x "$half_done/root/usr/sbin/asterisk" ] || die "there is no Asterisk in what was fetched"
# In one step, so that nobody ever sees half of it.
mv "$half_done/root" "$root"
