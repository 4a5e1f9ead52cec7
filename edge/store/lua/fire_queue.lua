-- purpose: an edge was given heads and claimed nothing; look again
-- keys: KEYS[1] account tag
-- args: run, queue
-- returns: FIRED | NOT_DUE
-- publishes: nothing
local at = redis.call('ZSCORE', key('due'), 'queue:' .. ARGV[2])
if not at or tonumber(at) > now then return done('NOT_DUE') end
look_at(ARGV[2])
return done('FIRED')
