-- purpose: an edge stops and gives its lease back; its calls are the others' to take over
-- keys: KEYS[1] site tag
-- args: run
-- returns: RETIRED
-- publishes: nothing
if redis.call('ZSCORE', key('edges'), ARGV[1]) then die(ARGV[1]) end
return cjson.encode({word = 'RETIRED', now = now})
