-- purpose: all that the decision about one entry rests on, at one moment; changes nothing
-- keys: KEYS[1] account tag
-- args: run, entry, how many members at most, how many entries ahead at most
-- returns: SEEN | UNKNOWN
-- publishes: nothing
local id, most, most_ahead = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local f = fields_of(id)
if not f.stage then return cjson.encode({word = 'UNKNOWN', now = now}) end
local reply = {word = 'SEEN', now = now, entry = f, position = 0}
if not in_line(f) then return cjson.encode(reply) end

local queue = f.queue
local offerable, ready = key('queue', queue, 'offerable'), key('queue', queue, 'ready')
local members = key('queue', queue, 'members')
reply.position = redis.call('ZRANK', key('queue', queue, 'line'), id) + 1
reply.ahead_in_all = redis.call('ZCOUNT', offerable, '-inf', '(' .. string.format('%.0f', score(f)))
reply.ahead = {}
for i = 1, math.min(most_ahead, reply.ahead_in_all) do
  reply.ahead[i] = head_entry(queue, redis.call('ZRANGE', offerable, i - 1, i - 1)[1])
end
if redis.call('ZSCORE', offerable, id) then reply.head = head_entry(queue, id) end
local q = know(queue)
reply.fields, reply.draw, reply.rings = q.fields, q.draw, q.rings
reply.members_in_all, reply.ready_in_all = redis.call('HLEN', members), redis.call('ZCARD', ready)

-- Who rings or is named, then who is ready and within the limits, then who is ready, then any.
local users, place_of, seen = {}, {}, {}
local function see(user, place)
  if not user or seen[user] or #users >= most then return end
  seen[user], place_of[user], users[#users + 1] = true, place, user
end
local function see_ready(places)
  for _, place in ipairs(places) do see(string.match(place, '[^:]*$'), place) end
end
for user in string.gmatch(f.ringing or '', '%S+') do see(user) end
see(f.preferred)
see(f.sticky)
local least, furthest = tiers_of(f)
local first, last = string.format('[%015.0f:', least), string.format('(%015.0f;', furthest)
see_ready(redis.call('ZRANGEBYLEX', ready, first, last, 'LIMIT', 0, most))
see_ready(redis.call('ZRANGE', ready, 0, most - 1))
local some = #users < most and redis.call('HSCAN', members, 0, 'COUNT', most)[2] or {}
for i = 1, #some, 2 do see(some[i]) end

reply.members = {}
local ranks = #users > 0 and redis.call('HMGET', members, unpack(users)) or {}
for i, user in ipairs(users) do
  if ranks[i] then
    local place = place_of[user] or redis.call('HGET', key('agent', user, 'standing'), queue)
    reply.members[#reply.members + 1] =
      {user, redis.call('HGETALL', key('agent', user)), cjson.decode(ranks[i]).tier, place or ''}
  end
end
return cjson.encode(reply)
