-- The outbox: webhooks on their way. Each is in the hands of the edge that wrote or took it until
-- its time in the sorted set has come; then any living edge may take it.
-- Numbers of callers stand in it: all of it has an end, also where its account is no more.
local KEPT_MS = 2592000000
local TOLD_AGAIN_MS = 3600000
told.webhooks, told.given_up = {}, {}

local function hold(id, w, for_ms)
  redis.call('HSET', key('outbox', id), 'url', w.url, 'secret_ref', w.secret_ref, 'body', w.body,
    'attempts', w.attempts, 'holder', ARGV[1], 'written_at', w.written_at, 'leg', w.leg,
    'caller', w.caller)
  redis.call('ZADD', key('outbox'), now + for_ms, id)
  redis.call('PEXPIRE', key('outbox', id), KEPT_MS)
  redis.call('PEXPIRE', key('outbox'), KEPT_MS)
  local held = told.webhooks
  held[#held + 1] = {id, w.url, w.secret_ref, w.body, tonumber(w.attempts)}
end

-- Whose webhook it is: of a call, and of the number that calls (empty: withheld).
local function senders(w)
  return w.caller == '' and {w.leg} or {w.leg, w.caller}
end

local function drop(id, w)
  redis.call('DEL', key('outbox', id))
  redis.call('ZREM', key('outbox'), id)
  for _, sender in ipairs(senders(w)) do redis.call('SREM', key('pending', sender), id) end
end

local function forget_old()
  redis.call('XTRIM', key('given_up'), 'MINID', string.format('%.0f', now - KEPT_MS))
end

-- Kept for a person to see: the last thousand or so.
local function keep_given_up(id, w, reason, answer)
  redis.call('XADD', key('given_up'), 'MAXLEN', '~', 1000, '*', 'webhook', id, 'url', w.url,
    'secret_ref', w.secret_ref, 'body', w.body, 'attempts', w.attempts, 'reason', reason,
    'answer', answer, 'written_at', w.written_at, 'given_up_at', stamp)
  redis.call('PEXPIRE', key('given_up'), KEPT_MS)
  local lost = told.given_up
  lost[#lost + 1] = {id, reason, tonumber(w.attempts), w.url}
end

local function publish_given_up(id, w, reason)
  publish('webhook_given_up', {webhook = id, attempts = tonumber(w.attempts), reason = reason})
end

-- Delivered no more.
local function give_up(id, w, reason, answer)
  drop(id, w)
  keep_given_up(id, w, reason, answer)
  publish_given_up(id, w, reason)
end

-- Of whom there are too many on their way; nil where there is room.
local function crowding(w, of_call, of_caller)
  for i, sender in ipairs(senders(w)) do
    local most = i == 1 and of_call or of_caller
    if redis.call('SCARD', key('pending', sender)) >= most then return sender end
  end
end

-- A key that is pressed on and on is told of once an hour: it would push what others lost out.
local function was_told_of(sender)
  local at = redis.call('GET', key('crowding', sender))
  if at and now - tonumber(at) < TOLD_AGAIN_MS then return true end
  redis.call('SET', key('crowding', sender), stamp, 'PX', TOLD_AGAIN_MS)
  return false
end

-- The edge that writes it has it in its hands: it is delivered at once.
local function put_in_outbox(webhook, entry, hold_ms, longest, of_call, of_caller)
  local w = {url = webhook[2], secret_ref = webhook[3], body = webhook[4], written_at = stamp,
    attempts = '0', leg = entry.f.leg, caller = string.gsub(entry.f.caller_number, '%D', '')}
  local sender = crowding(w, of_call, of_caller)
  if sender then
    if not was_told_of(sender) then keep_given_up(webhook[1], w, 'too_many', '') end
    return publish_given_up(webhook[1], w, 'too_many')
  end
  if redis.call('ZCARD', key('outbox')) >= longest then
    return give_up(webhook[1], w, 'outbox_full', '')
  end
  w.attempts = '1'
  hold(webhook[1], w, hold_ms)
  for _, one in ipairs(senders(w)) do
    redis.call('SADD', key('pending', one), webhook[1])
    redis.call('PEXPIRE', key('pending', one), KEPT_MS)
  end
end

-- The webhook, empty where it is no more.
local function on_its_way(id)
  local w = flat_hash(key('outbox', id))
  w.leg, w.caller = w.leg or '', w.caller or ''
  return w
end

-- The webhook, where this edge still has it in its hands.
local function held(id)
  local w = on_its_way(id)
  return w.holder == ARGV[1] and w or nil
end
