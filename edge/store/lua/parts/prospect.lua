-- How long a caller is likely to wait: the twin of domain/estimate.py and domain/teams.py.
local LAST_STEP, STEPS_ADDED = 2 / 3, 128

local function serving_in(queue)
  local serving = 0
  for _, count in ipairs(redis.call('HVALS', key('queue', queue, 'serving'))) do
    serving = serving + tonumber(count)
  end
  return serving
end

-- Of the callers of another queue those whom an agent of both would serve before one who joined
-- ours then: by how long they have waited, and by the weight of the queues (see `urgency_of`).
local function ahead_in(other, queue, joined_at)
  local line, q, us = key('queue', other, 'line'), know(other), know(queue)
  local before = joined_at + (q.weight - us.weight) * q.aging
  if q.aging == 0 and q.weight ~= us.weight then
    return q.weight > us.weight and redis.call('ZCARD', line) or 0
  end
  return redis.call('ZCOUNT', line, '-inf', '(' .. string.format('%.0f', 2047 * 4398046511104 + before))
end

-- The members who serve now, by team: how many, and {name, callers ahead, agents} of each
-- other queue.
local function teams_of(queue, joined_at)
  local counted, found, seen = flat_hash(key('queue', queue, 'serving')), {}, {}
  local others = cjson.decode(redis.call('HGET', key('queue', queue), 'teams') or '[[]]')
  for at, names in ipairs(others) do
    local serving, rivals = tonumber(counted[tostring(at - 1)] or 0), {}
    if serving > 0 then
      for i, other in ipairs(names) do
        seen[other] = seen[other] or {other, ahead_in(other, queue, joined_at), serving_in(other)}
        rivals[i] = seen[other]
      end
      found[#found + 1] = {serving, rivals}
    end
  end
  return found
end

-- All that the waiting time of one who stands there rests on, and joined then; `new` is 1 for one who
-- is not in the line yet.
local function prospect(queue, position, joined_at, new)
  local line = key('queue', queue, 'line')
  local head = redis.call('ZRANGE', line, 0, 0)[1]
  local head_joined_at = head and redis.call('HGET', key('entry', head), 'joined_at') or stamp
  return {position = position, waiting = redis.call('ZCARD', line) + new,
    idle = redis.call('ZCARD', key('queue', queue, 'ready')),
    head_waited_ms = now - tonumber(head_joined_at), teams = teams_of(queue, joined_at)}
end

local function agents_together(position, teams, serving)
  local shared, rivals, free, ahead, everybody = {}, {}, 0, 0, serving
  for _, team in ipairs(teams) do
    local asked = 0
    for _, rival in ipairs(team[2]) do
      shared[rival[1]] = (shared[rival[1]] or 0) + team[1]
      rivals[rival[1]] = rival
      if rival[3] > 0 then asked = asked + rival[2] end
    end
    if asked == 0 then free = free + team[1] end
  end
  for name, rival in pairs(rivals) do
    if rival[2] > 0 and rival[3] > 0 then
      ahead, everybody = ahead + rival[2], everybody + math.max(rival[3] - shared[name], 0)
    end
  end
  return math.min(math.max(everybody * (position / (position + ahead)), free), serving)
end

local function agents_alone(position, teams, serving)
  local own, agents = position / serving, 0
  for _, team in ipairs(teams) do
    local pressure = own
    for _, rival in ipairs(team[2]) do
      if rival[3] > 0 then pressure = pressure + rival[2] / rival[3] end
    end
    agents = agents + team[1] * (own / pressure)
  end
  return agents
end

local function agents_for(position, teams)
  local serving = 0
  for _, team in ipairs(teams) do serving = serving + team[1] end
  if serving == 0 then return 0 end
  return (agents_together(position, teams, serving) + agents_alone(position, teams, serving)) / 2
end

-- Sum of 1 / (rate + j * theta) for j = 1 .. count; of a long line the rest by its integral.
local function steps_of(rate, theta, count)
  local sum, last = 0, math.min(count, STEPS_ADDED)
  for ahead = 1, last do sum = sum + 1 / (rate + ahead * theta) end
  if count <= last then return sum end
  if theta == 0 then return sum + (count - last) / rate end
  return sum + math.log((rate + (count + 0.5) * theta) / (rate + (last + 0.5) * theta)) / theta
end

-- Seconds, or nil where nobody serves or nothing was learnt.
local function expected_wait(queue, seen)
  local h, agents = learnt_of(queue), agents_for(seen.position, seen.teams)
  local departures = seen.position - seen.idle
  if agents <= 0 then return nil end
  if departures <= 0 then return 0 end
  if h.squares == math.huge then return nil end
  local rate = agents / math.max(h.mean, 1)
  local theta = h.waited > 0 and h.lost / h.waited or 0
  local by_length = LAST_STEP / rate + steps_of(rate, theta, departures - 1)
  local by_head = seen.head_waited_ms / 1000 * departures / seen.waiting
  local doubt = h.squares * (seen.waiting - 1)
  return by_length + doubt / (doubt + 2) * (by_head - by_length)
end

-- How many seconds a caller who joins there would wait, where that is longer than the queue wants.
local function too_long(f, position, longest_ms)
  if longest_ms == 0 then return nil end
  local line = key('queue', f.queue, 'line')
  -- Who came just now stands behind all of the same priority, whatever places they were given.
  local place = tonumber(f.joined_at) == now and 4398046511103 or f.place
  local own = score({priority = f.priority, place = place})
  local ahead = redis.call('ZCOUNT', line, '-inf', '(' .. string.format('%.0f', own))
  if position > 0 then ahead = math.min(position - 1, redis.call('ZCARD', line)) end
  local expected = expected_wait(f.queue, prospect(f.queue, ahead + 1, tonumber(f.joined_at), 1))
  return expected and expected * 1000 > longest_ms and expected or nil
end
