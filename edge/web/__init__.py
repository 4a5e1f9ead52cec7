"""The HTTP API: what stands in line and who works, for those who hold an account's key.

Read `app` first, then `auth` and `errors` (what may go wrong before a noun is reached), then
`api/<noun>`.
"""

from edge.web.api.media import MediaDoor
from edge.web.app import make_app
from edge.web.readiness import Missing, Readiness
from edge.web.serving import PortTaken, serving

__all__ = ["MediaDoor", "Missing", "PortTaken", "Readiness", "make_app", "serving"]
