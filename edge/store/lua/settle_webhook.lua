-- purpose: an attempt is over: delivered, to be tried again after a while, or given up
-- keys: KEYS[1] account tag
-- args: run, webhook, delivered | failed | gone, ms until the next attempt, attempts at most, what
--   was answered
-- returns: SETTLED | STALE
-- publishes: webhook_delivered, webhook_given_up
local id, settled, answer = ARGV[2], ARGV[3], ARGV[6]
local w = held(id)
if not w then return done('STALE') end
if settled == 'delivered' then
  drop(id, w)
  publish('webhook_delivered', {webhook = id, attempts = tonumber(w.attempts)})
elseif settled == 'gone' then
  give_up(id, w, 'gone', answer)
elseif tonumber(w.attempts) >= tonumber(ARGV[5]) then
  give_up(id, w, 'attempts_spent', answer)
else
  redis.call('HDEL', key('outbox', id), 'holder')
  redis.call('HSET', key('outbox', id), 'answer', answer)
  redis.call('ZADD', key('outbox'), now + tonumber(ARGV[4]), id)
end
return done('SETTLED')
