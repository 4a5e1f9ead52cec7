-- purpose: a webhook that could not be tried goes back to the outbox; it was no attempt
-- keys: KEYS[1] account tag
-- args: run, webhook, ms until it may be taken again
-- returns: PUT_BACK | STALE
-- publishes: nothing
local w = held(ARGV[2])
if not w then return done('STALE') end
redis.call('HDEL', key('outbox', ARGV[2]), 'holder')
redis.call('HINCRBY', key('outbox', ARGV[2]), 'attempts', -1)
redis.call('ZADD', key('outbox'), now + tonumber(ARGV[3]), ARGV[2])
return done('PUT_BACK')
