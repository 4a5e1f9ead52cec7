-- purpose: a window of calls is over: the ready agents of a queue are ranked anew, 100 a move
-- keys: KEYS[1] account tag
-- args: run, queue
-- returns: FIRED | NOT_DUE
-- publishes: nothing
local queue, what = ARGV[2], 'rerank:' .. ARGV[2]
local at = redis.call('ZSCORE', key('due'), what)
if not has_come(at) then return done('NOT_DUE') end

-- Whoever moves, moves ahead: nobody is met twice.
local from = redis.call('HGET', key('queue', queue), 'reranked_to') or ''
local places = redis.call('ZRANGEBYLEX', key('queue', queue, 'ready'),
  from == '' and '-' or '(' .. from, '+', 'LIMIT', 0, 100)
for _, place in ipairs(places) do
  local agent = {id = string.match(place, '[^:]*$')}
  agent.f = flat_hash(key('agent', agent.id))
  local rank = cjson.decode(redis.call('HGET', key('agent', agent.id, 'ranks'), queue))
  local new = standing(queue, agent, rank)
  redis.call('ZREM', key('queue', queue, 'ready'), place)
  redis.call('ZADD', key('queue', queue, 'ready'), 0, new)
  redis.call('HSET', key('agent', agent.id, 'standing'), queue, new)
end
if #places == 100 then
  redis.call('HSET', key('queue', queue), 'reranked_to', places[100])
  set_due(what, now)
else
  redis.call('HDEL', key('queue', queue), 'reranked_to')
  set_due(what, next_window(know(queue)))
end
look_at(queue)
return done('FIRED')
