"""`script/bench`: what requests cost.

Rounds in which all cases take turns, with bare signatures before, between and after.
"""

import statistics
from datetime import datetime, timezone

import signature_speed
from cases import CASES, Bench
from failure import FAULTS, BenchError, Unavailable, reason
from machine import Machine
from preparation import (
    build_client_certificate,
    build_service,
    build_verifiers,
    install_generators,
    say,
    service_binary,
)
from rows import ROWS
from signature_speed import Speed
from table import MeasuredFigure, MeasuredRow, table, write_record
from working_folder import WorkingFolder


class Round:
    """What was measured in one round. Rows look samples up by the case."""

    def __init__(self):
        self.samples = {}
        # By case, why there is no sample.
        self.errors = {}
        # Three times in each round; the median counts.
        self.bare_speeds = []
        self.all_core_speeds = []

    def __getitem__(self, case):
        return self.samples[case]

    @property
    def bare(self):
        """Bare signatures on one core, by algorithm."""
        algorithms = self.bare_speeds[0] if self.bare_speeds else ()
        return {name: median_speed([speeds[name] for speeds in self.bare_speeds]) for name in algorithms}

    @property
    def all_cores(self):
        return median_speed(self.all_core_speeds)

    def run(self, bench, cases, algorithms, needs_all_cores, name):
        def measure_signatures():
            seconds = signature_speed.duration(bench.seconds)
            if algorithms:
                self.bare_speeds.append(signature_speed.bare(algorithms, seconds))
            if needs_all_cores:
                self.all_core_speeds.append(signature_speed.all_cores(len(bench.machine.cores), seconds))

        measure_signatures()
        for number, case in enumerate(cases):
            if number == len(cases) // 2:
                measure_signatures()
            say(f"{name}: {case}")
            try:
                self.samples[case] = CASES[case].measure(bench, self.bare)
            except FAULTS as error:
                self.errors[case] = error
        measure_signatures()


def median_speed(speeds):
    return Speed(
        sign=statistics.median(speed.sign for speed in speeds), verify=statistics.median(speed.verify for speed in speeds)
    )


def measured_row(row, rounds):
    errors = [round.errors[case] for round in rounds for case in row.cases if case in round.errors]
    failures = [
        round[case].failure for round in rounds for case in row.cases if case in round.samples and round[case].failure
    ]
    if errors or failures:
        # A fault counts for more than what cannot be had here.
        faults = [reason(error) for error in errors if not isinstance(error, Unavailable)] + failures
        return MeasuredRow(
            row.name, goal=row.goal, of=row.of, reason=faults[0] if faults else reason(errors[0]), has_failed=bool(faults)
        )
    return MeasuredRow(
        row.name,
        [row.ratio(round) for round in rounds],
        row.of,
        [
            MeasuredFigure(figure.name, figure.unit, [figure.value(round) for round in rounds])
            for figure in row.figures
        ],
        row.goal,
    )


def run(arguments):
    """Measures, prints the table; returns the exit status: 1 where a row has failed. Goals are no matter of that."""
    rows = [row for row in ROWS if arguments.only.search(row.name)]
    if not rows:
        names = "\n  ".join(row.name for row in ROWS)
        raise BenchError(f"no row has {arguments.only.pattern} in its name; there are:\n  {names}")
    cases = [case for case in CASES if any(case in row.cases for row in rows)]
    algorithms = [name for name in signature_speed.RESULT_LINES if any(name in row.bare for row in rows)]
    needs_all_cores = any(row.needs_all_cores for row in rows)
    install_generators()
    if not arguments.no_build:
        build_service()
        if "verification" in cases:
            build_verifiers()
        if "client certificate" in cases:
            build_client_certificate()

    machine = Machine()
    began = datetime.now(timezone.utc)
    rounds = []
    with WorkingFolder(service_binary()) as folder:
        bench = Bench(folder, machine, arguments.seconds)
        for number in range(1, arguments.rounds + 1):
            round = Round()
            round.run(bench, cases, algorithms, needs_all_cores, f"round {number} of {arguments.rounds}")
            rounds.append(round)

    measured = [measured_row(row, rounds) for row in rows]
    print(machine)
    print(f"medians of {arguments.rounds} rounds, {arguments.seconds} s of load for each row; CPU is the server's\n")
    print(table(measured))
    if arguments.json:
        ended = datetime.now(timezone.utc)
        write_record(
            arguments.json, machine, began, ended, measured, rounds=arguments.rounds, seconds=arguments.seconds
        )
    return 1 if any(row.has_failed for row in measured) else 0
