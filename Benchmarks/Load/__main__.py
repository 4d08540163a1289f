"""The load benchmark: `script/bench` for what requests cost, `script/bench overload` for ten times too many of them."""

import argparse
import re
import resource
import signal
import sys

import costs
import overload
from failure import FAULTS, reason

USAGE_ERROR = 64


class Parser(argparse.ArgumentParser):
    """Exits with 64 for a usage error, as all commands of this project do."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def whole_number(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def regular_expression(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text} is no regular expression: {error}") from None


def writable_file(text):
    """Tried before anything is measured, which takes minutes."""
    try:
        open(text, "a").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text} cannot be written: {error.strerror}") from None
    return text


def parser(name, description, seconds, seconds_help):
    parser = Parser(
        prog=name,
        description=description,
        allow_abbrev=False,
        epilog="With WRIT_BINARY in the environment, that program is measured instead of .build/release/writ.",
    )
    parser.add_argument("--seconds", type=whole_number, default=seconds, metavar="S", help=seconds_help)
    parser.add_argument("--json", type=writable_file, metavar="FILE", help="write all values there too")
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    return parser


def costs_arguments(arguments):
    costs_parser = parser(
        "script/bench",
        "Measures what requests cost, beside libcrypto's own signatures in the same round. "
        "`script/bench overload` measures overload.",
        seconds=4,
        seconds_help="load for each row and round (4)",
    )
    costs_parser.add_argument("--rounds", type=whole_number, default=3, metavar="N", help="how many times each row (3)")
    costs_parser.add_argument(
        "--only",
        type=regular_expression,
        default=regular_expression(""),
        metavar="PATTERN",
        help="only rows with this regular expression in their name",
    )
    return costs_parser.parse_args(arguments)


def overload_arguments(arguments):
    return parser(
        "script/bench overload",
        "Offers ten times as many token requests as can be signed, in an open loop, and measures what becomes of those "
        "and of everybody else; once by itself, and once beside 2,000 slow connections.",
        seconds=60,
        seconds_help="how long each overload lasts (60)",
    ).parse_args(arguments)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end(signal_number, _):
    """Unwinds the stack, so that processes end and folders go. Nothing else is to come in between."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + signal_number)


def main(arguments):
    for number in SIGNALS:
        signal.signal(number, end)
    # Thousands of connections, here and in the processes that are started.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        if arguments[:1] == ["overload"]:
            return overload.run(overload_arguments(arguments[1:]))
        return costs.run(costs_arguments(arguments))
    except FAULTS as fault:
        print(f"script/bench: {reason(fault)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
