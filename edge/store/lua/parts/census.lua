-- How many members of a queue are in which condition, kept by the moves, so that nobody counts.
-- A condition: the factors of app_queue that apply to a member who is logged in, or `free`.
-- Work is a part of it only in the queues of `at_work`: their rules name ringing, inuse or wrapup.
local OF_WORK = {reserved = 'ringing', ringing = 'ringing', talking = 'inuse', wrap_up = 'wrapup'}
local OF_DEVICE = {unreachable = 'unavailable', invalid = 'invalid', unknown = 'unknown'}
local touched, touched_order = {}, {}

-- Somebody may have to leave this queue, or need not any more.
local function touch(queue)
  if not touched[queue] then
    touched[queue] = true
    touched_order[#touched_order + 1] = queue
  end
end

local function work_of(f)
  return OF_WORK[f.occupancy] or (f.device == 'in_use' and 'inuse' or nil)
end

local function condition_of(f, queue, with_work, is_unreached)
  local presence = presence_in(f, queue)
  if presence == 'logged_out' then return nil end
  local factors = {presence == 'paused' and 'paused' or nil}
  if is_unreached then factors[#factors + 1] = 'penalty' end
  factors[#factors + 1] = OF_DEVICE[f.device]
  if with_work then factors[#factors + 1] = work_of(f) end
  return #factors > 0 and table.concat(factors, ' ') or 'free'
end

-- Whether such a member serves the queue, now or when a call has ended: app_queue's `strict`.
local function serves(condition)
  return condition ~= nil and not has(condition, 'paused') and not has(condition, 'penalty')
    and not has(condition, 'unavailable') and not has(condition, 'invalid')
end

local function count_serving(queue, user, more)
  local team = redis.call('HGET', key('queue', queue, 'team_of'), user) or '0'
  redis.call('HINCRBY', key('queue', queue, 'serving'), team, more)
end

local function recount(agent)
  local f, was = agent.f, agent.was
  local is_new_everywhere = presence_changed(f, was) or OF_DEVICE[f.device] ~= OF_DEVICE[was.device]
  if not is_new_everywhere and work_of(f) == work_of(was) then return end
  local queues, with_work = redis.call('SMEMBERS', key('agent', agent.id, 'at_work')), {}
  for _, queue in ipairs(queues) do with_work[queue] = true end
  if is_new_everywhere then queues = redis.call('HKEYS', key('agent', agent.id, 'ranks')) end
  for _, queue in ipairs(queues) do
    local is_unreached = has(redis.call('HGET', key('queue', queue), 'unreached') or nil, agent.id)
    local before = condition_of(was, queue, with_work[queue], is_unreached)
    local after = condition_of(f, queue, with_work[queue], is_unreached)
    if before ~= after then
      if before then redis.call('HINCRBY', key('queue', queue, 'census'), before, -1) end
      if after then redis.call('HINCRBY', key('queue', queue, 'census'), after, 1) end
      if serves(before) ~= serves(after) then
        count_serving(queue, agent.id, serves(after) and 1 or -1)
      end
      touch(queue)
    end
  end
end

-- All members of a queue anew, whatever was counted before; `team_of` names those who serve other
-- queues as well.
local function count_anew(queue, members, team_of)
  redis.call('DEL', key('queue', queue, 'serving'), key('queue', queue, 'team_of'))
  for user, team in pairs(team_of) do
    redis.call('HSET', key('queue', queue, 'team_of'), user, team)
  end
  local names, counted = presence_fields(queue), {}
  local with_work = redis.call('HGET', key('queue', queue), 'counts_work') == '1'
  local unreached = redis.call('HGET', key('queue', queue), 'unreached') or ''
  names[#names + 1], names[#names + 2] = 'device', 'occupancy'
  for user in pairs(members) do
    redis.call(with_work and 'SADD' or 'SREM', key('agent', user, 'at_work'), queue)
    local seen, f = redis.call('HMGET', key('agent', user), unpack(names)), {}
    for i, name in ipairs(names) do f[name] = seen[i] or nil end
    f.device = f.device or 'unknown'
    local condition = condition_of(f, queue, with_work, has(unreached, user))
    if condition then counted[condition] = (counted[condition] or 0) + 1 end
    if serves(condition) then count_serving(queue, user, 1) end
  end
  redis.call('DEL', key('queue', queue, 'census'))
  for condition, count in pairs(counted) do
    redis.call('HSET', key('queue', queue, 'census'), condition, count)
  end
  set_due('empty:' .. queue, nil)
  touch(queue)
end

-- How many members count, when those to whom one of these factors applies do not.
local function counting(queue, factors)
  local census, count = redis.call('HGETALL', key('queue', queue, 'census')), 0
  for i = 1, #census, 2 do
    local counts = true
    for factor in string.gmatch(census[i], '%S+') do
      counts = counts and not has(factors, factor)
    end
    if counts then count = count + tonumber(census[i + 1]) end
  end
  return count
end

-- Why a caller may not join, or nil: app_queue's order, empty before full.
local function refusal(queue, join_empty, max_length, divert_ratio)
  if join_empty ~= '' and counting(queue, join_empty) == 0 then return 'join_empty' end
  if max_length == 0 and divert_ratio == 0 then return nil end
  local waiting = redis.call('ZCARD', key('queue', queue, 'line'))
  if max_length > 0 and waiting >= max_length then return 'queue_full' end
  if divert_ratio > 0 and waiting + 1 > divert_ratio * counting(queue, '') then
    return 'diverted'
  end
end

-- The first of those who wait and are not offered, at least so many if there are.
local function first_waiting(queue, most)
  local found, from = {}, 0
  repeat
    local ids = redis.call('ZRANGE', key('queue', queue, 'offerable'), from, from + most - 1)
    for _, id in ipairs(ids) do
      if redis.call('HGET', key('entry', id), 'stage') == 'waiting' then found[#found + 1] = id end
    end
    from = from + most
  until #found >= most or #ids < most
  return found
end

local function must_empty(queue)
  local factors = redis.call('HGET', key('queue', queue), 'leave_empty')
  return factors and factors ~= '' and counting(queue, factors) == 0
    and #first_waiting(queue, 1) > 0, factors
end

-- The lines that are to be emptied from now on: a due time each, as there may be many in them.
local function lines_to_empty()
  local new = {}
  for _, queue in ipairs(touched_order) do
    local must, factors = must_empty(queue)
    if must then
      if not is_set('empty:' .. queue) then
        set_due('empty:' .. queue, now)
        new[#new + 1] = {'empty:' .. queue, now}
      end
    elseif factors and factors ~= '' then
      set_due('empty:' .. queue, nil)
    end
  end
  return new
end
