-- purpose: a caller joins the line of a queue at the place of the arrival or at a position, or is
--   turned away
-- keys: KEYS[1] account tag
-- args: run, entry, queue, place asked for, fields of the entry as JSON, position (0: none),
--   ms of the longest wait (empty: the queue's own), is closed (1/0), entry in another line that it
--   leaves by a key (empty: none), the key
-- returns: JOINED | REJECTED | ALREADY | STALE
-- publishes: entry_joined, entry_rejected, option_pressed, entry_left, leg_ended, agent_changed
local run, id, queue, position = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[6])
local entry, left = load('entry', id), ARGV[9] ~= '' and load('entry', ARGV[9])
if entry.exists then return done('ALREADY') end
if left and not press_key(left, run, ARGV[10], queue) then return done('STALE') end

local rules = redis.call('HMGET', key('queue', queue), 'join_empty', 'max_length', 'divert_ratio',
  'timeout_ms', 'lets_ring', 'divert_wait_ms')
local asked = math.max(now - 120000, math.min(tonumber(ARGV[4]), now))
local f, line = entry.f, key('queue', queue, 'line')
for name, value in pairs(cjson.decode(ARGV[5])) do f[name] = value end
f.queue, f.owner, f.party = queue, run, 'live'
f.place, f.joined_at = tostring(asked), tostring(asked)
f.lets_ring = rules[5] or '1'

local refused = ARGV[8] == '1' and 'closed'
  or refusal(queue, rules[1] or '', tonumber(rules[2] or 0), tonumber(rules[3] or 0))
local expected = not refused and too_long(f, position, tonumber(rules[6] or 0))
if expected then
  refused, f.expected_ms = 'diverted', string.format('%.0f', expected * 1000)
end
if refused then
  f.preferred, f.prefer_ms, f.intro_ms = nil, nil, nil
  f.stage, f.disposition, f.ended_at = 'ended', refused, stamp
  publish('entry_rejected', {entry = id, queue = queue, disposition = refused,
    expected_ms = tonumber(f.expected_ms)})
  return done('REJECTED')
end

if left then lead_on(left, ARGV[10], id) end
f.stage = 'waiting'
if f.intro_ms then f.intro_until, f.intro_ms = tostring(now + tonumber(f.intro_ms)), nil end
local longest = tonumber(ARGV[7] ~= '' and ARGV[7] or rules[4] or 0)
if longest > 0 then f.waits_until = tostring(now + longest) end
-- Places are unique in their queue: one who arrived while no edge lived goes between the others.
stand_at_place(entry, asked, asked == now)
if position > 0 then stand_at_position(entry, position) end
widen(f)

prefer(f)
f.sticky = last_to_speak_with(f.caller_number, queue)

local ahead = redis.call('ZCOUNT', line, '-inf', '(' .. string.format('%.0f', score(f)))
publish('entry_joined', {entry = id, queue = queue, position = ahead + 1, priority = f.priority})
look_at(queue)
return done('JOINED')
