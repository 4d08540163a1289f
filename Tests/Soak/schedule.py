"""What happens when: from a seed, so that each run of the same length does the same."""

import random

# At the end nothing happens any more, so that all of it can come right again; in seconds, and of the whole time.
QUIET, QUIET_SHARE = 15, 0.15
# Where the time is short, each thing happens so often all the same.
LEAST = 3


def schedule(seconds, seed, changes, faults, fault_interval) -> list[tuple[float, str]]:
    """Moments in seconds, and what is to be done.

    :param changes: the seconds between two, on average, for each.
    :param faults: one of them each `fault_interval`, or more often where the time is short; all of them in turn, in an
        order that differs from round to round.
    """
    chance = random.Random(seed)
    end = seconds - min(QUIET, QUIET_SHARE * seconds)
    events = []
    for name, interval in changes.items():
        events += [(moment, name) for moment in moments(chance, min(interval, end / LEAST), end)]
    turn = []
    for moment in moments(chance, min(fault_interval, end / len(faults)), end):
        if not turn:
            turn = chance.sample(faults, len(faults))
        events.append((moment, turn.pop()))
    return sorted(events)


def moments(chance, interval, end):
    moment = interval * chance.uniform(0.3, 0.7)
    while moment < end:
        yield moment
        moment += interval * chance.uniform(0.6, 1.4)
