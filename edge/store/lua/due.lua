-- purpose: what is due by now and has not fired; changes nothing
-- keys: KEYS[1] account tag
-- args: run, how many at most, how many of the first without
-- returns: LOOKED
-- publishes: nothing
local due = redis.call('ZRANGEBYSCORE', key('due'), '-inf', now, 'WITHSCORES',
  'LIMIT', ARGV[3], ARGV[2])
return cjson.encode({word = 'LOOKED', now = now, due = due})
