#!/usr/bin/env python3
"""How well the exclusions of `quell suggest` hold on later days, on rows whose truth is planted, and how fast it is.

    benches/compare/suggest.py [--folder F] [--seeds N] [--first N] [--rows N] [--lab FILE] [--early SHARE] [--quell BINARY] [--no-peers]

Each set has families of benign rows (volatile paths, names, hashes, parents and networks, one name in two products),
intruders that imitate a family in all but one or two attributes, a family that intruders share, rows that nobody labelled,
and later days with new users, versions, addresses and intruders. Beside quell a rule learner of Python (RIPPER, of the
package wittgenstein) and `rsigma rule tune` (built here from its crate) learn from the same rows. With --lab the same is
done on connections of a lab (columns of DeviceNetworkEvents and `Dataset`, the recording a row is from), into which only
the intruders are planted; --early is the share of its rows whose days are chosen by, so that other days can be tried. Everything goes into the folder (`target/suggest` unless given).
"""

import argparse
import csv
import hashlib
import ipaddress
import itertools
import json
import multiprocessing
import os
import random
import re
import shutil
import subprocess
import time
import venv
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
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
    """A row of a family, disguised; one in ten uses the shared tool."""
    return shared(rng, day, people) if rng.random() < 0.1 else disguise(rng, rng.choice(families).row(rng, day, people))


def disguise(rng, row):
    """The row with one or two of its attributes the intruder's own."""
    row, word = dict(row), hexes(rng, 6)
    own = {
        "name": f"{word}.exe",
        "path": rng.choice([f"C:\\Users\\Public\\{word}\\{row['name']}", f"C:\\Windows\\Tasks\\{row['name']}", f"C:\\Temp\\{row['name']}"]),
        "company": rng.choice(["", "Microsoft Corporation"]),
        "parent": rng.choice(["cmd.exe", "wscript.exe", "mshta.exe"]),
        "ip": ".".join(str(rng.randrange(1, 223)) for _ in range(4)),
    }
    for attribute in rng.sample(sorted(own.keys() & row.keys()), rng.choice([1, 2])):
        row[attribute] = own[attribute]
    return row | {"sha256": hexes(rng, 64)} if "sha256" in row else row


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


def lab(folder, seed, file, early_share=0.8):
    """The files of the lab. Its rows bear no labels and intrusions are in them, so benign are the rows of programs that at
    least 20 of the recordings have, of intrusions of many kinds; PowerShell, in which intruders run, and all other programs are
    nobody's. Later is what the first days leave, which have the early share of the rows. Intruders are planted: rows of the same days, disguised."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    program = lambda row: row[COLUMNS["name"]].lower()
    with file.open(newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["Timestamp"][:2] == "20"]
    recordings = defaultdict(set)
    for row in rows:
        recordings[program(row)].add(row.pop("Dataset"))
    from_day = sorted(row["Timestamp"][:10] for row in rows)[int(len(rows) * early_share)]
    usual = {name for name, seen in recordings.items() if len(seen) >= 20} - {"powershell.exe"}
    benign = [row for row in rows if program(row) in usual]
    early, late = ([row for row in benign if (row["Timestamp"][:10] >= from_day) == later] for later in (False, True))
    short = {column: key for key, column in COLUMNS.items()}

    def planted(count, among):
        drawn = ({short.get(column, column): value for column, value in row.items()} for row in rng.choices(among, k=count))
        return [{COLUMNS.get(key, key): value for key, value in disguise(rng, row).items()} for row in drawn]

    files = [early, planted(KNOWN, early), [row for row in rows if program(row) not in usual], late, planted(LATER, late)]
    for name, content in zip(FILES, files):
        with (folder / f"{name}.csv").open("w", newline="") as out:
            table = csv.DictWriter(out, rows[0].keys())
            table.writeheader()
            table.writerows(content)
    return len(usual)


def ceiling(folder):
    """What any rule can silence of the later days that names a program and where it goes: rows, those whose program and address
    the days before have, and those whose program and network (/24, of IPv6 /64) they have."""
    def read(name, network):
        with (folder / f"{name}.csv").open(newline="") as rows:
            for row in csv.DictReader(rows):
                try:
                    ip = ipaddress.ip_address(row[COLUMNS["ip"]])
                except ValueError:
                    continue
                yield row[COLUMNS["name"]].lower(), ipaddress.ip_network((ip, {4: 24, 6: 64}[ip.version]), strict=False) if network else ip
    later, counts = 0, []
    for network in (False, True):
        known, rows = set(read("benign", network)), list(read("later-benign", network))
        later = len(rows)
        counts.append(sum(row in known for row in rows))
    return [later, *counts]


def suppressed(folder, lists, name):
    """Rows read and rows suppressed."""
    run = subprocess.run([QUELL, "apply", folder / f"{name}.csv", "-e", lists, "--format", "json", "--quiet"], capture_output=True, check=True)
    totals = json.loads(run.stdout)["totals"]
    return totals["read"], totals["suppressed"]


def quell(folder):
    """Suggests a list and applies it to each file: (exclusions, suppressed by file, seconds)."""
    none = folder / "none.yaml"
    none.write_text("exclusions: []\n")
    labels = ["--benign", folder / "benign.csv", "--malicious", folder / "malicious.csv"]
    start = time.monotonic()
    run = subprocess.run([QUELL, "suggest", folder / "other.csv", *labels, "-e", none, "--format", "json"], capture_output=True)
    seconds = time.monotonic() - start
    if run.returncode == 2:
        raise SystemExit(run.stderr.decode())
    found = json.loads(run.stdout)
    lists = folder / "suggested.yaml"
    lists.write_text(found["list"])
    counts = {name: suppressed(folder, lists, name) for name in FILES}
    left = next((left["why"] for left in found["left_alone"] if "curl.exe" in left["what"]), "NOT LEFT ALONE")
    return len(found["exclusions"]), counts, seconds, left


RSIGMA = "0.23.0"
TARGET = """title: Connections
id: 5d0b7c1e-6a52-4d0f-9b1e-2f6f1f0c7a11
logsource: {category: network_connection, product: windows}
detection: {selection: {InitiatingProcessFileName|exists: true}, condition: selection}
"""


def events(folder, *names):
    """The rows of files as the peer reads them, with the columns that RIPPER gets too; the time would only mislead it."""
    wanted, port = {COLUMNS[key] for key in FEATURES}, COLUMNS["port"]
    for name in names:
        with (folder / f"{name}.csv").open(newline="") as rows:
            yield from ({key: row[key] for key in wanted & row.keys()} | {port: int(row[port] or 0)} for row in csv.DictReader(rows))


def at(file, rows):
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"@{file}"


def tune(rsigma, folder, options, each=False, protect=False):
    """What `rsigma rule tune` silences as a filter of a rule that every row meets. `each`: asked for each product by itself;
    `protect`: rows of nobody's label are given as true positives too. Where it refuses, it silences nothing."""
    shutil.rmtree(rules := folder / "rsigma", ignore_errors=True)
    rules.mkdir()
    (rules / "rule.yml").write_text(TARGET)
    products, filters = defaultdict(list), []
    for row in events(folder, "benign"):
        products[(row.get(COLUMNS["company"]) or row[COLUMNS["name"]].lower()) if each else ""].append(row)
    true = at(folder / "true.ndjson", events(folder, "malicious", *["other"] * protect))
    start = time.monotonic()
    for rows in products.values():
        command = [rsigma, "rule", "tune", "-r", rules / "rule.yml", "--fp", at(folder / "false.ndjson", rows), "--tp", true, *options]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode == 0:
            filters.append(run.stdout)
        elif "no clean separator" not in run.stderr and "no candidate fields" not in run.stderr:
            raise SystemExit(run.stderr)
    seconds, counts = time.monotonic() - start, {}
    for number, text in enumerate(filters):
        (rules / f"filter-{number}.yml").write_text(text)
    for name in FILES:
        rows = list(events(folder, name))
        run = subprocess.run([rsigma, "engine", "eval", "-r", rules, "-e", at(folder / "rows.ndjson", rows)], capture_output=True, text=True, check=True)
        counts[name] = (len(rows), len(rows) - sum(line.startswith("{") for line in run.stdout.splitlines()))
    return sum(len(re.findall(r"^    selection(?:_\d+)?:", text, re.M)) for text in filters), counts, seconds, ""


def settings():
    """Its settings that matter, each with a name. All rows at once beside those of nobody's label would take hours."""
    ways = [(False, False), (True, False), (True, True)]
    for (most, least), values, (each, protect) in itertools.product([(4, 2), (4, 4), (7, 6)], [8, 1000], ways):
        options = f"--allow-partial --max-clusters 1000 --max-fields {most} --min-fields {least} --max-value-cardinality {values}".split()
        said = " ".join(options) + ", each product by itself" * each + ", rows of nobody's label as true positives" * protect
        yield said, options, each, protect


def peer(folder, sets, families):
    """Its lines of the table: as it comes, and at its best: of the settings that silence at least nine tenths of the benign rows
    of later days that any silences, those that hide the fewest intruders. No user could choose so, who does not know these days."""
    root = folder / f"rsigma-{RSIGMA}"
    if not (rsigma := root / "bin" / "rsigma").exists():
        # Without the service that it can be too; it does not compile without this feature.
        features = ["--no-default-features", "--features", "rsigma-runtime"]
        subprocess.run(["cargo", "install", "--quiet", "--locked", "--root", root, "rsigma", "--version", RSIGMA, *features], check=True)
    for said, each in [("", False), (", each product by itself", True)]:
        line(f"`rsigma rule tune` {RSIGMA}, defaults{said}", families, [tune(rsigma, set_, [], each) for set_ in sets])
    found = [(said, [tune(rsigma, set_, *rest) for set_ in sets]) for said, *rest in settings()]
    share = lambda results, name: sum(result[1][name][1] for result in results) / sum(result[1][name][0] for result in results)
    most = max(share(results, "later-benign") for _, results in found)
    good = [one for one in found if share(one[1], "later-benign") >= 0.9 * most]
    said, best = min(good, key=lambda one: (share(one[1], "later-malicious"), -share(one[1], "later-benign")))
    line(f"`rsigma rule tune` {RSIGMA}, at its best", families, best)
    return said


FILES = ["benign", "malicious", "other", "later-benign", "later-malicious"]

LEARNER = """
import json, sys, time
import pandas, wittgenstein
folder, features = sys.argv[1], json.loads(sys.argv[2])
read = lambda name: pandas.read_csv(f"{folder}/{name}.csv", usecols=lambda column: column in features.values(), dtype=str, keep_default_na=False)
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
        raise SystemExit(run.stderr.decode())
    return [*json.loads(run.stdout.decode().splitlines()[-1]), ""]


def learner(folder):
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "wittgenstein==0.3.4", "pandas"], check=True)
    return python


def line(name, families, results):
    sums = ([sum(counts[file][part] for _, counts, *_ in results) for part in (0, 1)] for file in FILES)
    (b, bh), (m, mh), (o, oh), (lb, lbh), (lm, lmh) = sums
    rules = sum(result[0] for result in results) / (len(results) * families)
    seconds = max(result[2] for result in results)
    print(f"| {name} | {rules:.2f} | {100 * bh / b:.1f} % | {100 * lbh / lb:.1f} % | {mh} of {m} | {100 * lmh / lm:.2f} % ({lmh} of {lm}) | {oh} of {o} | {seconds:.1f} s |", flush=True)


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


def table(args, title, sets, families):
    print(f"\n{title}\n\n| | rules for a family | benign rows | benign rows of later days | known intruders hidden | intruders of later days hidden | rows of nobody's label hidden | time |", flush=True)
    print("|---" * 8 + "|")
    found = [quell(folder) for folder in sets]
    line("`quell suggest`", families, found)
    if not args.no_peers:
        python = learner(args.folder)
        line("RIPPER", families, [ripper(python, folder) for folder in sets])
        print("\nThe best settings of rsigma:", peer(args.folder, sets, families))
    return found


def main():
    global QUELL
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "target" / "suggest")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="the seed of the first set")
    parser.add_argument("--rows", type=int, default=0, help="measure the speed on so many rows")
    parser.add_argument("--lab", type=Path, help="a CSV of lab connections to compare on too")
    parser.add_argument("--early", type=float, default=0.8, help="the share of the lab's rows whose days are chosen by")
    parser.add_argument("--quell", type=Path, help="this binary instead of one that is built")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    QUELL = args.quell or QUELL
    if not args.quell:
        subprocess.run(["cargo", "build", "--release", "--quiet", "--locked", "--bin", "quell"], cwd=ROOT, check=True)
    seeds = range(args.first, args.first + args.seeds)
    sets = [args.folder / f"set-{seed}" for seed in seeds]
    families = [make(folder, seed) for seed, folder in zip(seeds, sets)][0]
    found = table(args, "Made sets", sets, families)
    print("\nThe family that intruders share:", "; ".join(sorted({result[3] for result in found})))
    if args.lab:
        sets = [args.folder / f"lab-{seed}-{args.early}" for seed in seeds]
        programs = [lab(folder, seed, args.lab, args.early) for seed, folder in zip(seeds, sets)][0]
        table(args, f"Lab, {programs} programs", sets, programs)
        later, address, network = ceiling(sets[0])
        print(f"\nOf {later} later benign rows {address} have a program and address that the days before have, {network} a program and network.")
    if args.rows:
        speed(args.folder / "speed", args.rows)


if __name__ == "__main__":
    main()
