"""The checker of histories, on histories whose verdict is known."""

import random

from linearizability import Event, is_linearizable

READ, WRITE, UNKNOWN = Event.read, Event.write, Event.unknown


def test_what_one_register_can_show():
    assert is_linearizable([], 0)
    assert is_linearizable([READ(0, 1, 0), WRITE(2, 3, 1), READ(4, 5, 1)], 0)
    # While a write is under way either value may be read; and both, in this order.
    assert is_linearizable([WRITE(0, 10, 1), READ(1, 2, 0), READ(3, 4, 1)], 0)
    assert is_linearizable([UNKNOWN(0, 1), READ(5, 6, 0), READ(50, 60, 1)], 0)
    assert is_linearizable([UNKNOWN(0, 1), READ(5, 6, 0)], 0)


def test_what_none_can_show():
    assert not is_linearizable([WRITE(0, 1, 1), READ(2, 3, 0)], 0), "a stale read"
    assert not is_linearizable([WRITE(0, 10, 1), READ(1, 2, 1), READ(3, 4, 0)], 0), "new, then old"
    assert not is_linearizable([READ(0, 1, 7)], 0), "out of thin air"
    assert not is_linearizable([WRITE(0, 1, 1), WRITE(2, 3, 2), READ(4, 5, 1)], 0), "a lost write"
    assert not is_linearizable([UNKNOWN(0, 1), READ(1, 2, 1), READ(3, 4, 0)], 0), "taken back"
    assert not is_linearizable([UNKNOWN(5, 1), READ(1, 2, 1)], 0), "before it was asked for"


def test_histories_of_a_real_register_and_what_one_wrong_read_makes_of_them():
    source = random.Random(7)
    for _ in range(20):
        value, now, events = 0, 0.0, []
        for number in range(1, 120):
            now += source.random()
            began, ended = now - source.random() * 4, now + source.random() * 4
            if source.random() < 0.4:
                value = number
                events.append(WRITE(began, ended, number))
            else:
                events.append(READ(began, ended, value))
        assert is_linearizable(events, 0)
        last = max(event.ended for event in events)
        stale = next(event.value for event in events if event.is_write)
        assert not is_linearizable([*events, READ(last + 1, last + 2, stale)], 0)
