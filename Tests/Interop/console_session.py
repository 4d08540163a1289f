"""Runs the sessions of a page: its ```console blocks, one after the other in one shell at a terminal, and compares what they print.

- `$ COMMAND` is a command. It continues on the next line if it ends with a backslash or a bar.
- `# not run: REASON` behind a command says why it is not run. Other comments are for readers.
- In what is printed `...` stands for anything within a line, and alone in a line for any number of lines. Times are any times, and
  runs of blanks are one blank.
- A command that prints an error ends with a status that is not 0, and every other one with 0.
- `[y/N] y` at the end of a line that is printed is a question with the answer that a person types.
- A server runs in a terminal of its own, until the session ends.

A block with a file's name behind its language, such as ```python api.py, is written to that file when the session gets there.
"""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import textwrap
import time
from dataclasses import dataclass, field

from service import BINARY, DEADLINE, clean_environment, free_addresses

BLOCK = re.compile(r"^( *)```(\w+)(?: ([\w./-]+))?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d\\?:\d\d\\?:\d\dZ")
SERVER = re.compile(r"(?:[A-Z_]+=\S+ )*(?:writ serve|python3 api\.py)")
# What may be asked again: what the service has taken up shows within two seconds.
QUESTION = re.compile(r"curl|printf|writ token|writ issuers test")
ANSWER = re.compile(r"\[y/N\] (\w+)$")
# The prompt ends what a command prints, and has its status.
END = "\x1e"
PROMPT = r"\036$?\n"


@dataclass
class Command:
    line: str
    expected: list[str] = field(default_factory=list)

    @property
    def reason_not_to_run(self):
        match = re.search(r"\s+# not run: (\S.*)$", self.line)
        return match and match[1]

    @property
    def fails(self):
        return any(line.startswith("error:") for line in self.expected)


def blocks(text):
    """The blocks of a page: language, name of a file or nothing, text. A block in a list is indented."""
    return [(language, name, textwrap.dedent(block)) for _, language, name, block in BLOCK.findall(text)]


def commands(block):
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif found[-1].line.endswith(("\\", "|")) and not found[-1].expected:
            found[-1].line += "\n" + line
        else:
            found[-1].expected.append(line)
    return found


def matches(expected, actual):
    def pattern(line):
        line = re.escape(re.sub(r"\s+", " ", line)).replace(r"\.\.\.", ".*")
        return TIME.sub(lambda _: r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ".replace("\\\\", "\\"), line.replace(r"\-", "-"))

    whole = "".join("(?:.*\n)*" if line == "..." else pattern(line) + "\n" for line in expected)
    return re.fullmatch(whole, "".join(re.sub(r"[ \t]+", " ", line) + "\n" for line in actual)) is not None


class ConsoleSession:
    def __init__(self, folder, path=()):
        self.folder = folder
        self.listen, self.management, api = free_addresses(3)
        # The addresses of the page, and those of the test. The API of the page has its port alone.
        self.addresses = {
            "127.0.0.1:8080": self.listen, "127.0.0.1:8081": self.management, "127.0.0.1:8090": api,
            '"127.0.0.1", 8090': f'"127.0.0.1", {api.partition(":")[2]}',
        }
        self.environment = clean_environment({"WRIT_DRAIN_DELAY": "0s", "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        self.environment["PATH"] = ":".join([*map(str, path), str(folder / "bin"), self.environment["PATH"]])
        self.environment |= {"PS1": PROMPT, "PS2": "", "HISTFILE": "", "TERM": "dumb"}
        (folder / "bin").mkdir()
        (folder / "bin/writ").symlink_to(BINARY)
        self.servers = []
        self.inputs = {}
        """What a person types behind a command."""
        # A terminal that shows what is printed, as it is, and not what is typed.
        self.terminal, shells = pty.openpty()
        modes = termios.tcgetattr(shells)
        modes[1] &= ~termios.OPOST
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(shells, termios.TCSANOW, modes)
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "--noediting", "+H"], cwd=folder, env=self.environment, stdin=shells, stdout=shells,
            stderr=shells, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(shells)
        self.read_output("the shell")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shell.kill()
        self.shell.wait()
        os.close(self.terminal)
        for server in self.servers:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=DEADLINE)

    def here(self, text):
        """A text of the page with the addresses of this session."""
        for named, actual in self.addresses.items():
            text = text.replace(named, actual)
        return text

    def run_page(self, text, on_command=lambda command, output: None):
        """Runs every block; gives the number of commands that ran."""
        count = 0
        for language, name, block in blocks(text):
            if name:
                self.working_folder().joinpath(name).write_text(self.here(block))
            elif language == "console":
                for command in commands(block):
                    if not command.reason_not_to_run:
                        on_command(command, self.run(command))
                        count += 1
        return count

    def run(self, command):
        line = re.sub(r"\s+# [^'\"]*$", "", command.line)
        if SERVER.fullmatch(line):
            return self.serve(line)
        if line.startswith("writ init"):
            line += f" --issuer http://{self.listen} --listen {self.listen} --management {self.management}"
        expected = [self.here(each) for each in command.expected]
        deadline = time.monotonic() + DEADLINE
        while True:
            answers = [answer[1] for each in expected if (answer := ANSWER.search(each))]
            output, status = self.execute(self.here(line), self.inputs.get(line, ""), answers)
            lines = [each.rstrip() for each in "\n".join(output).strip("\n").splitlines()]
            is_right = matches(expected, lines) and (status != 0) == command.fails
            if is_right or not QUESTION.match(line) or time.monotonic() > deadline:
                shown = "\n".join(lines)
                assert is_right, f"$ {line}\nexit status {status}\n{shown}\ninstead of\n" + "\n".join(expected)
                return lines
            time.sleep(0.1)

    def execute(self, line, typed="", answers=()):
        os.write(self.terminal, f"{line}\n{typed}".encode())
        return self.read_output(line, iter(answers))

    def read_output(self, line, answers=iter(())):
        """What a command prints, and its status. Questions get the answers."""
        shown = b""
        deadline = time.monotonic() + DEADLINE
        while not (match := re.fullmatch(rb"(.*)" + END.encode() + rb"(\d+)\n", shown, re.DOTALL)):
            if shown.endswith(b"[y/N] ") and (answer := next(answers, None)):
                os.write(self.terminal, f"{answer}\n".encode())
                shown += f"{answer}\n".encode()
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            octets = os.read(self.terminal, 65536) if ready else b""
            assert octets, f"$ {line}\nhas not ended: {shown.decode()}"
            shown += octets
        return match[1].decode().splitlines(), int(match[2])

    def working_folder(self):
        (output, _) = self.execute("pwd")
        return self.folder.__class__(output[0])

    def serve(self, line):
        """Starts a server where the shell is, and waits until it listens."""
        output = (self.folder / f"server-{len(self.servers)}.log").open("wb")
        self.servers.append(
            subprocess.Popen(
                ["bash", "-c", f"exec env {line}"], cwd=self.working_folder(), env=self.environment, stdout=output,
                stderr=subprocess.STDOUT))
        address = self.listen if "writ" in line else self.addresses["127.0.0.1:8090"]
        deadline = time.monotonic() + DEADLINE
        host, _, port = address.partition(":")
        while self.execute(f"(exec 3<>/dev/tcp/{host}/{port}) 2>/dev/null")[1] != 0:
            assert self.servers[-1].poll() is None and time.monotonic() < deadline, (
                f"{line}: " + (self.folder / output.name).read_text())
            time.sleep(0.02)
        return []
