# Runs a slow step with one line of progress; its words go to a log, shown only when it fails.
# Source it, then: run_step "what it is for" command arguments...

SETUP_LOGS="${SETUP_LOGS:-.run/log}"

say() { printf '%s\n' "$*" >&2; }

die() {
  printf 'Set-up stopped: %s\n' "$*" >&2
  exit 1
}

run_step() {
  local what="$1" started="$SECONDS" log pid said=0 seconds rc=0
  shift
  mkdir -p "$SETUP_LOGS"
  log="$SETUP_LOGS/setup-$(tr -c 'a-z0-9\n' '-' <<<"${what,,}").log"
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    seconds=$((SECONDS - started))
    if [ -t 2 ]; then
      printf '\r  %3d s  %s ' "$seconds" "$what" >&2
    elif [ $((seconds / 15)) -gt "$said" ]; then
      said=$((seconds / 15))
      say "  $seconds s  $what"
    fi
    sleep 0.2
  done
  wait "$pid" || rc=$?
  [ -t 2 ] && printf '\r' >&2
  if [ "$rc" -ne 0 ]; then
    printf '  failed %s (after %d s). The end of %s:\n' "$what" $((SECONDS - started)) "$log" >&2
    tail -n 20 "$log" >&2
    return "$rc"
  fi
  printf '  %3d s  %s: done\n' $((SECONDS - started)) "$what" >&2
}
