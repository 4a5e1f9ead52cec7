-- purpose: an edge stops and gives its lease back; its calls are the others' to take over
-- keys: KEYS[1] site tag
-- args: run
-- returns: RETIRED
-- publishes: nothing
-- Also one that is buried already: what it did late, before it knew, is taken over too.
die(ARGV[1])
return cjson.encode({word = 'RETIRED', now = now})
