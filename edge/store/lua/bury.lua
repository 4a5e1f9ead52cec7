-- purpose: forget a dead edge, all of whose accounts have been taken over
-- keys: KEYS[1] site tag
-- args: run, dead run
-- returns: BURIED
-- publishes: nothing
redis.call('ZREM', key('dead'), ARGV[2])
redis.call('HDEL', key('takers'), ARGV[2])
return cjson.encode({word = 'BURIED', now = now})
