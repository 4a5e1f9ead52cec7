-- The heads of a queue: the first entries that may be offered and the first ready agents.
-- Whoever gets them is to claim; the due time mends it if they die before.
local LOOK_AGAIN_MS = 1000
local FIRST_LOOK = 2

-- Chance comes from the caller: Redis gives every script the same. Park and Miller's generator,
-- exact in doubles; the last argument of a move is its seed.
local chance = tonumber(ARGV[#ARGV]) or 1
local function draw()
  chance = chance * 16807 % 2147483647
  return chance
end

-- The classes of a ready set: tier, where it begins, how many.
local function classes_of(ready)
  local classes, start = {}, 0
  local first = redis.call('ZRANGE', ready, 0, 0)[1]
  while first do
    local tier = string.sub(first, 1, TIER_WIDTH)
    local count = redis.call('ZLEXCOUNT', ready, '[' .. tier .. ':', '(' .. tier .. ';')
    classes[#classes + 1] = {tier = tonumber(tier), start = start, left = count, taken = {}}
    start = start + count
    first = redis.call('ZRANGE', ready, start, start)[1]
  end
  return classes
end

-- Uniform: the lowest tier that is left. Weighted: any, each agent with weight 1 / (tier + 1).
local function draw_class(classes, is_weighted)
  local total = 0
  for _, class in ipairs(classes) do
    if class.left > 0 then
      if not is_weighted then return class end
      total = total + class.left / (class.tier + 1)
    end
  end
  local at, last = draw() / 2147483647 * total, nil
  for _, class in ipairs(classes) do
    if class.left > 0 then
      last, at = class, at - class.left / (class.tier + 1)
      if at < 0 then return class end
    end
  end
  return last
end

-- So many ready agents, each drawn from those who are left: a shuffle that is made as far as seen.
local function drawn(ready, depth, is_weighted)
  local classes, places = classes_of(ready), {}
  while #places < depth do
    local class = draw_class(classes, is_weighted)
    if not class then break end
    local at = draw() % class.left
    local last = class.left - 1
    local index = class.taken[at] or at
    class.taken[at], class.left = class.taken[last] or last, last
    places[#places + 1] = redis.call('ZRANGE', ready, class.start + index, class.start + index)[1]
  end
  return places
end

-- The texts of these entries; one that asks for an agent by name has that name while it waits and
-- the agent is ready.
local function head_texts(queue, ids)
  local texts = redis.call('HMGET', key('queue', queue, 'heads'), unpack(ids))
  for i, id in ipairs(ids) do
    if not texts[i] then texts[i] = note_head(id, fields_of(id)) end
    if texts[i] == ASKS_BY_NAME then
      local f = fields_of(id)
      local named = f.preferred or f.sticky
      local is_there = f.stage == 'waiting' and is_standing(named, queue)
      texts[i] = head_text(id, f, is_there and named)
    end
  end
  return texts
end

local function head_entry(queue, id) return head_texts(queue, {id})[1] end

-- The queue's weight, and the waiting time of its first entry in units of the account's aging.
local function urgency_of(queue, text)
  local q = know(queue)
  local waited = q.aging > 0 and (now - string.match(text, '^%d+')) / q.aging or 0
  return string.format('%.17g', q.weight + waited)
end

-- Queue, depth, how it draws and rings, urgency, entries as texts, agents as their names in the
-- ready set, which begin with the tier and end with the user.
local function heads_of(queue, depth)
  local ready = key('queue', queue, 'ready')
  local ids = redis.call('ZRANGE', key('queue', queue, 'offerable'), 0, depth - 1)
  local places = ids[1] and redis.call('ZRANGE', ready, 0, depth - 1)
  if not (places and places[1]) then
    set_due('queue:' .. queue, nil)
    return nil
  end
  set_due('queue:' .. queue, now + LOOK_AGAIN_MS)
  local q, texts = know(queue), head_texts(queue, ids)
  if q.draw ~= 'none' then
    places = drawn(ready, depth, q.draw == 'weighted')
  elseif q.rings == 'all' and q.ring_max > depth then
    places = redis.call('ZRANGE', ready, 0, q.ring_max - 1)
  end
  return {queue, depth, q.draw, q.rings, urgency_of(queue, texts[1]), texts, places}
end

-- An agent who became ready in many queues is served from one of them. The others are only named,
-- with their urgency and this agent: whoever claims looks at them if nothing comes of the first.
local function stub_of(queue, places)
  local first = redis.call('ZRANGE', key('queue', queue, 'offerable'), 0, 0)
  if not first[1] then
    set_due('queue:' .. queue, nil)
    return nil
  end
  set_due('queue:' .. queue, now + LOOK_AGAIN_MS)
  local q = know(queue)
  local text = q.aging > 0 and head_texts(queue, first)[1]
  table.sort(places)
  return {queue, 0, q.draw, q.rings, urgency_of(queue, text), {}, places}
end

-- What was looked at: whole, or where only an agent became ready, the most urgent whole. In one
-- order whatever was touched first: several queues draw from one chance.
local function heads_seen(depth)
  local found, stubs, best, urgency = {}, {}, nil, nil
  table.sort(look_order)
  for _, queue in ipairs(look_order) do
    if not looks[queue].is_whole then stubs[queue] = stub_of(queue, looks[queue]) end
    local own = stubs[queue] and tonumber(stubs[queue][5])
    if own and (not best or own > urgency) then best, urgency = queue, own end
  end
  for _, queue in ipairs(look_order) do
    local is_read = looks[queue].is_whole or queue == best
    found[#found + 1] = is_read and heads_of(queue, depth) or stubs[queue]
  end
  return found
end
