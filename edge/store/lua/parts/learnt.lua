-- What a queue learns from its calls: the twin of domain/estimate.py, to the last digit. One short
-- text: mean handling seconds, sum of its squared weights, callers lost, seconds waited by all.
local HANDLED_REMEMBERED, LEFT_REMEMBERED, ERRORS_REMEMBERED = 100, 500, 100
local LOST = 'abandoned routed option_hangup webhook_exit timed_out callback_expired callback_cancelled'
local learnt, taught = {}, {}

local function learnt_of(queue)
  if not learnt[queue] then
    local mean, squares, lost, waited = string.match(
      redis.call('GET', key('queue', queue, 'learnt')) or '0 inf 0 0', '(%S+) (%S+) (%S+) (%S+)')
    learnt[queue] = {mean = tonumber(mean), squares = tonumber(squares), lost = tonumber(lost),
      waited = tonumber(waited)}
  end
  return learnt[queue]
end

-- An agent is through with a call that was offered then.
local function learn_completed(queue, offered_at)
  local h, seconds = learnt_of(queue), (now - tonumber(offered_at)) / 1000
  taught[queue] = h
  if h.squares == math.huge then
    h.mean, h.squares = seconds, 1
    return
  end
  local weight = math.max(h.squares / (1 + h.squares), 1 / HANDLED_REMEMBERED)
  h.mean = h.mean + weight * (seconds - h.mean)
  h.squares = (1 - weight) ^ 2 * h.squares + weight ^ 2
end

local function learn_waited(queue, ms, lost)
  local h, kept = learnt_of(queue), 1 - 1 / LEFT_REMEMBERED
  taught[queue] = h
  h.lost, h.waited = h.lost * kept + lost, h.waited * kept + ms / 1000
end

-- The first time that was told is judged by the wait after it.
local function learn_answered(f)
  local answered_at = tonumber(f.answered_at)
  learn_waited(f.queue, answered_at - tonumber(f.joined_at), 0)
  if not f.promised_at then return end
  local errors, real_ms = key('queue', f.queue, 'errors'), answered_at - tonumber(f.promised_at)
  redis.call('RPUSH', errors, string.format('%.17g', tonumber(f.promised_ms) / 1000 - real_ms / 1000))
  redis.call('LTRIM', errors, -ERRORS_REMEMBERED, -1)
end

local function learn_left(f, disposition)
  learn_waited(f.queue, now - tonumber(f.joined_at), has(LOST, disposition) and 1 or 0)
end

local function write_learnt()
  for queue, h in pairs(taught) do
    redis.call('SET', key('queue', queue, 'learnt'),
      string.format('%.17g %.17g %.17g %.17g', h.mean, h.squares, h.lost, h.waited))
  end
end
