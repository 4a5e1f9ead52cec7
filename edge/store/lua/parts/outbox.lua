-- The outbox: webhooks on their way. Each is in the hands of the edge that wrote or took it until
-- its time in the sorted set has come; then any living edge may take it.
local GIVEN_UP_KEPT_MS = 2592000000
told.webhooks, told.given_up = {}, {}

local function hold(id, w, for_ms)
  redis.call('HSET', key('outbox', id), 'url', w.url, 'secret_ref', w.secret_ref, 'body', w.body,
    'attempts', w.attempts, 'holder', ARGV[1], 'written_at', w.written_at)
  redis.call('ZADD', key('outbox'), now + for_ms, id)
  local held = told.webhooks
  held[#held + 1] = {id, w.url, w.secret_ref, w.body, tonumber(w.attempts)}
end

local function drop(id)
  redis.call('DEL', key('outbox', id))
  redis.call('ZREM', key('outbox'), id)
end

-- Numbers of callers stand in it.
local function forget_old()
  redis.call('XTRIM', key('given_up'), 'MINID', string.format('%.0f', now - GIVEN_UP_KEPT_MS))
end

-- Delivered no more, and kept for a person to see: the last thousand or so.
local function give_up(id, w, reason, answer)
  drop(id)
  redis.call('XADD', key('given_up'), 'MAXLEN', '~', 1000, '*', 'webhook', id, 'url', w.url,
    'secret_ref', w.secret_ref, 'body', w.body, 'attempts', w.attempts, 'reason', reason,
    'answer', answer, 'written_at', w.written_at, 'given_up_at', stamp)
  redis.call('PEXPIRE', key('given_up'), GIVEN_UP_KEPT_MS)
  publish('webhook_given_up', {webhook = id, attempts = tonumber(w.attempts), reason = reason})
  local lost = told.given_up
  lost[#lost + 1] = {id, reason, tonumber(w.attempts), w.url}
end

-- The edge that writes it has it in its hands: it is delivered at once.
local function put_in_outbox(webhook, hold_ms, longest)
  local w = {url = webhook[2], secret_ref = webhook[3], body = webhook[4], written_at = stamp,
    attempts = '0'}
  if redis.call('ZCARD', key('outbox')) >= longest then
    return give_up(webhook[1], w, 'outbox_full', '')
  end
  w.attempts = '1'
  hold(webhook[1], w, hold_ms)
end

-- The webhook, where this edge still has it in its hands.
local function held(id)
  local w = flat_hash(key('outbox', id))
  return w.holder == ARGV[1] and w or nil
end
