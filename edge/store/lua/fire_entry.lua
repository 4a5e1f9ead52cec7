-- purpose: what was due for an entry: the end of the longest wait or of the introduction, a new round,
--   wider penalties, one phone more, or the end of waiting for the preferred agent
-- keys: KEYS[1] account tag
-- args: run, entry, edges alive separated by spaces
-- returns: FIRED | NOT_DUE | SILENT_OWNER
-- publishes: entry_left, leg_ended
local entry = load('entry', ARGV[2])
local f = entry.f
local due = due_of(f, ENTRY_TIMES)
if not has_come(due) then return done('NOT_DUE') end
if has_come(f.timeout_at) then
  if f.stage == 'offered' and f.lets_ring == '1' then
    f.last_offer = '1'
    return done('FIRED')
  end
  -- A dead edge's caller waits for the takeover: somebody has to tell the caller.
  if not has(ARGV[3], f.owner) then return done('SILENT_OWNER') end
  end_entry(entry, 'timed_out')
  summon(f.owner, entry.id)
  return done('FIRED')
end
if has_come(f.intro_until) then f.intro_until = nil end
if has_come(f.prefer_until) then f.preferred, f.prefer_until = nil, nil end
if has_come(f.widen_at) then widen(f) end
if has_come(f.step_at) then
  local allowed = tonumber(f.allowed or 1) + 1
  f.allowed = tostring(allowed)
  f.step_at = allowed < tonumber(f.ring_max) and tostring(now + know(f.queue).step_ms) or nil
end

-- Whether a ready agent is left who was not tried: at most as many are seen as were. While it waits
-- for its preferred agent there are no others.
local function is_anybody_left()
  if f.preferred then return not has(f.tried, f.preferred) and is_standing(f.preferred, f.queue) end
  local least, most = tiers_of(f)
  local _, tried = string.gsub(f.tried or '', '%S+', '')
  for _, place in ipairs(redis.call('ZRANGEBYLEX', key('queue', f.queue, 'ready'),
      string.format('[%015.0f:', least), string.format('(%015.0f;', most), 'LIMIT', 0, tried + 1)) do
    if not has(f.tried, string.match(place, '[^:]*$')) then return true end
  end
  return false
end
if has_come(f.retry_at) then
  f.held_back, f.retry_at = nil, nil
  if f.tried and is_anybody_left() then
    f.retry_at = tostring(now + tonumber(redis.call('HGET', key('queue', f.queue), 'retry_ms') or 1000))
  else
    f.tried = nil
  end
end
look_at(f.queue)
return done('FIRED')
