"""The machine that measures: figures do not travel to another one."""

import os
import platform
import re
import subprocess
from pathlib import Path


class Machine:
    def __init__(self):
        # The cores that this process may use, which are not always all.
        self.cores = sorted(os.sched_getaffinity(0))
        text = Path("/proc/cpuinfo").read_text()
        model = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
        self.processor = model[1] if model else platform.machine()
        flags = re.search(r"^flags\s*: (.+)$", text, re.MULTILINE)
        self.has_ifma = bool(flags) and "avx512ifma" in flags[1].split()
        version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout
        self.openssl = version.partition(" (")[0].strip()
        self.kernel = platform.release()
        # Of the last minute, before anything here began: neighbours are seen in it.
        self.load_before = os.getloadavg()[0]

    def __str__(self):
        ifma = "with" if self.has_ifma else "without"
        return (
            f"{len(self.cores)} cores of {self.processor} ({ifma} AVX512-IFMA), {self.openssl}, Linux {self.kernel}, "
            f"load before {self.load_before:.2f}"
        )

    def record(self):
        return {
            "processor": self.processor,
            "cores": len(self.cores),
            "avx512ifma": self.has_ifma,
            "openssl": self.openssl,
            "kernel": self.kernel,
            "load_before": self.load_before,
        }
