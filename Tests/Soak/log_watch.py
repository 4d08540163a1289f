"""The service's log, which would be gigabytes: what matters of it is kept, and the file is emptied."""

import json
import re
from collections import Counter

from periodical import Periodical
from service import CONFIDENTIAL

INTERVAL = 5
# What is told of each request, and so thousands of times a second.
USUAL = re.compile(rb'"level":"info","message":"(Token issued|Answered|Refused)"')
SECRET = re.compile(CONFIDENTIAL.pattern.encode())
# By numbers and names of files alone messages do not differ.
PARTICULARS = re.compile(r"/\S+|[A-Za-z0-9_-]{20,}|\d+")


class LogWatch(Periodical):
    """While it is entered. The service appends, so that it goes on at the beginning; what comes between reading and
    emptying is not seen."""

    def __init__(self, source, target):
        super().__init__(INTERVAL)
        self.source, self.target = source, target
        self.lines = self.secrets = 0
        # By level and message, above info.
        self.messages = Counter()

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self.take()

    def take(self):
        with self.source.open("rb+") as file:
            octets = file.read()
            file.truncate(0)
        self.secrets += len(SECRET.findall(octets))
        with self.target.open("ab") as kept:
            for line in octets.splitlines(keepends=True):
                self.lines += 1
                if not USUAL.search(line):
                    kept.write(line)
                    self.note(line)

    def note(self, line):
        if not line.endswith(b"\n"):
            return  # Half of one that is just being written.
        try:
            event = json.loads(line)
        except ValueError:
            # As what a process leaves that crashes.
            self.messages["lines that are not JSON"] += 1
            return
        if event["level"] not in ("trace", "debug", "info", "notice"):
            self.messages[f"{event['level']}: {PARTICULARS.sub('...', event['message'])}"] += 1
