#!/usr/bin/env python3
"""Time whole processes in turn: coldstart.py N 'COMMAND' 'COMMAND' ... prints the median of each and its ratio to the first."""
import shlex
import statistics
import subprocess
import sys
import time

runs, commands = int(sys.argv[1]), [shlex.split(c) for c in sys.argv[2:]]
times = [[] for _ in commands]
for i in range(runs + 1):
    for j, command in enumerate(commands):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if i:
            times[j].append((time.perf_counter() - began) * 1000)
base = statistics.median(times[0])
for command, t in zip(commands, times):
    print(f"{statistics.median(t):7.1f} ms {statistics.median(t) / base:6.1f}x  {' '.join(command)}")
