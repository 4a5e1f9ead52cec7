-- Where an entry stands in its line. Places are unique among those of one priority.

-- The last place ever given: up to it, who comes asks whether a place is taken.
local function note_place(f)
  local last = tonumber(redis.call('HGET', key('queue', f.queue), 'last_place') or 0)
  if tonumber(f.place) > last then redis.call('HSET', key('queue', f.queue), 'last_place', f.place) end
end

-- At this place or the first free one behind it; who came just now stands behind all places ever
-- given, also those that callers of one millisecond took ahead of the clock.
local function stand_at_place(entry, place, came_now)
  local f = entry.f
  local last = tonumber(redis.call('HGET', key('queue', f.queue), 'last_place') or 0)
  if came_now then place = math.max(place, last + 1) end
  f.place = tostring(place)
  while place <= last and is_place_taken(f) do
    place = place + 1
    f.place = tostring(place)
  end
  if place > last then redis.call('HSET', key('queue', f.queue), 'last_place', place) end
end

local function id_at(queue, place, priority)
  local at = score({priority = priority, place = place})
  return redis.call('ZRANGEBYSCORE', key('queue', queue, 'line'), at, at)[1]
end

-- Everybody from this place on, without a gap between them, one further back.
local function make_room(queue, place, priority, but)
  local id = id_at(queue, place, priority)
  while id and id ~= but do
    place = place + 1
    local moved, behind = load('entry', id).f, id_at(queue, place, priority)
    moved.place = tostring(place)
    while not behind and is_place_taken(moved) do  -- of one between answer and bridge
      place = place + 1
      moved.place, behind = tostring(place), id_at(queue, place, priority)
    end
    id = behind
  end
  note_place({queue = queue, place = place})
end

-- Directly ahead of whoever stands at this position now (1 is the head), with that one's priority;
-- beyond the last, behind the last.
local function stand_at_position(entry, position)
  local f, line = entry.f, key('queue', entry.f.queue, 'line')
  local own = redis.call('ZRANK', line, entry.id)
  local count = redis.call('ZCARD', line) - (own and 1 or 0)
  local function other(at)
    if at < 1 or at > count then return nil end
    local index = (own and at - 1 >= own) and at or at - 1
    return redis.call('ZRANGE', line, index, index)[1]
  end
  local ahead, behind = other(position - 1) or other(count), other(position)
  if behind then
    local next_one = fields_of(behind)
    f.priority, f.place = next_one.priority, tostring(tonumber(next_one.place) - 1)
    local is_free = not is_place_taken(f) or id_at(f.queue, f.place, f.priority) == entry.id
    if not is_free then
      f.place = next_one.place
      make_room(f.queue, tonumber(f.place), f.priority, entry.id)
    end
  elseif ahead then
    f.priority = tostring(math.min(tonumber(f.priority), tonumber(fields_of(ahead).priority)))
    stand_at_place(entry, math.max(now, tonumber(fields_of(ahead).place) + 1))
  end
end

-- A preferred agent who does not serve this queue is none.
local function prefer(f)
  local for_ms = tonumber(f.prefer_ms)
  f.prefer_ms = nil
  if not f.preferred then return end
  if redis.call('HEXISTS', key('queue', f.queue, 'members'), f.preferred) == 1 then
    f.prefer_until = tostring(now + for_ms)
  else
    f.preferred = nil
  end
end

-- A waiting caller of this edge pressed the key that leads to another queue.
local function press_key(entry, run, digit, to)
  if entry.f.owner ~= run or not in_line(entry.f) then return false end
  publish('option_pressed', {entry = entry.id, queue = entry.f.queue, digit = digit, to = to})
  return true
end

-- The caller has another place from now on.
local function lead_on(entry, digit, id)
  entry.f.pressed, entry.f.onward = digit, id
  end_entry(entry, 'routed')
end

-- Who spoke with this caller last, where the queue wants that agent first and not too long ago.
local function last_to_speak_with(caller, queue)
  local for_ms = tonumber(redis.call('HGET', key('queue', queue), 'sticky_ms') or 0)
  if for_ms == 0 or caller == '' then return nil end
  local user, at = string.match(redis.call('GET', key('spoke', caller)) or '', '(%S+) (%d+)')
  return user and now - tonumber(at) <= for_ms and user or nil
end
