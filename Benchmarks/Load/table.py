"""The table for people and the record for programs, of rows that were measured."""

import json
import statistics
from dataclasses import dataclass, field


@dataclass
class MeasuredFigure:
    name: str
    unit: str
    values: list[float]

    @property
    def median(self):
        return statistics.median(self.values)

    def __str__(self):
        number = f"{self.median:,.0f}" if self.median >= 1000 or self.unit == "" else f"{self.median:.3g}"
        return f"{self.name} {number}{'' if self.unit.startswith('/') or not self.unit else ' '}{self.unit}"


@dataclass
class MeasuredRow:
    """What a row came to; of several rounds medians count."""

    name: str
    # One for each round.
    ratios: list[float] = field(default_factory=list)
    of: str = ""
    figures: list[MeasuredFigure] = field(default_factory=list)
    goal: object = None
    # Why it does not count, and whether that is a fault.
    reason: str | None = None
    has_failed: bool = False

    @property
    def is_met(self):
        """None where there is no goal, or nothing that could meet it."""
        if not self.goal or self.reason:
            return None
        # A goal with a unit is for the figure.
        return self.goal.is_met(self.figures[0].median if self.goal.unit else statistics.median(self.ratios))

    def record(self):
        main = self.figures[0] if self.figures else None
        return {
            "name": self.name,
            "unit": main.unit if main else None,
            "values": main.values if main else [],
            "median": main.median if main else None,
            "ratio": statistics.median(self.ratios) if self.ratios else None,
            "ratios": self.ratios,
            "of": self.of,
            "figures": [
                {"name": figure.name, "unit": figure.unit, "values": figure.values, "median": figure.median}
                for figure in self.figures
            ],
            "goal": str(self.goal) if self.goal else None,
            "met": self.is_met,
            "failed": self.has_failed,
            "reason": self.reason,
        }

    def cells(self):
        if self.reason:
            verdict = "FAILED" if self.has_failed else "n/a"
            return [self.name, verdict, "", "", " ".join(self.reason.split()), str(self.goal or "")]
        ratio = spread = ""
        if self.ratios:
            ratio = short(statistics.median(self.ratios))
            spread = f"{short(min(self.ratios))}–{short(max(self.ratios))}" if len(self.ratios) > 1 else ""
        goal = f"{self.goal}, {'met' if self.is_met else 'not met'}" if self.goal else ""
        return [self.name, ratio, spread, self.of, ", ".join(map(str, self.figures)), goal]


def short(number):
    return f"{number:.3f}" if number < 10 else f"{number:.1f}"


def table(rows):
    """Ratio first, then absolute figures, then the goal."""
    cells = [["", "ratio", "min–max", "of", "measured", "goal"], *(row.cells() for row in rows)]
    # Reasons may be longer than their column.
    usual = [line for line in cells if line[1] not in ("n/a", "FAILED")]
    widths = [max(map(len, column)) for column in zip(*usual)]
    widths[0] = max(len(line[0]) for line in cells)
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in cells)


def write_record(path, machine, began, ended, rows, **more):
    """All values, for programs."""
    record = {
        "machine": machine.record(),
        "began": began.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        **more,
        "rows": [row.record() for row in rows],
    }
    with open(path, "w") as file:
        json.dump(record, file, indent=2, ensure_ascii=False)
        file.write("\n")
