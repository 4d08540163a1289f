"""Latencies in one unit for all: milliseconds."""


def summary(milliseconds):
    """How many there are, and what half and 99 of a hundred do not exceed."""
    ordered = sorted(milliseconds)
    if not ordered:
        return {"count": 0, "p50": None, "p99": None, "max": None}
    return {
        "count": len(ordered),
        "p50": ordered[(len(ordered) - 1) // 2],
        "p99": ordered[(len(ordered) - 1) * 99 // 100],
        "max": ordered[-1],
    }


def gaps(answers, start, end):
    """Milliseconds from one answer of a connection to its next, if a part of that is between `start` and `end`.

    - `answers`: for each connection, the seconds at which answers came.
    """
    return [
        (next - last) * 1000
        for times in answers
        for last, next in zip(times, times[1:])
        if next >= start and last <= end
    ]
