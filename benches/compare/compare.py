#!/usr/bin/env python3
"""Runs quell and the engines that an analyst might use instead, in turn, on the same files, and prints a table.

    benches/compare/compare.py [--folder F] [--runs N] [--rows N] [--tasks report,full,...] [--mixes unique,fleet,repeat]

Everything goes into the folder (`target/compare` unless given): an environment of Python with the engines, the data, the
outputs. A folder in memory (/dev/shm) leaves the disk out of it. The engines have to find the same counts as quell, or
it stops: a fast wrong answer is none. Every task is run on each mix of data, those first that help least.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PRINTED = 1_000_000
ENGINES = ["chdb", "polars", "duckdb"]
MIXES = ["unique", "fleet", "repeat"]
TASKS = {
    "report": ("CSV, totals and a count for each exclusion", "csv", ENGINES),
    "full": ("CSV, and both files", "csv", ENGINES),
    "tuples": ("CSV, 100,000 tuples, and both files", "csv", ["duckdb"]),
    "json-full": ("JSON Lines, and both files", "jsonl", ENGINES),
}


def prepare(folder, rows):
    """Builds quell and installs the engines, unless they are there."""
    subprocess.run(["cargo", "build", "--release", "--quiet", "--bin", "quell", "--example", "generate"], cwd=ROOT, check=True)
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
    with (folder / "tuples.yaml").open("w") as lists, (folder / "tuples.csv").open("w") as table:
        lists.write("exclusions:\n")
        table.write("name,path,net\n")
        for n in range(100_000):
            name, path, net = f"agent{n % 1000}.exe", f"C:\\Program Files\\A{n % 777}\\", f"10.{n // 250 % 250}.{n % 250}"
            lists.write(f"- {{id: e{n}, when: {{process.name: {name}, process.path: '{path}*', destination.ip: {net}.0/24}}}}\n")
            table.write(f"{name},{path.lower()},{net}\n")
    return python


def generate(folder, rows, mix, form):
    """The data of one mix: three of them at once would fill a folder in memory."""
    file = folder / f"hunt.{form}"
    count = rows if form == "csv" else rows // 4
    command = [built("examples/generate"), "--rows", str(count), "--mix", mix, "--seed", "7", "--format", form]
    subprocess.run([*command, "--out", file], check=True)


def built(name):
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / name


def timed(command, folder):
    """Seconds, the most memory in MB, and the beginning of what it printed."""
    # What a child has used counts from its parent's size on, so that this one has to stay small.
    with (folder / "printed").open("w+b") as printed, (folder / "errors").open("w+b") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=printed, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        for file in (printed, errors):
            file.seek(0)
        if os.waitstatus_to_exitcode(status) > 1:
            sys.exit(f"{command}: {errors.read().decode()}")
        return seconds, usage.ru_maxrss / 1000, printed.read(PRINTED).decode(errors="replace")


def quell(task, folder, file):
    command = [built("quell"), "apply", folder / file, "--format", "json"]
    if task == "tuples":
        command += ["-e", folder / "tuples.yaml"]
    if task != "report":
        end = Path(file).suffix
        command += ["--kept", folder / f"kept{end}", "--suppressed", folder / f"suppressed{end}"]
    seconds, memory, printed = timed(command, folder)
    found = [int(re.search(rf'"{word}": ?(\d+)', printed)[1]) for word in ("read", "suppressed")]
    if task != "tuples":
        report = json.loads(printed)
        found += [each["matches"] for each in sorted(report["exclusions"], key=lambda each: each["id"])]
    return seconds, memory, found


def engine(name, python, task, folder):
    _, memory, printed = timed([python, HERE / "peers.py", name, task, folder], folder)
    answer = json.loads(printed.splitlines()[-1])
    return answer["seconds"], memory, answer["found"]


def baseline(task, folder, file):
    command = ["wc", "-l", folder / file] if task == "report" else ["cp", folder / file, folder / "copy"]
    seconds, memory, _ = timed(command, folder)
    return seconds, memory, None


def measure(task, python, folder, runs):
    """The medians of what each of them needs."""
    _, form, engines = TASKS[task]
    file = f"hunt.{form}"
    ways = {"quell": lambda: quell(task, folder, file)}
    ways["wc -l" if task == "report" else "cp"] = lambda: baseline(task, folder, file)
    for name in engines:
        ways[name] = lambda name=name: engine(name, python, task, folder)
    all_runs = {name: [] for name in ways}
    for _ in range(runs):
        found = None
        for name, way in ways.items():
            seconds, memory, counts = way()
            found = found or counts
            if counts is not None and counts != found:
                sys.exit(f"{task}: quell finds {found}, {name} finds {counts}")
            all_runs[name].append((seconds, memory))
            for left in folder.glob("*"):
                if left.name.startswith(("kept", "suppressed", "peer-", "copy")):
                    left.unlink()
    return {
        name: (statistics.median(seconds for seconds, _ in got), max(memory for _, memory in got))
        for name, got in all_runs.items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "target" / "compare")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--mixes", default=",".join(MIXES))
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    python = prepare(args.folder, args.rows)
    print(f"Medians of {args.runs} runs in turn.\n")
    for mix in args.mixes.split(","):
        made = None
        for task in args.tasks.split(","):
            what, form, _ = TASKS[task]
            if form != made:
                generate(args.folder, args.rows, mix, form)
                made = form
            medians = measure(task, python, args.folder, args.runs)
            own = medians["quell"][0]
            print(f"| {mix}: {what} | seconds | against quell | peak memory |\n|---|--:|--:|--:|")
            for name, (seconds, memory) in medians.items():
                print(f"| {name} | {seconds:.2f} | {seconds / own:.2f} | {memory:.0f} MB |", flush=True)
            print()


main()
