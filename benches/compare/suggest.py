#!/usr/bin/env python3
"""How well the exclusions of `quell suggest` hold on later days, on rows whose truth is planted, and how fast it is.

    benches/compare/suggest.py [--folder F] [--seeds N] [--rows N] [--no-peers]

Each set has families of benign rows (volatile paths, names, hashes, parents and networks, one name in two products),
intruders that imitate a family in all but one or two attributes, a family that intruders share, rows that nobody labelled,
and later days with new users, versions, addresses and intruders. Beside quell a rule learner of Python (RIPPER, of the
package wittgenstein) learns from the same rows. Everything goes into the folder (`target/suggest` unless given).
"""

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import random
import subprocess
import time
import venv
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
QUELL = ROOT / "target" / "release" / "quell"
COLUMNS = {
    "time": "Timestamp", "device": "DeviceName", "action": "ActionType", "ip": "RemoteIP", "port": "RemotePort",
    "transport": "Protocol", "sha256": "InitiatingProcessSHA256", "name": "InitiatingProcessFileName",
    "company": "InitiatingProcessVersionInfoCompanyName", "path": "InitiatingProcessFolderPath",
    "parent": "InitiatingProcessParentFileName", "user": "InitiatingProcessAccountName", "command": "InitiatingProcessCommandLine",
}
FEATURES = ["name", "path", "company", "parent", "user", "ip", "port"]
KNOWN = 40
LATER = 400


def hexes(rng, count):
    return "".join(rng.choice("0123456789abcdef") for _ in range(count))


def guid(rng):
    return "{" + "-".join(hexes(rng, count) for count in (8, 4, 4, 4, 12)) + "}"


class Family:
    """What rows of one product have in common, and what changes in them."""

    def __init__(self, rng, number, name=None):
        word = "".join(rng.choice("bcdfglmnprstv") + rng.choice("aeiou") for _ in range(3)) + str(number)
        self.word, self.kind = word, number % 6
        self.exe = name or f"{word}.exe"
        self.company = f"{word.title()} Inc"
        self.parent = ["services.exe", "explorer.exe", f"{word}svc.exe"][number % 3]
        self.v6 = number % 4 == 3
        base = rng.randrange(1, 220)
        self.net = f"2a0d:{number:x}:5::" if self.v6 else f"{20 + number * 7}.{base}.{number}."
        self.offset = rng.randrange(0, 200)
        self.hosts = [3, 6, 14, 40][number % 4]
        self.ports = [[443], [443, 8443], [8530, 8531], [80, 443]][number % 4]
        self.user = "system" if self.parent == "services.exe" else None

    def path(self, rng, day, user):
        version = f"{1 + day // 4}.{day % 4}.{rng.randrange(3)}"
        w, exe = self.word, self.name
        return [
            lambda: f"C:\\Users\\{user}\\AppData\\Local\\{w}\\app-{version}\\{exe}",
            lambda: f"C:\\Program Files\\{w}\\{exe}",
            lambda: f"C:\\ProgramData\\{w}\\{guid(rng)}\\{exe}",
            lambda: f"C:\\Program Files (x86)\\{w}\\{version}\\{exe}",
            lambda: f"C:\\Windows\\Temp\\{w}-{hexes(rng, 8)}\\{exe}",
            lambda: f"\\Device\\HarddiskVolume{rng.randrange(1, 6)}\\{w}\\bin\\{exe}",
        ][self.kind]()

    def row(self, rng, day, people):
        user = self.user or f"u{rng.choice(people)}"
        # A name of each version: setup-1a2b3c4d.exe.
        self.name = f"{self.word}-{hexes(rng, 8)}.exe" if self.kind == 4 else self.exe
        host = self.offset + rng.randrange(self.hosts)
        ip = f"{self.net}{host + 1:x}" if self.v6 else f"{self.net}{host + 1}"
        return {
            "name": self.name, "path": self.path(rng, day, user), "company": self.company, "parent": self.parent,
            "user": user, "ip": ip, "port": rng.choice(self.ports), "device": f"pc-{rng.randrange(400):03}",
            "sha256": hexes(rng, 64) if self.kind == 4 else hashlib.sha256(f"{self.word} {day // 4}".encode()).hexdigest(),
        }


def shared(rng, day, people):
    """curl.exe, which administrators and intruders use alike."""
    ip = ".".join(str(rng.randrange(1, 223)) for _ in range(4))
    return {
        "name": "curl.exe", "path": "C:\\Windows\\System32\\curl.exe", "company": "curl, https://curl.se/",
        "parent": rng.choice(["cmd.exe", "powershell.exe"]), "user": f"u{rng.choice(people)}", "ip": ip, "port": 443,
        "device": f"pc-{rng.randrange(400):03}", "sha256": f"{7:064x}",
    }


def intruder(rng, day, families, people):
    """A row of a family with one or two attributes of the intruder's own; one in ten uses the shared tool."""
    if rng.random() < 0.1:
        return shared(rng, day, people)
    row = rng.choice(families).row(rng, day, people)
    word = hexes(rng, 6)
    own = {
        "name": f"{word}.exe",
        "path": rng.choice([f"C:\\Users\\Public\\{word}\\{row['name']}", f"C:\\Windows\\Tasks\\{row['name']}", f"C:\\Temp\\{row['name']}"]),
        "company": rng.choice(["", "Microsoft Corporation"]),
        "parent": rng.choice(["cmd.exe", "wscript.exe", "mshta.exe"]),
        "ip": ".".join(str(rng.randrange(1, 223)) for _ in range(4)),
    }
    for attribute in rng.sample(sorted(own), rng.choice([1, 2])):
        row[attribute] = own[attribute]
    row["sha256"] = hexes(rng, 64)
    return row


def other(rng, number, people):
    """A program that nobody has said anything of."""
    kind = number % 60
    return {
        "name": f"tool{kind}.exe", "path": f"C:\\Program Files\\Tool {kind}\\tool{kind}.exe", "company": f"Maker {kind % 9}",
        "parent": "explorer.exe", "user": f"u{rng.choice(people)}", "ip": f"198.18.{kind}.{rng.randrange(1, 250)}", "port": 443,
        "device": f"pc-{rng.randrange(400):03}", "sha256": f"{kind:064x}",
    }


def write(file, rows, rng, days):
    with file.open("w", newline="") as out:
        table = csv.DictWriter(out, COLUMNS.values())
        table.writeheader()
        for row in rows:
            day = rng.choice(days)
            time_ = datetime(2026, 11, 2) + timedelta(days=day, seconds=rng.randrange(86_400))
            row = {"time": time_.isoformat() + "Z", "action": "ConnectionSuccess", "transport": "Tcp", "command": f'"{row["path"]}" {hexes(rng, 6)}', **row}
            table.writerow({COLUMNS[key]: value for key, value in row.items()})


def make(folder, seed, families=12, benign=4_000):
    """The files of one set."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    known = [Family(rng, number) for number in range(families)]
    # One name in two products.
    known[1].exe = known[7].exe = "updater.exe"
    people, new = range(100, 160), range(100, 220)
    early, late = range(8), range(8, 14)
    # Some families have a hundred times the rows of others.
    weights = [1 / (1 + number % 6) ** 1.5 for number in range(families)]
    def rows(count, days, who, tool):
        drawn = rng.choices(known, weights, k=count)
        return [family.row(rng, rng.choice(days), who) for family in drawn] + [shared(rng, 0, who) for _ in range(tool)]
    write(folder / "benign.csv", rows(benign, early, people, 120), rng, early)
    write(folder / "malicious.csv", [intruder(rng, rng.choice(early), known, people) for _ in range(KNOWN - 4)] + [shared(rng, 0, people) for _ in range(4)], rng, early)
    write(folder / "other.csv", [other(rng, number, people) for number in range(2_000)], rng, early)
    write(folder / "later-benign.csv", rows(benign, late, new, 0), rng, late)
    write(folder / "later-malicious.csv", [intruder(rng, rng.choice(late), known, new) for _ in range(LATER)], rng, late)
    return families


def suppressed(folder, lists, name):
    """Rows read and rows suppressed."""
    run = subprocess.run([QUELL, "apply", folder / f"{name}.csv", "-e", lists, "--format", "json", "--quiet"], capture_output=True, check=True)
    totals = json.loads(run.stdout)["totals"]
    return totals["read"], totals["suppressed"]


def quell(folder):
    """Suggests a list and applies it to each file: (exclusions, suppressed by file, seconds)."""
    none = folder / "none.yaml"
    none.write_text("exclusions: []\n")
    command = [QUELL, "suggest", folder / "other.csv", "--benign", folder / "benign.csv", "--malicious", folder / "malicious.csv", "-e", none]
    start = time.monotonic()
    run = subprocess.run([*command, "--format", "json"], capture_output=True)
    seconds = time.monotonic() - start
    if run.returncode == 2:
        raise SystemExit(run.stderr.decode())
    found = json.loads(run.stdout)
    lists = folder / "suggested.yaml"
    lists.write_text(found["list"])
    counts = {name: suppressed(folder, lists, name) for name in FILES}
    left = next((left["why"] for left in found["left_alone"] if "curl.exe" in left["what"]), "NOT LEFT ALONE")
    return len(found["exclusions"]), counts, seconds, left


FILES = ["benign", "malicious", "other", "later-benign", "later-malicious"]

LEARNER = """
import json, sys, time
import pandas, wittgenstein
folder, features = sys.argv[1], json.loads(sys.argv[2])
read = lambda name: pandas.read_csv(f"{folder}/{name}.csv", usecols=list(features.values()), dtype=str, keep_default_na=False)
train = [read(name).assign(label=label) for name, label in [("benign", 1), ("malicious", 0), ("other", 0)]]
train = pandas.concat(train).sample(n=min(3000, sum(map(len, train))), random_state=1)
start = time.monotonic()
learner = wittgenstein.RIPPER(random_state=1, k=1)
learner.fit(train, class_feat="label", pos_class=1)
seconds = time.monotonic() - start
counts = {name: (len(rows), int(sum(learner.predict(rows)))) for name, rows in [(name, read(name)) for name in sys.argv[3:]]}
print(json.dumps([len(learner.ruleset_.rules), counts, seconds]))
"""


def ripper(python, folder):
    """The same with rules that RIPPER learns: each value is a category of its own."""
    features = json.dumps({key: COLUMNS[key] for key in FEATURES})
    run = subprocess.run([python, "-c", LEARNER, folder, features, *FILES], capture_output=True)
    if run.returncode:
        return None
    return [*json.loads(run.stdout.decode().splitlines()[-1]), ""]


def learner(folder):
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "wittgenstein==0.3.4", "pandas"], check=True)
    return python


def line(name, families, results):
    def share(file):
        read = sum(counts[file][0] for _, counts, *_ in results)
        hit = sum(counts[file][1] for _, counts, *_ in results)
        return read, hit
    (b, bh), (m, mh), (o, oh), (lb, lbh), (lm, lmh) = (share(file) for file in FILES)
    rules = sum(result[0] for result in results) / (len(results) * families)
    seconds = max(result[2] for result in results)
    print(f"| {name} | {rules:.2f} | {100 * bh / b:.1f} % | {100 * lbh / lb:.1f} % | {mh} of {m} | {100 * lmh / lm:.2f} % ({lmh} of {lm}) | {oh} of {o} | {seconds:.1f} s |")


def speed(folder, rows):
    """Many benign rows: the time on the clock, that of the processor, and the most memory."""
    # By a process of its own, whose memory would be taken for that of quell.
    maker = multiprocessing.Process(target=make, args=(folder, 7), kwargs={"benign": rows})
    maker.start()
    maker.join()
    (folder / "none.yaml").write_text("exclusions: []\n")
    labels = ["--benign", folder / "benign.csv", "--malicious", folder / "malicious.csv"]
    command = [QUELL, "suggest", folder / "other.csv", *labels, "-e", folder / "none.yaml", "--format", "json"]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    print(f"\n{rows:,} benign rows: {seconds:.1f} s on the clock, {used.ru_utime + used.ru_stime:.1f} s of one processor, at most {used.ru_maxrss / 1024:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "target" / "suggest")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=0, help="measure the speed on so many rows")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "--quiet", "--locked", "--bin", "quell"], cwd=ROOT, check=True)
    sets = [args.folder / f"set-{seed}" for seed in range(1, args.seeds + 1)]
    families = [make(folder, seed) for seed, folder in enumerate(sets, 1)][0]
    print("| | rules for a family | benign rows | benign rows of later days | known intruders | intruders of later days | rows of nobody's label | time |")
    print("|---|---|---|---|---|---|---|---|")
    found = [quell(folder) for folder in sets]
    line("`quell suggest`", families, found)
    if not args.no_peers:
        python = learner(args.folder)
        line("RIPPER", families, [result for result in (ripper(python, folder) for folder in sets) if result])
    print("\nThe family that intruders share:", "; ".join(sorted({result[3] for result in found})))
    if args.rows:
        speed(args.folder / "speed", args.rows)


if __name__ == "__main__":
    main()
