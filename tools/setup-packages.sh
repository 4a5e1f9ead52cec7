#!/usr/bin/env bash
# Debian packages: Redis, ffmpeg for uploaded audio, and the robot phones, ears and voice of demo and
# tests. Installs those that are missing, through sudo when not root, and starts no service of theirs.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/progress.sh

# program:package
needed=(
  redis-server:redis-server
  baresip:baresip-core
  sipp:sip-tester
  tshark:tshark
  espeak-ng:espeak-ng
  ffmpeg:ffmpeg
  setpriv:util-linux
)
# Without an Asterisk in the cache or on the machine, one has to be fetched.
tools/setup-asterisk.sh --present || needed+=(mmdebstrap:mmdebstrap gpgv:gpgv)

missing=()
for pair in "${needed[@]}"; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

command -v apt-get >/dev/null ||
  die "this machine has no apt-get; install what corresponds to Debian's ${missing[*]} yourself"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    die "sudo is missing. As root: apt-get install --no-install-recommends ${missing[*]}"
  say "Debian packages are missing (${missing[*]}); sudo may ask for your password."
  sudo -v || die "no leave to install. As root: apt-get install ${missing[*]}"
  as_root=(sudo)
fi

# Debian starts a daemon as soon as its package is there; ours run only while you use them.
policy=/usr/sbin/policy-rc.d
ours=no
if [ ! -e "$policy" ]; then
  ours=yes
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
no_longer_ours() { [ "$ours" = no ] || "${as_root[@]}" rm -f "$policy"; }
trap no_longer_ours EXIT

apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
run_step "lists of Debian packages" "${apt[@]}" update ||
  say "  (going on with the lists that are there)"
run_step "Debian packages ${missing[*]}" \
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" ||
  die "apt-get could not install ${missing[*]}"
if [[ " ${missing[*]} " == *" redis-server "* ]] && [ -d /run/systemd/system ]; then
  "${as_root[@]}" systemctl disable --quiet redis-server ||
    say "  (redis-server may start with the machine; ours has its own port all the same)"
fi
