-- Entries: their places in the line and in the offerable part of it, and who owns them.
local ASKS_BY_NAME = '*'
local ENTRY_TIMES = {
  'retry_at', 'widen_at', 'step_at', 'prefer_until', 'intro_until', 'timeout_at'}

local function in_line(f)
  return f.stage == 'waiting' or f.stage == 'offered'
end

-- How many phones ring for it, of its queue until the first one does: then it goes on as it began,
-- whatever is configured meanwhile. What is indexed so depends on the record alone.
local function rings_of(f)
  local q = know(f.queue)
  return f.rings or q.rings, tonumber(f.ring_max or q.ring_max)
end

-- How many phones more may ring for it. One that is offered to an agent by name rings only there,
-- and when the longest wait is over nobody more is rung.
local function room_of(f)
  if f.alone or f.last_offer then return 0 end
  local rings, most = rings_of(f)
  local allowed = 1
  if rings == 'all' then allowed = most end
  if rings == 'progressively' then allowed = math.min(most, tonumber(f.allowed or 1)) end
  local _, ringing = string.gsub(f.ringing or '', '%S+', '')
  return math.max(0, allowed - ringing)
end
local function may_be_offered(f)
  return f.held_back == nil and f.intro_until == nil
end
local function is_offerable(f)
  return may_be_offered(f)
    and (f.stage == 'waiting' or (f.stage == 'offered' and room_of(f) > 0))
end
local function waits_unoffered(f)
  return f.stage == 'waiting' and may_be_offered(f)
end
local function timeout_of(f)
  return in_line(f) and f.last_offer == nil and f.waits_until or nil
end
local function is_wait_over(f)
  return f.waits_until ~= nil and tonumber(f.waits_until) <= now
end
-- Out of the line, and back at its place when the agent is lost before the bridge stands.
local function is_connecting(f)
  return f.stage == 'connecting'
end

-- The tiers that may be rung for it now. While all ring, no tier behind those that ring.
local function tiers_of(f)
  local least, most = tonumber(f.min_tier or 0), tonumber(f.max_tier or 2147483648)
  if f.ring_tier and rings_of(f) == 'all' then most = math.min(most, tonumber(f.ring_tier)) end
  return least, most
end

-- The queue's penalty rule that holds after this waiting time, and when the next one does.
local function widen(f)
  local rules = know(f.queue).rules
  f.widen_at, f.min_tier, f.max_tier = nil, nil, nil
  for _, rule in ipairs(rules and cjson.decode(rules) or {}) do
    local at = tonumber(f.joined_at) + rule[1]
    if at <= now then
      f.min_tier, f.max_tier = tostring(rule[2]), tostring(rule[3])
    else
      f.widen_at = tostring(at)
      return
    end
  end
end

-- (2047 - priority) * 2^42 + place: exact, below 2^53.
local function score(f)
  return (2047 - tonumber(f.priority)) * 4398046511104 + tonumber(f.place)
end

local function is_place_taken(f)
  local at = score(f)
  return redis.call('ZCOUNT', key('queue', f.queue, 'line'), at, at) > 0
    or redis.call('ZCOUNT', key('queue', f.queue, 'connecting'), at, at) > 0
end

-- What an agent may be offered of it: where that changes, somebody is to look.
local function chances_of(f)
  local least, most = tiers_of(f)
  return table.concat({f.tried or '', room_of(f), least, most, f.preferred or ''}, '|')
end

local function index_in(set, entry, stands, stood, moved)
  if stands and (moved or not stood) then
    redis.call('ZADD', key('queue', entry.f.queue, set), score(entry.f), entry.id)
  elseif stood and not stands then
    redis.call('ZREM', key('queue', entry.f.queue, set), entry.id)
  end
end

-- What a match needs to know of it, in one text: when it joined, revision, owner, room, tiers, is
-- it reserved, for whom it asks by name, who was tried.
local function head_text(id, f, named)
  local least, most = tiers_of(f)
  return table.concat({f.joined_at, id, f.rev, f.owner, room_of(f), least, most,
    f.preferred and '1' or '0', named or '-', f.tried or ''}, ' ')
end

-- It is kept beside the line: a look then reads no entry. Whether who is asked for is ready only
-- the look can tell.
local function note_head(id, f)
  local text = (f.preferred or f.sticky) and ASKS_BY_NAME or head_text(id, f)
  redis.call('HSET', key('queue', f.queue, 'heads'), id, text)
  return text
end

local function index_entry(entry)
  local f, was = entry.f, entry.was
  if f.stage ~= 'waiting' then f.retry_at = nil end
  if f.stage ~= 'offered' then
    f.rings, f.ring_max, f.ring_tier, f.alone, f.allowed, f.step_at = nil, nil, nil, nil, nil, nil
    f.last_offer = nil
  end
  if not in_line(f) then
    f.widen_at, f.preferred, f.prefer_until, f.intro_until = nil, nil, nil, nil
  end
  local moved = f.place ~= was.place or f.priority ~= was.priority
  local offers, offered = is_offerable(f), is_offerable(was)
  index_in('line', entry, in_line(f), in_line(was), moved)
  index_in('offerable', entry, offers, offered, moved)
  index_in('connecting', entry, is_connecting(f), is_connecting(was), moved)
  if offers then
    note_head(entry.id, f)
    if moved or not offered or chances_of(f) ~= chances_of(was) then look_at(f.queue) end
  elseif offered then
    redis.call('HDEL', key('queue', f.queue, 'heads'), entry.id)
  end
  if waits_unoffered(f) ~= waits_unoffered(was) then touch(f.queue) end
  if was.owner and (was.owner ~= f.owner or f.stage == 'ended') then
    redis.call('SREM', key('owned', was.owner), entry.id)
  end
  if f.stage ~= 'ended' and f.owner ~= was.owner then
    redis.call('SADD', key('owned', f.owner), entry.id)
  end
  f.timeout_at = timeout_of(f)
  index_due(entry, ENTRY_TIMES)
end

-- The agents of an entry whose legs ring for it, freed without consequence: they were not tried.
local function cancel_legs(entry, but)
  for user in string.gmatch(entry.f.ringing or '', '%S+') do
    if user ~= but then
      local agent = load('agent', user)
      publish('leg_ended', {entry = entry.id, queue = entry.f.queue, user = user,
        leg = agent.f.leg, reason = 'cancelled'})
      free_leg(agent)
      entry.f.tried = without(entry.f.tried, user)
    end
  end
  entry.f.ringing = nil
end

-- This agent's phone is to ring for this entry: reserved until Asterisk has taken the dial.
local function reserve(agent, entry, leg, for_ms)
  local a, e = agent.f, entry.f
  note_dialled(e.queue, agent)
  a.occupancy, a.leg, a.leg_entry, a.leg_queue = 'reserved', leg, entry.id, e.queue
  a.leg_owner, a.wake_at, a.offered_at = e.owner, tostring(now + for_ms), stamp
  if e.stage ~= 'offered' then
    local rings, most = rings_of(e)
    e.rings, e.ring_max = rings, tostring(most)
  end
  e.stage = 'offered'
  e.ringing, e.tried = with(e.ringing, agent.id), with(e.tried, agent.id)
end

-- An entry ends before a conversation, with its one disposition.
local function end_entry(entry, disposition)
  local f = entry.f
  cancel_legs(entry)
  f.stage, f.disposition, f.ended_at = 'ended', disposition, stamp
  f.held_back = nil
  learn_left(f, disposition)
  publish('entry_left', {entry = entry.id, queue = f.queue, disposition = disposition,
    waited_ms = now - tonumber(f.joined_at)})
end

-- The fields of an entry, as loaded by this move or as they stand.
local seen = {}
local function fields_of(id)
  local record = loaded['entry:' .. id]
  if record then return record.f end
  if not seen[id] then seen[id] = flat_hash(key('entry', id)) end
  return seen[id]
end
