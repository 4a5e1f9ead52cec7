"""EWT: how long a caller at a position is likely to wait, learnt from what happened in the queue.

The method is the queue-length predictor with abandonment: the caller at position p is answered
after p departures, and while j callers stand ahead, departures come at the rate s·mu + j·theta
(s agents, mu = 1 / handling time, theta = rate at which those who wait give up), so that

    wait(p) = sum over j = 0 .. p-1 of 1 / (s·mu + j·theta)

The last departure counts for two thirds: the median of p exponential steps, a gamma distribution,
is just above p - 1/3 steps (K. P. Choi, "On the medians of gamma distributions and an equation of
Ramanujan", Proc. AMS 121, 1994). So as many callers wait longer than was promised as wait less.

W. Whitt, "Predicting queueing delays", Management Science 45(6), 1999; with abandonment as QLm in
R. Ibrahim and W. Whitt, "Real-time delay estimation in overloaded multiserver queues with
abandonments", Management Science 55(10), 2009. theta is abandons per second waited: P(abandon) /
E(wait), A. Mandelbaum and S. Zeltyn, "The impact of customers' patience on delay and abandonment",
OR Spectrum 26, 2004.

While few calls were handled, mu is doubtful. Then what the head of the line has waited so far
speaks too: HOL in R. Ibrahim and W. Whitt, "Real-time delay estimation based on delay history",
M&SOM 11(3), 2009, where its mean squared error is about twice that of the queue length. The two
are weighted by their squared relative errors: 2/n for HOL with n callers behind the head (alone in
line, the head tells nothing), that of mu for the other.
"""

from dataclasses import dataclass, field, replace
from math import inf, log
from statistics import fmean, median

from edge.domain.disposition import Disposition

HANDLED_REMEMBERED = 100
"""Calls over which the handling time is smoothed: enough that one long call moves it by some
percents only, few enough that it follows the day."""
LEFT_REMEMBERED = 500
"""Callers over which the abandons are smoothed: they are rare, and patience changes slowly."""
ERRORS_REMEMBERED = 100
STEPS_ADDED = 128
LAST_STEP = 2 / 3
"""The last departure, for the median in place of the mean."""

LOST = frozenset(
    {
        Disposition.ABANDONED,
        Disposition.ROUTED,
        Disposition.OPTION_HANGUP,
        Disposition.WEBHOOK_EXIT,
        Disposition.TIMED_OUT,
        Disposition.CALLBACK_EXPIRED,
        Disposition.CALLBACK_CANCELLED,
    }
)
"""Ends by which a place goes without an agent, because of the wait: theta is their rate. To those
behind, who leaves by key or at the end of the longest wait is as one who hangs up. Not the short
abandon, whom the queue's own setting says to have hardly waited, nor what the queue, its
manager or a fault did: their time counts as that of who was served, without a loss (the censored
observations of Mandelbaum and Zeltyn)."""


@dataclass(frozen=True, slots=True)
class HandlingTime:
    """How long a call takes an agent, smoothed: from the offer to the end of the wrap-up."""

    mean_seconds: float = 0.0
    weight_squares: float = inf
    """Sum of the squared weights in the mean: 1/n after n calls, until old ones fade."""

    @property
    def is_known(self) -> bool:
        return self.weight_squares < inf

    def squared_relative_error(self) -> float:
        """Of the mean, where single times are exponential, as the predictor takes them to be."""
        return self.weight_squares

    def smoothed_with(self, seconds: float) -> "HandlingTime":
        if not self.is_known:
            return HandlingTime(seconds, 1.0)
        squares = self.weight_squares
        weight = max(squares / (1 + squares), 1 / HANDLED_REMEMBERED)
        return HandlingTime(
            self.mean_seconds + weight * (seconds - self.mean_seconds),
            (1 - weight) ** 2 * squares + weight**2,
        )


@dataclass(frozen=True, slots=True)
class Patience:
    """Abandons and the time waited by all callers, both fading."""

    abandons: float = 0.0
    waited_seconds: float = 0.0

    def rate_per_second(self) -> float:
        return self.abandons / self.waited_seconds if self.waited_seconds > 0 else 0.0

    def after_leaving(self, waited_seconds: float, abandons: int) -> "Patience":
        kept = 1 - 1 / LEFT_REMEMBERED
        return Patience(
            self.abandons * kept + abandons, self.waited_seconds * kept + waited_seconds
        )


@dataclass(frozen=True, slots=True)
class History:
    """What a queue has learnt; of constant size. Each fact makes a new one."""

    handling: HandlingTime = field(default_factory=HandlingTime)
    patience: Patience = field(default_factory=Patience)
    errors: tuple[float, ...] = ()
    """Promised minus real seconds of the last callers answered, oldest first."""


@dataclass(frozen=True, slots=True)
class KeptPromise:
    """A waiting time that was told, and how long the caller then waited really."""

    seconds: float
    real_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A caller's place, and who serves the line now.

    `position` counts from 1 in a line of `waiting`. `agents` are those who serve: idle, offered,
    talking or in wrap-up, but not those on a pause; one who serves other queues as well counts as
    the share that goes to this one. `idle` of them are ready. `head_waited_seconds` is how long the
    first in line has waited so far.
    """

    position: int
    waiting: int
    agents: float
    idle: int = 0
    head_waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one caller can expect, all of one moment."""

    now_ms: int
    standing: Standing
    history: History

    @property
    def position(self) -> int:
        return self.standing.position

    @property
    def waiting(self) -> int:
        return self.standing.waiting

    @property
    def expected_seconds(self) -> float | None:
        return expected_wait(self.history, self.standing)


@dataclass(frozen=True, slots=True)
class EstimateError:
    """How far the promises were from the truth, over the last callers answered."""

    promises: int
    median_absolute_seconds: float
    bias_seconds: float
    """Mean of promised minus real: above zero, callers were told too long a time."""


def expected_wait(history: History, standing: Standing) -> float | None:
    """Seconds until this caller's turn; None when unknown: nobody serves, or nothing was learnt."""
    if standing.position < 1:
        raise ValueError(f"position {standing.position} is not one of a line")
    if standing.agents <= 0:
        return None
    departures = standing.position - standing.idle
    if departures <= 0:
        return 0.0
    handling = history.handling
    if not handling.is_known:
        return None
    served_per_second = standing.agents / max(handling.mean_seconds, 1.0)
    theta = history.patience.rate_per_second()
    by_length = LAST_STEP / served_per_second + _steps(served_per_second, theta, departures - 1)
    waiting = max(standing.waiting, standing.position)
    by_head = standing.head_waited_seconds * departures / waiting
    doubt = handling.squared_relative_error() * (waiting - 1)
    share_of_head = doubt / (doubt + 2)
    return by_length + share_of_head * (by_head - by_length)


def _steps(rate: float, theta: float, count: int) -> float:
    """Sum of 1 / (rate + j·theta) for j = 1 .. count; of a long line the rest by its integral from
    half a step ahead to half a step behind, so that no line takes long to be estimated."""
    added = min(count, STEPS_ADDED)
    total = 0.0
    for ahead in range(1, added + 1):
        total += 1 / (rate + ahead * theta)
    if count <= added:
        return total
    if theta == 0:
        return total + (count - added) / rate
    return total + log((rate + (count + 0.5) * theta) / (rate + (added + 0.5) * theta)) / theta


def answered(history: History, waited_seconds: float, promise: KeptPromise | None) -> History:
    """A caller was answered; the promise is None where no time was told."""
    patience = history.patience.after_leaving(waited_seconds, abandons=0)
    if promise is None:
        return replace(history, patience=patience)
    errors = (*history.errors, promise.seconds - promise.real_seconds)[-ERRORS_REMEMBERED:]
    return replace(history, patience=patience, errors=errors)


def left(history: History, waited_seconds: float, disposition: Disposition) -> History:
    """A caller's place ended before an answer."""
    if disposition in LOST:
        return abandoned(history, waited_seconds)
    return answered(history, waited_seconds, None)


def abandoned(history: History, waited_seconds: float) -> History:
    """A caller gave up. What was promised cannot be judged: the turn never came."""
    return replace(history, patience=history.patience.after_leaving(waited_seconds, abandons=1))


def completed(history: History, handling_seconds: float) -> History:
    """An agent is through with a call: the time from the offer to the end of the wrap-up."""
    return replace(history, handling=history.handling.smoothed_with(handling_seconds))


def error_of(history: History) -> EstimateError | None:
    """The estimator's own error; None before the first promise was kept."""
    if not history.errors:
        return None
    return EstimateError(
        promises=len(history.errors),
        median_absolute_seconds=median(abs(error) for error in history.errors),
        bias_seconds=fmean(history.errors),
    )
