-- One account's records, clock, dues and events. Every move begins with this part.
-- KEYS[1] is the account's hash tag; all keys of the move are built from it.
local tag = KEYS[1]

local function key(a, b, c)
  if c then return tag .. ':' .. a .. ':' .. b .. ':' .. c end
  if b then return tag .. ':' .. a .. ':' .. b end
  return tag .. ':' .. a
end

-- Redis' own time, never going back for this account.
local function read_clock()
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local last = tonumber(redis.call('GET', key('clock')) or '0')
  if now <= last then return last end
  redis.call('SET', key('clock'), now)
  return now
end
local now = read_clock()
local stamp = tostring(now)

-- Records are loaded once, changed in memory, and written by commit() where they differ.
local loaded, in_order = {}, {}

local function flat_hash(name)
  local flat, fields = redis.call('HGETALL', name), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function load(kind, id)
  local name = kind .. ':' .. id
  if loaded[name] then return loaded[name] end
  local flat, f, was = redis.call('HGETALL', key(kind, id)), {}, {}
  for i = 1, #flat, 2 do
    f[flat[i]], was[flat[i]] = flat[i + 1], flat[i + 1]
  end
  local record = {kind = kind, id = id, f = f, was = was, exists = #flat > 0}
  if kind == 'agent' then
    if not f.occupancy then f.occupancy, was.occupancy = 'idle', 'idle' end
    if not f.device then f.device, was.device = 'unknown', 'unknown' end
  end
  loaded[name] = record
  in_order[#in_order + 1] = record
  return record
end

local function differs(record)
  for name, value in pairs(record.f) do
    if record.was[name] ~= value then return true end
  end
  for name in pairs(record.was) do
    if record.f[name] == nil then return true end
  end
  return false
end

-- Sets of ids are kept in one field, separated by spaces.
local function has(set, id)
  return set ~= nil and string.find(' ' .. set .. ' ', ' ' .. id .. ' ', 1, true) ~= nil
end
local function with(set, id)
  if has(set, id) then return set end
  return (set and set ~= '') and (set .. ' ' .. id) or id
end
local function without(set, id)
  local rest = {}
  for one in string.gmatch(set or '', '%S+') do
    if one ~= id then rest[#rest + 1] = one end
  end
  return #rest > 0 and table.concat(rest, ' ') or nil
end

-- Due times are written at the end, all at once: an agent back in 20 queues sets 20.
local dues = {}
local function set_due(what, at) dues[what] = at or false end

local function is_set(what)
  if dues[what] ~= nil then return dues[what] ~= false end
  return redis.call('ZSCORE', key('due'), what) ~= false
end

local function write_dues()
  local put, gone = {}, {}
  for what, at in pairs(dues) do
    if at then put[#put + 1], put[#put + 2] = at, what else gone[#gone + 1] = what end
  end
  if #put > 0 then redis.call('ZADD', key('due'), unpack(put)) end
  if #gone > 0 then redis.call('ZREM', key('due'), unpack(gone)) end
end

-- When a record is due: at the earliest of these fields. Firing handles each that has come.
local function due_of(f, times)
  local due
  for _, name in ipairs(times) do
    local at = tonumber(f[name] or nil)
    if at and (not due or at < due) then due = at end
  end
  return due
end
local function index_due(record, times)
  local due = due_of(record.f, times)
  if due ~= due_of(record.was, times) then set_due(record.kind .. ':' .. record.id, due) end
end
local function has_come(at)
  return at ~= nil and tonumber(at) <= now
end

-- The stream keeps the last 100,000 or so facts of the account.
local function publish(event, facts)
  redis.call('XADD', key('events'), 'MAXLEN', '~', 100000, '*',
    'event', event, 'at', stamp, 'facts', cjson.encode(facts))
end

local function summon(owner, entry)
  if owner ~= ARGV[1] then
    redis.call('PUBLISH', 'edge:' .. owner, tag .. ' ' .. entry)
  end
end
