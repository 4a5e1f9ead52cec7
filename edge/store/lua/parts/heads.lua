-- The heads of a queue: the first entries that may be offered and the first ready agents.
-- Whoever gets them is to claim; the due time mends it if they die before.
local LOOK_AGAIN_MS = 1000

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

local function head_entry(queue, id)
  local f = fields_of(id)
  local named = f.preferred or f.sticky
  if named and (f.stage ~= 'waiting' or not is_standing(named, queue)) then named = nil end
  local least, most = tiers_of(f)
  return {id, f.rev, f.owner, f.tried or '', room_of(f), least, most, named or '',
    f.preferred and 1 or 0}
end

-- The queue's weight, and the waiting time of its first entry in units of the account's aging.
local function urgency_of(queue, first)
  local q, waited = know(queue), now - tonumber(fields_of(first).joined_at)
  return string.format('%.17g', q.weight + (q.aging > 0 and waited / q.aging or 0))
end

local function heads_of(queue, depth)
  local ready = key('queue', queue, 'ready')
  local entries = redis.call('ZRANGE', key('queue', queue, 'offerable'), 0, depth - 1)
  if #entries == 0 or redis.call('EXISTS', ready) == 0 then
    set_due('queue:' .. queue, nil)
    return nil
  end
  set_due('queue:' .. queue, now + LOOK_AGAIN_MS)
  local q = know(queue)
  local heads = {queue = queue, depth = depth, draw = q.draw, rings = q.rings, entries = {}, agents = {}}
  for i, id in ipairs(entries) do heads.entries[i] = head_entry(queue, id) end
  heads.urgency = urgency_of(queue, entries[1])
  local places
  if q.draw == 'none' then
    if q.rings == 'all' then depth = math.max(depth, q.ring_max) end
    places = redis.call('ZRANGE', ready, 0, depth - 1)
  else
    places = drawn(ready, depth, q.draw == 'weighted')
  end
  for i, place in ipairs(places) do
    heads.agents[i] = {string.match(place, '[^:]*$'), tonumber(string.sub(place, 1, TIER_WIDTH))}
  end
  return heads
end
