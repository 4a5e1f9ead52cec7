"""The story of a call, one module per step; read `caller` first.

route         (domain/routing)  where the call at the door goes
arrive        let in or not, a place in the line, music from the first second
matcher       who is served next and by whom: decide, claim, tell the caller's conductor
offer         an agent's phone rings for a caller, any number of them at once
invitation    what the phone is told with the call: who calls, for which queue
announce      what is said to agent and caller before the bridge
conversation  both in one bridge, until one hangs up
options       what the keys of a waiting caller do
led_away      a key has ended the place: a last word, or the way to where it leads, and back
leave         an entry ends without a conversation
farewell      who is turned away, or waited in vain, is told so
deadlines     what happens later: ring time, wrap-up, back-off, a new round
takeover      a dead edge's callers become ours, and go on where they were
lease         one edge among others: its beat, whom it takes over from, when it begins to match
reconcile     the one place where Asterisk's truth and ours are brought together

caller        the conductor: one task a caller, walks through the steps
floor         what every step works with
next_place    where a caller goes on waiting after a key
leg           one leg as a step sees it; hang-up as the scope that ends a step
speech        words spoken to one leg
"""
