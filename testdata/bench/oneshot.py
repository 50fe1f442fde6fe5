#!/usr/bin/env python3
"""Measure the overhead of one run per process: process wall time less the execution time in the server's history.

oneshot.py http://HOST:PORT N 'easel=COMMAND' 'plain=COMMAND' ...

Each COMMAND gets {graph} (a file with a new colour each time, so nothing is cached), {server}, {host}, {port} and {out}.
The contenders run in turn, forwards and backwards (ABBA), and the machine should be quiet.
"""
import json
import pathlib
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

server, runs = sys.argv[1], int(sys.argv[2])
contenders = dict(c.split("=", 1) for c in sys.argv[3:])
address = urllib.parse.urlparse(server)
work = pathlib.Path(tempfile.mkdtemp())
colour = int(time.time() * 1000) % 16000000


def last_execution():
    """Milliseconds between start and end of the newest entry of the history."""
    with urllib.request.urlopen(server + "/history?max_items=1") as r:
        entry = list(json.load(r).values())[-1]
    stamps = {kind: data["timestamp"] for kind, data in entry["status"]["messages"]}
    return stamps["execution_success"] - stamps["execution_start"]


def one(command, i):
    global colour
    colour = (colour + 7919) % 16777216
    graph = work / "graph.json"
    graph.write_text(json.dumps({
        "1": {"class_type": "EmptyImage", "inputs": {"width": 512, "height": 512, "batch_size": 1, "color": colour}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "bench"}}}))
    words = shlex.split(command.format(graph=graph, server=server, host=address.hostname, port=address.port, out=work / f"{i}.png"))
    began = time.perf_counter()
    done = subprocess.run(words, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = (time.perf_counter() - began) * 1000
    if done.returncode != 0:
        sys.exit(f"{words}: exit {done.returncode}: {done.stderr.decode()[-500:]}")
    return wall, wall - last_execution()


results = {name: [] for name in contenders}
for name, command in contenders.items():
    one(command, f"warm-{name}")
for i in range(runs):
    order = list(contenders) if i % 2 == 0 else list(contenders)[::-1]
    for name in order:
        results[name].append(one(contenders[name], f"{name}-{i}"))
print(f"{'contender':12} {'wall med':>9} {'overhead med':>13} {'p90':>7}")
for name, rows in results.items():
    walls, over = sorted(r[0] for r in rows), sorted(r[1] for r in rows)
    print(f"{name:12} {statistics.median(walls):9.0f} {statistics.median(over):13.1f} {over[int(len(over) * 0.9)]:7.1f}")
print("largest child:", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MiB")
