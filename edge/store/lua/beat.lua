-- purpose: renew an edge's lease; edges whose lease ended are declared dead, once and for good
-- keys: KEYS[1] site tag
-- args: run, redis run id, lease ms, is the first beat in this Redis run (1/0), takes over (1/0)
-- returns: ALIVE | LEASE_LOST
-- publishes: nothing
local run, lease, is_first, takes_over = ARGV[1], tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1'

-- A new Redis: nobody could renew while it was away, so nobody is dead for one lease.
if redis.call('GET', key('redis_run')) ~= ARGV[2] then
  redis.call('SET', key('redis_run'), ARGV[2])
  for _, other in ipairs(redis.call('ZRANGE', key('edges'), 0, -1)) do
    redis.call('ZADD', key('edges'), now + lease, other)
  end
end

-- Dead, or buried by now: its calls are with others.
local is_known = redis.call('ZSCORE', key('edges'), run)
local word = 'ALIVE'
if redis.call('ZSCORE', key('dead'), run) or not (is_known or is_first) then
  word = 'LEASE_LOST'
else
  redis.call('ZADD', key('edges'), now + lease, run)
end
for _, other in ipairs(redis.call('ZRANGEBYSCORE', key('edges'), '-inf', now)) do
  die(other)
end

-- One edge takes over a dead one; when it dies over that, the next.
local dead, to_take = redis.call('ZRANGE', key('dead'), 0, -1), {}
for _, one in ipairs(dead) do
  local taker = redis.call('HGET', key('takers'), one)
  if takes_over and word == 'ALIVE' and not (taker and redis.call('ZSCORE', key('edges'), taker)) then
    redis.call('HSET', key('takers'), one, run)
    taker = run
  end
  if taker == run then to_take[#to_take + 1] = one end
end
return cjson.encode({word = word, now = now, dead = dead, to_take = to_take,
  leases = redis.call('ZRANGE', key('edges'), 0, -1, 'WITHSCORES')})
