"""What the INVITE of a leg we dial looks like: the dial string, and variables that make headers.

Measured on 22.10: the PJSIP_HEADER function works among the variables of channels/create, before
the INVITE is made; nothing in its value is expanded.
"""

from edge.ports.phone_system import Dial, Identity


def dial_string(dial: Dial) -> str:
    """`user@endpoint` sets To and the request URI, which no header function can."""
    if dial.to_user:
        return f"PJSIP/{dial.to_user}@{dial.endpoint}"
    return f"PJSIP/{dial.endpoint}"


def channel_variables(dial: Dial, domain: str) -> dict[str, str]:
    """All that is set on the channel from its beginning.

    Asterisk shows a dialled phone the channel's connected line as the caller.
    """
    return {
        **dial.variables,
        "CONNECTEDLINE(num,i)": dial.caller_number,
        "CONNECTEDLINE(name,i)": dial.caller_name,
        "CONNECTEDLINE(pres,i)": "allowed",
        **{f"PJSIP_HEADER(add,{name})": value for name, value in headers(dial, domain).items()},
    }


def headers(dial: Dial, domain: str) -> dict[str, str]:
    """The headers beside those that Asterisk writes by itself. The site's own come last and win."""
    made = {}
    if dial.asserted is not None:
        made["P-Asserted-Identity"] = _name_addr(dial.asserted, domain)
    if dial.remote_party is not None:
        identity = _name_addr(dial.remote_party, domain)
        made["Remote-Party-ID"] = f"{identity};party=calling;privacy=off;screen=yes"
    if dial.answers_itself:
        # Phones know the one or the other.
        made["Call-Info"] = f"<sip:{domain}>;answer-after=0"
        made["Alert-Info"] = f"<sip:{domain}>;info=alert-autoanswer"
    by_us = {name.lower(): name for name in made}
    for name, value in dial.headers.items():
        made.pop(by_us.get(name.lower(), ""), None)
        made[name] = value
    return made


def _name_addr(identity: Identity, domain: str) -> str:
    name = identity.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{name}" <sip:{identity.number}@{domain}>'
