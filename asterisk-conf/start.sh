#!/bin/sh
# Fills the configuration with this container's addresses and starts Asterisk. Each value comes
# from an environment variable of the same name.
set -eu

: "${ARI_PASSWORD:?set ARI_PASSWORD, the password the edges use}"
: "${BIND:=127.0.0.1}" "${SIP_PORT:=5060}" "${ARI_HOST:=127.0.0.1}" "${ARI_PORT:=8088}"
: "${RTP_START:=10000}" "${RTP_END:=19999}" "${CARRIER_HOST:=127.0.0.2}" "${CARRIER_PORT:=5070}"
: "${QUALIFY_SECONDS:=10}" "${PATIENCE_SECONDS:=60}"
: "${MOH_DIR:=/srv/queue-edge/sounds/moh/default}"
: "${RINGBACK_DIR:=/srv/queue-edge/sounds/moh/ringback}"
: "${MEDIA_DIR:=/var/spool/asterisk/recording/media}"
: "${SORRY_PROMPT:=/srv/queue-edge/edge/prompts/audio/en/sorry-no-edge}"

mkdir -p "$MEDIA_DIR"

for name in BIND SIP_PORT ARI_HOST ARI_PORT ARI_PASSWORD RTP_START RTP_END CARRIER_HOST \
  CARRIER_PORT QUALIFY_SECONDS PATIENCE_SECONDS MOH_DIR RINGBACK_DIR SORRY_PROMPT MEDIA_DIR; do
  eval "value=\$$name"
  case "$value" in *[!A-Za-z0-9._/:@%+=,\&-]*)
    echo "$name has a character that a configuration file does not take" >&2
    exit 1
    ;;
  esac
  printf 's|[$]{%s}|%s|g\n' "$name" "$(printf %s "$value" | sed 's/&/\\&/g')"
done >/tmp/values.sed

for template in /usr/local/share/queue-edge/asterisk-conf/*.conf; do
  sed -f /tmp/values.sed "$template" >"/etc/asterisk/$(basename "$template")"
done
rm /tmp/values.sed

# Debian's own folders; Asterisk knows them.
printf '[options]\nnocolor = yes\nsystemname = queue-edge\ndefaultlanguage = en\n' \
  >/etc/asterisk/asterisk.conf

exec /usr/sbin/asterisk -f
