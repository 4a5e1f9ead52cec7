-- Entries: their places in the line and in the offerable part of it, and who owns them.
local ENTRY_TIMES = {'retry_at'}

local function in_line(f)
  return f.stage == 'waiting' or f.stage == 'offered'
end
local function is_offerable(f)
  return f.stage == 'waiting' and f.held_back == nil
end
-- Out of the line, and back at its place when the agent is lost before the bridge stands.
local function is_connecting(f)
  return f.stage == 'connecting'
end

-- (2047 - priority) * 2^42 + place: exact, below 2^53.
local function score(f)
  return (2047 - tonumber(f.priority)) * 4398046511104 + tonumber(f.place)
end

local STANDS_IN = {line = in_line, offerable = is_offerable, connecting = is_connecting}

local function is_place_taken(f)
  local at = score(f)
  return redis.call('ZCOUNT', key('queue', f.queue, 'line'), at, at) > 0
    or redis.call('ZCOUNT', key('queue', f.queue, 'connecting'), at, at) > 0
end

local function index_entry(entry)
  local f, was = entry.f, entry.was
  local moved = f.place ~= was.place or f.priority ~= was.priority
  for name, stands in pairs(STANDS_IN) do
    if stands(f) and (moved or not stands(was)) then
      redis.call('ZADD', key('queue', f.queue, name), score(f), entry.id)
    elseif stands(was) and not stands(f) then
      redis.call('ZREM', key('queue', f.queue, name), entry.id)
    end
  end
  if is_offerable(f) and (not is_offerable(was) or f.tried ~= was.tried) then look_at(f.queue) end
  if was.owner and (was.owner ~= f.owner or f.stage == 'ended') then
    redis.call('SREM', key('owned', was.owner), entry.id)
  end
  if f.stage ~= 'ended' and f.owner ~= was.owner then
    redis.call('SADD', key('owned', f.owner), entry.id)
  end
  if f.stage ~= 'waiting' then f.retry_at = nil end
  index_due(entry, ENTRY_TIMES)
end

-- The agents of an entry whose legs ring for it, freed without consequence.
local function cancel_legs(entry, but)
  for user in string.gmatch(entry.f.ringing or '', '%S+') do
    if user ~= but then
      local agent = load('agent', user)
      publish('leg_ended', {entry = entry.id, queue = entry.f.queue, user = user,
        leg = agent.f.leg, reason = 'cancelled'})
      free_leg(agent)
    end
  end
  entry.f.ringing = nil
end
