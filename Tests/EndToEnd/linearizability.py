"""Is there an order of these operations that a single register could have carried out, each at one moment between its
call and its answer? (Herlihy, Wing 1990; the search is that of Wing, Gong 1993 with the memory of Lowe 2017.)"""

from __future__ import annotations

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Event:
    """A read that showed `value`, or a write of it. `ended` is infinite where nobody knows whether it took place."""

    began: float
    ended: float
    is_write: bool
    value: object

    @staticmethod
    def read(began: float, ended: float, value: object) -> "Event":
        return Event(began, ended, False, value)

    @staticmethod
    def write(began: float, ended: float, value: object) -> "Event":
        return Event(began, ended, True, value)

    @staticmethod
    def unknown(began: float, value: object) -> "Event":
        """A write without an answer: it may have happened, may still happen, or never."""
        return Event(began, math.inf, True, value)


def is_linearizable(events: list[Event], initial: object) -> bool:
    """Whether the events are those of one register that begins with `initial`."""
    events = sorted(events, key=lambda event: event.began)
    required = sum(1 << number for number, event in enumerate(events) if event.ended < math.inf)
    seen: set[tuple[int, object]] = set()
    pending = [(0, initial)]
    while pending:
        done, value = pending.pop()
        if done & required == required:
            return True
        # Whoever comes next must have begun before the first of the rest has ended.
        horizon = math.inf
        for number, event in enumerate(events):
            if event.began > horizon:
                break
            if not done >> number & 1:
                horizon = min(horizon, event.ended)
        for number, event in enumerate(events):
            if event.began > horizon:
                break
            if done >> number & 1 or not (event.is_write or event.value == value):
                continue
            state = (done | 1 << number, event.value if event.is_write else value)
            if state not in seen:
                seen.add(state)
                pending.append(state)
    return False
