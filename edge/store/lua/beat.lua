-- purpose: renew an edge's lease; edges whose lease ended are declared dead, once and for good
-- keys: KEYS[1] site tag
-- args: run, redis run id, lease ms
-- returns: ALIVE | LEASE_LOST
-- publishes: nothing
local run, lease = ARGV[1], tonumber(ARGV[3])

-- A new Redis: nobody could renew while it was away, so nobody is dead for one lease.
if redis.call('GET', key('redis_run')) ~= ARGV[2] then
  redis.call('SET', key('redis_run'), ARGV[2])
  for _, other in ipairs(redis.call('ZRANGE', key('edges'), 0, -1)) do
    redis.call('ZADD', key('edges'), now + lease, other)
  end
end

local word = 'ALIVE'
if redis.call('ZSCORE', key('dead'), run) then
  word = 'LEASE_LOST'
else
  redis.call('ZADD', key('edges'), now + lease, run)
end
for _, other in ipairs(redis.call('ZRANGEBYSCORE', key('edges'), '-inf', now)) do
  redis.call('ZREM', key('edges'), other)
  redis.call('ZADD', key('dead'), now, other)
end
return cjson.encode({word = word, now = now, alive = redis.call('ZRANGE', key('edges'), 0, -1),
  dead = redis.call('ZRANGE', key('dead'), 0, -1)})
