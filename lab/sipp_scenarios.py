"""What SIPp plays: scenarios made from a few settings, each fact written to its log.

A log line is `fact <word> <Call-ID> <number> <date> <time> <seconds since 1970>`.
"""

from dataclasses import dataclass
from pathlib import Path

SDP = """v=0
o=lab 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
"""

FINAL_FAILURES = (400, 401, 403, 404, 408, 480, 484, 486, 487, 488, 500, 503, 600, 603)

REASONS = {
    180: "Ringing",
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a phone treats each call that reaches it."""

    status: int | None = 200
    """What it answers at last; None: never anything (but it obeys a CANCEL)."""
    after_ms: int = 0
    """From the INVITE to that answer."""
    rings: bool = True
    """Does it send 180 first?"""
    answers_cancel_with_200: bool = False
    """The two crossed: it has just answered when the CANCEL comes. Both get 200 OK.
    Sensible with status None or a long `after_ms`."""
    talk_ms: int | None = None
    """It hangs up so long after its answer; None: it waits for the other side's BYE."""
    longest_ms: int = 120_000
    """The end of all patience: ringing or talking, it gives up then."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """How each caller behaves. Numbers come from SIPp's injection file, one line a call."""

    to: str
    password: str | None = None
    """Format of the password with `{number}`, for callers that authenticate."""
    patience_ms: int = 30_000
    """From the last provisional answer (180 …) to CANCEL when nobody answers."""
    talk_ms: int = 5_000
    """From the answer to the caller's own BYE."""
    says: Path | None = None
    """G.711 µ-law without a header, spoken over and over; None: what is heard is echoed."""


def calling(plan: CallPlan) -> str:
    """Place a call, ACK whatever comes, hang up in time or be hung up on."""
    invite = f"""INVITE sip:{plan.to}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]lab[call_number]
To: <sip:{plan.to}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: [cseq] INVITE
Contact: <sip:[field0]@[local_ip]:[local_port]>
Max-Forwards: 70
%sContent-Type: application/sdp
Content-Length: [len]

{SDP}"""
    speech = ""
    if plan.says is not None:
        invite = invite.replace("[media_port]", "[rtpstream_audio_port]")
        speech = f'<nop><action><exec rtp_stream="{plan.says},-1,0"/></action></nop>'
    login = ""
    proof = ""
    if plan.password is not None:
        login = f"""{_send(invite % "")}
<recv response="100" optional="true"/>
<recv response="401" auth="true"/>
{_send(_request("ACK", plan.to, last="[last_Via:]"))}
"""
        proof = "[field1]\n"
    # On every recv: SIPp counts from, and obeys, the one it happens to stand at.
    patience = f'timeout="{plan.patience_ms}" ontimeout="gives_up"'
    failures = "\n".join(
        f'<recv response="{status}" optional="true" next="refused" {patience}>'
        f"{_log(f'status_{status}', '[field0]')}</recv>"
        for status in FINAL_FAILURES
    )
    return _scenario(
        f"""{login}
{_send(invite % proof, _fact("dialled", "[field0]"))}
<recv response="100" optional="true" {patience}/>
<recv response="180" optional="true" {patience}>{_log("ringing", "[field0]")}</recv>
<recv response="181" optional="true" {patience}/>
<recv response="183" optional="true" {patience}>{_log("progress", "[field0]")}</recv>
{failures}
<recv response="200" rrs="true" {patience}>
{_log("answered", "[field0]")}</recv>
{_send(_request("ACK", plan.to, target="[next_url]"))}
{speech}
<recv request="BYE" timeout="{plan.talk_ms}" ontimeout="hangs_up">
{_log("hung_up_on", "[field0]")}</recv>
{_send(_response(200), then="end")}
<label id="hangs_up"/>
{_send(_request("BYE", plan.to, target="[next_url]", cseq="[cseq]"), _fact("hung_up", "[field0]"))}
<recv response="200"/>
<nop next="end"/>
<label id="gives_up"/>
{_send(_request("CANCEL", plan.to, last="[last_Via:]"), _fact("cancelled", "[field0]"))}
<recv response="200" rrs="true"/>
<recv response="200" optional="true" rrs="true" next="late"/>
<recv response="487"/>
<label id="refused"/>
{_send(_request("ACK", plan.to, last="[last_Via:]"))}
<nop next="end"/>
<label id="late"/>
{_send(_request("ACK", plan.to, target="[next_url]"))}
{_send(_request("BYE", plan.to, target="[next_url]", cseq="[cseq]"), _fact("hung_up", "[field0]"))}
<recv response="200"/>
<label id="end"/>
"""
    )


def answering(behaviour: Behaviour, number: str) -> str:
    """Take calls as the behaviour says."""
    ringing = _send(_invite_response(180)) if behaviour.rings else ""
    wait_ms = behaviour.longest_ms if behaviour.status is None else max(1, behaviour.after_ms)
    talk_ms = behaviour.longest_ms if behaviour.talk_ms is None else max(1, behaviour.talk_ms)
    answered = _fact("answered", number)
    takes_it = _send(_invite_response(200, with_media=True), answered, then="talk")
    if behaviour.status == 200:
        answer = takes_it
    elif behaviour.status is None:
        answer = f"""{_send(_invite_response(480), _fact("gave_up", number))}
<recv request="ACK" next="end"/>"""
    else:
        refused = _fact(f"status_{behaviour.status}", number)
        answer = f"""{_send(_invite_response(behaviour.status), refused)}
<recv request="ACK" next="end"/>"""
    if behaviour.answers_cancel_with_200:
        cancelled = f"{_send(_response(200))}\n{takes_it}"
    else:
        cancelled = f"""{_send(_response(200))}
{_send(_invite_response(487))}
<recv request="ACK" next="end"/>"""
    # A qualify is a call of its own to SIPp; unanswered, Asterisk finds the phone unreachable.
    return _scenario(
        f"""<recv request="OPTIONS" optional="true" next="qualified"/>
<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="CSeq:" assign_to="cseq"/>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
<ereg regexp="sip:([^@]*)@" search_in="hdr" header="From:" assign_to="uri,caller"/>
<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" assign_to="contact"/>
{_fact("incoming", "[$caller]")}
</action></recv>
<Reference variables="uri"/>
{ringing}
<recv request="CANCEL" timeout="{wait_ms}" ontimeout="decides">{_log("cancelled", number)}</recv>
{cancelled}
<label id="decides"/>
{answer}
<label id="talk"/>
<recv request="ACK"/>
<recv request="BYE" timeout="{talk_ms}" ontimeout="hangs_up">{_log("hung_up_on", number)}</recv>
{_send(_response(200), then="end")}
<label id="hangs_up"/>
{_send(_own_bye(), _fact("hung_up", number))}
<recv response="200" next="end"/>
<label id="qualified"/>
{_send(_response(200))}
<label id="end"/>
"""
    )


def registering(number: str, password: str, contact: str, expires: int) -> str:
    """Register `number` at `contact` (address:port of another socket), answering the challenge."""
    request = f"""REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:{number}@[remote_ip]>;tag=[pid]lab[call_number]
To: <sip:{number}@[remote_ip]>
Call-ID: [call_id]
CSeq: [cseq] REGISTER
Contact: <sip:{number}@{contact}>
Max-Forwards: 70
Expires: {expires}
%sContent-Length: 0
"""
    proof = f"[authentication username={number} password={password}]\n"
    return _scenario(
        f"""{_send(request % "")}
<recv response="401" auth="true"/>
{_send(request % proof)}
<recv response="200">{_log("registered", number)}</recv>
"""
    )


def _scenario(steps: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="lab">\n{steps}</scenario>\n'


def _fact(word: str, number: str) -> str:
    return f'<log message="fact {word} [call_id] {number} [timestamp]"/>'


def _log(word: str, number: str) -> str:
    return f"<action>{_fact(word, number)}</action>"


def _send(message: str, action: str = "", then: str = "") -> str:
    """Send; what waits for an answer (a request, a final answer to an INVITE) is repeated.

    `then` is the label to go on at: with a <nop> for that, an answer that comes at once is
    unexpected, for SIPp does one step a tick.
    """
    first = message.split("\n", 1)[0]
    final = " INVITE" in message or "CSeq:[$cseq]" in message
    waits = not first.startswith(("ACK", "SIP/2.0")) or (final and "SIP/2.0 1" not in first)
    again = ' retrans="500"' if waits else ""
    done = f"<action>{action}</action>" if action else ""
    onward = f' next="{then}"' if then else ""
    return f"<send{again}{onward}><![CDATA[\n{message}\n]]>{done}</send>"


def _request(method: str, to: str, target: str = "", last: str = "", cseq: str = "[cseq]") -> str:
    """A request of the caller within its call; with `last`, one of the INVITE's transaction."""
    uri = target or f"sip:{to}@[remote_ip]:[remote_port]"
    via = last or "Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]"
    peer = "[peer_tag_param]" if method != "CANCEL" else ""
    return f"""{method} {uri} SIP/2.0
{via}
From: <sip:[field0]@[local_ip]:[local_port]>;tag=[pid]lab[call_number]
To: <sip:{to}@[remote_ip]:[remote_port]>{peer}
Call-ID: [call_id]
CSeq: {cseq} {method}
Max-Forwards: 70
Content-Length: 0
"""


def _response(status: int) -> str:
    """The answer to the request just received."""
    return f"""SIP/2.0 {status} {REASONS[status]}
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
"""


def _invite_response(status: int, with_media: bool = False) -> str:
    """An answer to the INVITE, whatever came after it."""
    kind = "Content-Type: application/sdp\n" if with_media else ""
    return f"""SIP/2.0 {status} {REASONS[status]}
[last_Via:]
From:[$from]
To:[$to];tag=[pid]lab[call_number]
[last_Call-ID:]
CSeq:[$cseq]
Contact: <sip:[local_ip]:[local_port]>
{kind}Content-Length: [len]

{SDP if with_media else ""}"""


def _own_bye() -> str:
    return """BYE [$contact] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From:[$to];tag=[pid]lab[call_number]
To:[$from]
[last_Call-ID:]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0
"""
