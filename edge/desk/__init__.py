"""The desk: agents at their phones, and what they dial there."""

from edge.desk.pick import dial_pick
from edge.desk.star_codes import dial_star_code
from edge.journey.reception import Desk

DESK = Desk(star_code=dial_star_code, pick=dial_pick)
