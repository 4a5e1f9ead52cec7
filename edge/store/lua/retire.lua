-- purpose: an edge stops and gives its lease back; its calls are the others' to take over, also
--   those that it took after it was declared dead, before it knew
-- keys: KEYS[1] site tag
-- args: run
-- returns: RETIRED
-- publishes: nothing
die(ARGV[1])
return cjson.encode({word = 'RETIRED', now = now})
