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
