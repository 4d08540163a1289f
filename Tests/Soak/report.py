"""What came of it: a table for people, and whether it was good."""


class Report:
    def __init__(self):
        self.lines, self.failures = [], []

    def heading(self, text):
        self.lines += ["", text]

    def row(self, name, value, failure=None):
        """:param failure: what to say of it at the end, where it is one."""
        shown = f"{value:,}" if isinstance(value, int) else value
        self.lines.append(f"  {name:44} {shown:>14}{'   FAILED' if failure else ''}")
        if failure:
            self.failures.append(failure)

    def show(self):
        print("\n".join(self.lines))
        print()
        for failure in self.failures:
            print(f"failed: {failure}")
        verdict = f"failures: {len(self.failures)}" if self.failures else "all was well"
        print(f"script/soak: {verdict}", flush=True)


def add_requests(report, load, token_check):
    counts = load.counts
    report.heading("good requests")
    for name in sorted(counts):
        if name.startswith("good "):
            report.row(f"answered: {name.removeprefix('good ')}", counts[name])
    report.row("answered", load.total("good "), None if load.total("good ") else "no good request was answered")
    for name in sorted(counts):
        if name.startswith("failed "):
            report.row(name[:44], counts[name], f"{counts[name]:,} good requests {name}")
    if not load.total("failed "):
        report.row("failed", 0)
    report.row("asked to come again (503), of those", counts["asked to come again"])
    report.row("left out, since the generator was late", counts["left out"])
    report.row("connections closed while idle", counts["closed while idle"])
    report.row("most connections at once", load.most_connections)
    report.row("p50, p99 in ms", f"{load.percentile(0.5):,.1f}, {load.percentile(0.99):,.1f}")
    report.row("slowest in ms", f"{load.slowest:,.0f}")
    nothing_checked = None if token_check.checked else "no token was looked at"
    report.row("tokens verified with the key set", token_check.checked, nothing_checked)
    report.row("keys that signed them", len(token_check.key_ids))
    for reason, count in token_check.wrong.items():
        report.row("tokens that are wrong", count, f"{count} tokens: {reason}")


def add_disturbances(report, disturbances, reloads):
    report.heading("what was changed")
    for name, count in sorted(disturbances.counts.items()):
        report.row(name, count)
    for name, count in reloads.items():
        report.row(f"reloads {name}, of all kinds", count)
    report.heading("faults")
    for name, count in sorted(disturbances.faults.items()):
        report.row(name, count)
    for failure in disturbances.failures:
        report.failures.append(failure)
    report.row("changes and faults that went wrong", len(disturbances.failures))


def add_process(report, samples, start, end, is_warm):
    """:param is_warm: whether all kinds of faults have come in the first fifth."""
    report.heading("the process")
    before, after = samples.fifths("resident")
    share = f"{after / before - 1:+.1%}"
    has_grown = is_warm and not samples.is_memory_flat
    report.row(
        "resident, second fifth and last, MiB",
        f"{before:.1f}, {after:.1f}",
        f"resident memory grew from {before:.1f} to {after:.1f} MiB, {share}" if has_grown else None,
    )
    if not is_warm:
        report.row("of which nothing follows in so short a time", "")
    report.row("anonymous, second fifth and last, MiB", "{:.1f}, {:.1f}".format(*samples.fifths("anonymous")))
    report.row("most resident, MiB", f"{max(each.resident for each in samples.samples):.1f}")
    report.row("threads, second fifth and last", "{:.0f}, {:.0f}".format(*samples.fifths("threads")))
    report.row(
        "files, at the start and at the end",
        f"{start.files}, {end.files}",
        f"{end.files} files are open at the end, {start.files} were at the start" if end.files > start.files else None,
    )
    report.row("most files", max(each.files for each in samples.samples))


def add_log(report, log):
    report.heading("the log")
    report.row("lines", log.lines)
    report.row("secrets in it", log.secrets, f"{log.secrets} secrets are in the log" if log.secrets else None)
    for message, count in log.messages.most_common(20):
        is_expected = message.startswith("error: Not reloaded: ")
        report.row(message[:44], count, None if is_expected else f"{count} times in the log: {message}")
