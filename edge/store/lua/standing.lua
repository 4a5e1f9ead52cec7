-- purpose: what the waiting time of an entry in line rests on, or that of one who would join now;
--   changes nothing
-- keys: KEYS[1] account tag
-- args: run, queue, entry (empty: one who would join), how many errors of promises at most
-- returns: SEEN | NOT_IN_LINE
-- publishes: nothing
local queue, id, most = ARGV[2], ARGV[3], tonumber(ARGV[4])
local position, joined_at, new = redis.call('ZCARD', key('queue', queue, 'line')) + 1, now, 1
if id ~= '' then
  local seen = redis.call('HMGET', key('entry', id), 'queue', 'joined_at')
  queue, joined_at = seen[1] or '', tonumber(seen[2] or nil)
  local rank = redis.call('ZRANK', key('queue', queue, 'line'), id)
  if not rank then return cjson.encode({word = 'NOT_IN_LINE', now = now}) end
  position, new = rank + 1, 0
end
local reply = prospect(queue, position, joined_at, new)
reply.word = 'SEEN'
reply.now = now
reply.learnt = redis.call('GET', key('queue', queue, 'learnt')) or ''
if most > 0 then
  reply.errors = redis.call('LRANGE', key('queue', queue, 'errors'), -most, -1)
end
local expected = expected_wait(queue, reply)
reply.expected = expected and string.format('%.17g', expected) or ''
return cjson.encode(reply)
