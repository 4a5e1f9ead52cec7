-- Agents: who is ready, and where they stand in the ready sets of their queues.
-- The field `wake_at` of an idle agent is a back-off: not ready until it has fired.
local TIER_WIDTH = 15
local AGENT_TIMES = {'wake_at', 'pause_until', 'overlay_until'}
local looks, look_order = {}, {}

-- `place`: only because the agent of this place in the ready set has become ready.
local function look_at(queue, place)
  if not looks[queue] then
    looks[queue] = {}
    look_order[#look_order + 1] = queue
  end
  if place then table.insert(looks[queue], place) else looks[queue].is_whole = true end
end

local function is_ready(f)
  return f.logged_in_at ~= nil and f.paused_at == nil and f.occupancy == 'idle'
    and f.device ~= 'unreachable' and f.device ~= 'invalid' and f.device ~= 'in_use'
    and f.wake_at == nil
end

-- What a strategy's field is for an agent: of the agent in this queue (`…_here`), of the member,
-- or of the agent. Laps: who stands behind the last dialled in the order belongs to the next lap,
-- and who comes back from a break does not jump ahead.
local queues = {}
local function field_of(name, queue, agent, rank)
  local own = tonumber(agent.f[name .. ':' .. queue] or rank[name] or agent.f[name] or 0)
  if name == 'calls_in_window' then return agent.f.window == queues[queue].window and own or 0 end
  if name ~= 'lap_here' then return own end
  local lap = queues[queue].lap + (rank.order <= queues[queue].last_order and 1 or 0)
  return math.max(own, lap)
end

-- Windows have a fixed length and are numbered from 1970.
local function window_of(q)
  return q.window_ms > 0 and string.format('%.0f', math.floor(now / q.window_ms)) or '0'
end

local function next_window(q)
  return q.window_ms > 0 and (tonumber(q.window) + 1) * q.window_ms or nil
end

local function know(queue)
  if not queues[queue] then
    local seen = redis.call('HMGET', key('queue', queue), 'fields', 'lap', 'last_order', 'draw',
      'rings', 'ring_max', 'step_ms', 'weight', 'aging_ms', 'window_ms', 'rules')
    queues[queue] = {fields = seen[1] or '', lap = tonumber(seen[2] or 0),
      last_order = tonumber(seen[3] or -1), draw = seen[4] or 'none', rings = seen[5] or 'one',
      ring_max = tonumber(seen[6] or 1), step_ms = tonumber(seen[7] or 0),
      weight = tonumber(seen[8] or 0), aging = tonumber(seen[9] or 0),
      window_ms = tonumber(seen[10] or 0), rules = seen[11]}
    queues[queue].window = window_of(queues[queue])
  end
  return queues[queue]
end

local lists = {}
local function fields_in(text)
  if not lists[text] then
    lists[text] = {}
    for name in string.gmatch(text, '%S+') do table.insert(lists[text], name) end
  end
  return lists[text]
end

-- The strategy's fields, fixed width and lowest first, then the member's and the user's id.
local function standing(queue, agent, rank)
  local parts = {}
  for i, name in ipairs(fields_in(know(queue).fields)) do
    parts[i] = string.format('%015d', field_of(name, queue, agent, rank))
  end
  parts[#parts + 1] = rank.member
  parts[#parts + 1] = agent.id
  return table.concat(parts, ':')
end

-- What the queue's configuration says of the agent; nil of one who is no member.
local function rank_of(agent, queue)
  agent.ranks = agent.ranks or {}
  if not agent.ranks[queue] then
    local text = redis.call('HGET', key('agent', agent.id, 'ranks'), queue)
    agent.ranks[queue] = text and cjson.decode(text) or nil
  end
  return agent.ranks[queue]
end

local function goes_by(name, queue)
  return string.find(know(queue).fields, name, 1, true) ~= nil
end

-- This agent is dialled for this queue: what the orders of the round and the cycle go by.
local function note_dialled(queue, agent)
  local rank = rank_of(agent, queue)
  if not rank then return end
  if goes_by('last_rung_here', queue) then agent.f['last_rung_here:' .. queue] = stamp end
  if goes_by('lap_here', queue) then
    local lap = field_of('lap_here', queue, agent, rank)
    agent.f['lap_here:' .. queue] = tostring(lap)
    redis.call('HSET', key('queue', queue), 'lap', lap, 'last_order', rank.order)
  end
end

local function stand_in(queue, agent, rank)
  local place = standing(queue, agent, rank)
  redis.call('ZADD', key('queue', queue, 'ready'), 0, place)
  look_at(queue, place)
  return place
end

local function stand_ready(agent)
  local ranks = redis.call('HGETALL', key('agent', agent.id, 'ranks'))
  local places = {}
  for i = 1, #ranks, 2 do
    if not has(agent.f.out_of, ranks[i]) then
      local place = stand_in(ranks[i], agent, cjson.decode(ranks[i + 1]))
      places[#places + 1], places[#places + 2] = ranks[i], place
    end
  end
  if #places > 0 then redis.call('HSET', key('agent', agent.id, 'standing'), unpack(places)) end
end

local function is_standing(user, queue)
  return redis.call('HEXISTS', key('agent', user, 'standing'), queue) == 1
end

local function step_back(agent)
  local places = redis.call('HGETALL', key('agent', agent.id, 'standing'))
  for i = 1, #places, 2 do
    redis.call('ZREM', key('queue', places[i], 'ready'), places[i + 1])
  end
  redis.call('DEL', key('agent', agent.id, 'standing'))
end

-- A ready agent's overlays changed: out of those queues, or into them, and no other.
local function change_queues(agent)
  local f, was, of = agent.f, agent.was, key('agent', agent.id, 'standing')
  for queue in string.gmatch(f.out_of or '', '%S+') do
    local place = not has(was.out_of, queue) and redis.call('HGET', of, queue)
    if place then
      redis.call('ZREM', key('queue', queue, 'ready'), place)
      redis.call('HDEL', of, queue)
    end
  end
  for queue in string.gmatch(was.out_of or '', '%S+') do
    local rank = not has(f.out_of, queue) and redis.call('HGET', key('agent', agent.id, 'ranks'), queue)
    if rank then redis.call('HSET', of, queue, stand_in(queue, agent, cjson.decode(rank))) end
  end
end

local function index_agent(agent)
  local f, was = agent.f, agent.was
  local ready = is_ready(f) and '1' or nil
  if ready ~= was.ready then
    if ready then stand_ready(agent) else step_back(agent) end
    f.ready = ready
  elseif ready and f.out_of ~= was.out_of then
    change_queues(agent)
  end
  index_due(agent, AGENT_TIMES)
end

local function free_leg(agent)
  local f = agent.f
  f.occupancy, f.wake_at = 'idle', nil
  f.leg, f.leg_entry, f.leg_queue, f.leg_owner, f.called = nil, nil, nil, nil, nil
  f.offered_at = nil
  take_effect(agent)
end
