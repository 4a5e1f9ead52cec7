-- purpose: look at one queue further than a move does
-- keys: KEYS[1] account tag
-- args: run, queue, depth
-- returns: LOOKED
-- publishes: nothing
local heads = heads_of(ARGV[2], tonumber(ARGV[3]))
write_dues()
return cjson.encode({word = 'LOOKED', now = now, records = {}, heads = {heads}})
