-- purpose: a waiting caller pressed a key; the entry stays, or ends with the key's disposition
-- keys: KEYS[1] account tag
-- args: run, entry, press, digit, disposition (empty: stays), webhook as JSON [id, url, name of the
--   secret, body] (empty: none), ms that this edge holds it, webhooks in the outbox at most, of
--   one call, of one number
-- returns: PRESSED | STALE
-- publishes: option_pressed, webhook_given_up, entry_left, leg_ended, agent_changed
local PRESS_KNOWN_MS = 600000
local press, disposition, webhook = key('pressed', ARGV[3]), ARGV[5], ARGV[6]
local entry = load('entry', ARGV[2])
local f = entry.f
if redis.call('EXISTS', press) == 1 then return done('PRESSED') end
if f.owner ~= ARGV[1] or not in_line(f) then return done('STALE') end
redis.call('SET', press, entry.id, 'PX', PRESS_KNOWN_MS)
local facts = {entry = entry.id, queue = f.queue, digit = ARGV[4]}
if disposition ~= '' then facts.disposition = disposition end
if webhook ~= '' then
  webhook = cjson.decode(webhook)
  facts.webhook = webhook[1]
end
publish('option_pressed', facts)
if facts.webhook then
  local hold_ms, longest = tonumber(ARGV[7]), tonumber(ARGV[8])
  put_in_outbox(webhook, entry, hold_ms, longest, tonumber(ARGV[9]), tonumber(ARGV[10]))
end
if disposition ~= '' then
  f.pressed = ARGV[4]
  end_entry(entry, disposition)
end
return done('PRESSED')
