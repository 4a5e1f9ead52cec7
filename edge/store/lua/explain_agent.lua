-- purpose: what an agent may be offered in each queue, at one moment; changes nothing
-- keys: KEYS[1] account tag
-- args: run, user, how many queues at most, how many entries of each at most
-- returns: SEEN
-- publishes: nothing
local user, most, depth = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local ranks = flat_hash(key('agent', user, 'ranks'))
local names = {}
for queue in pairs(ranks) do names[#names + 1] = queue end
table.sort(names)

local queues = {}
for i = 1, math.min(most, #names) do
  local queue = names[i]
  local offerable, line = key('queue', queue, 'offerable'), key('queue', queue, 'line')
  local ready = key('queue', queue, 'ready')
  local place = redis.call('HGET', key('agent', user, 'standing'), queue)
  local rank = place and redis.call('ZRANK', ready, place)
  local q, entries, urgency = know(queue), {}, '0'
  for _, id in ipairs(redis.call('ZRANGE', offerable, 0, depth - 1)) do
    local head = head_entry(queue, id)
    if #entries == 0 then urgency = urgency_of(queue, head) end
    entries[#entries + 1] = {head, redis.call('ZRANK', line, id) + 1}
  end
  queues[i] = {queue = queue, tier = cjson.decode(ranks[queue]).tier,
    standing = rank and rank + 1 or 0, ready_in_all = redis.call('ZCARD', ready),
    waiting = redis.call('ZCARD', line), offerable = redis.call('ZCARD', offerable),
    entries = entries, draw = q.draw, rings = q.rings, urgency = urgency}
end
return cjson.encode({word = 'SEEN', now = now, agent = flat_hash(key('agent', user)),
  queues = queues})
