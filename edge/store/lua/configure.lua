-- purpose: write one queue and its members; who is no member any more leaves its ready set
-- keys: KEYS[1] account tag
-- args: run, queue, settings as JSON {name: value}, members as JSON {user: {member, order}}, teams
--   as JSON {user: number}
-- returns: CONFIGURED
-- publishes: nothing
local queue, members = ARGV[2], cjson.decode(ARGV[4])
local function what_ranks()
  local fields, window = unpack(redis.call('HMGET', key('queue', queue), 'fields', 'window_ms'))
  local counts = fields and string.find(fields, 'calls_in_window', 1, true)
  return tostring(fields) .. (counts and tostring(window) or '')
end
local before, rang = what_ranks(), redis.call('HMGET', key('queue', queue), 'rings', 'ring_max')
for name, value in pairs(cjson.decode(ARGV[3])) do
  redis.call('HSET', key('queue', queue), name, value)
end
local after, restrategised = know(queue), before ~= what_ranks()
-- How many may ring is part of what is kept of the entries in line: it is made anew when looked at.
if rang[1] ~= after.rings or tonumber(rang[2] or nil) ~= after.ring_max then
  redis.call('DEL', key('queue', queue, 'heads'))
end

-- An agent's place in a ready set is made of what is configured: it is left and taken anew, in this
-- queue alone.
local function rank(user, text)
  local agent, stood = load('agent', user), key('agent', user, 'standing')
  local place = redis.call('HGET', stood, queue)
  if place then
    redis.call('ZREM', key('queue', queue, 'ready'), place)
    redis.call('HDEL', stood, queue)
  end
  if text then
    redis.call('HSET', key('agent', user, 'ranks'), queue, text)
    redis.call('HSET', key('queue', queue, 'members'), user, text)
  else
    redis.call('HDEL', key('agent', user, 'ranks'), queue)
    redis.call('HDEL', key('queue', queue, 'members'), user)
    redis.call('SREM', key('agent', user, 'at_work'), queue)
  end
  if text and agent.was.ready and not has(agent.f.out_of, queue) then
    redis.call('HSET', stood, queue, stand_in(queue, agent, cjson.decode(text)))
  end
end

for _, user in ipairs(redis.call('HKEYS', key('queue', queue, 'members'))) do
  if not members[user] then rank(user, nil) end
end
for user, text in pairs(members) do
  if restrategised or redis.call('HGET', key('queue', queue, 'members'), user) ~= text then
    rank(user, text)
  end
end
local counts = string.find(after.fields, 'calls_in_window', 1, true)
-- One that is due already, or half done, goes on.
if not counts or restrategised or not is_set('rerank:' .. queue) then
  set_due('rerank:' .. queue, counts and next_window(after) or nil)
end
count_anew(queue, members, cjson.decode(ARGV[5]))
look_at(queue)
return done('CONFIGURED')
