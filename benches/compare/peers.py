"""One task with one engine: `peers.py ENGINE TASK FOLDER`. Prints JSON: seconds, and the counts that it found.

Every engine gets the form that was fastest for it when this was written: all columns as text where that helps, one
pass where it can share one. Only the work is timed, not the start of Python and the loading of the engine.
"""

import json
import sys
import time
from pathlib import Path

import yaml

PACK = Path(__file__).parents[2] / "exclusions" / "documented"
NAME, PATH, IP = "InitiatingProcessFileName", "InitiatingProcessFolderPath", "RemoteIP"


def listed(value):
    return value if isinstance(value, list) else [value]


def documented():
    """Of each exclusion its id, names in lower case, and addresses with their IPv4-mapped forms."""
    found = []
    for file in sorted(PACK.glob("*.yaml")):
        for exclusion in yaml.safe_load(file.read_text())["exclusions"]:
            parts = {field: listed(value) for part in exclusion["when"] for field, value in part.items()}
            names = [name.lower() for name in parts["process.name"]]
            addresses = [form for ip in parts["destination.ip"] for form in (ip, f"::ffff:{ip}")]
            found.append((exclusion["id"], names, addresses))
    return found


def quoted(values):
    return ", ".join(f"'{value}'" for value in values)


def conditions(lower="lower"):
    return [
        f"({lower}({NAME}) IN ({quoted(names)}) OR {IP} IN ({quoted(addresses)}))"
        for _, names, addresses in documented()
    ]


def duckdb(task, folder):
    import duckdb as engine

    db = engine.connect()
    db.execute("SET preserve_insertion_order = true")
    conds = [f"coalesce({c}, false)" for c in conditions()]
    hit = " OR ".join(conds)
    if task.startswith("json"):
        source, form, end = f"read_json('{folder}/hunt.jsonl', format='newline_delimited')", "FORMAT json", "jsonl"
    else:
        source, form, end = f"read_csv('{folder}/hunt.csv', all_varchar=true, header=true)", "FORMAT csv, HEADER", "csv"

    def counts(table):
        each = ", ".join(f"count(*) FILTER ({c})" for c in conds)
        return db.execute(f"SELECT count(*), count(*) FILTER ({hit}), {each} FROM {table}").fetchone()

    begin = time.perf_counter()
    if task == "tuples":
        db.execute(f"CREATE TABLE tuples AS FROM read_csv('{folder}/tuples.csv', header=true)")
        net = f"regexp_replace({IP}, '[.][0-9]+$', '')"
        db.execute(f"CREATE TEMP TABLE rows AS SELECT *, row_number() OVER () AS place FROM {source}")
        db.execute(
            f"CREATE TEMP TABLE hits AS SELECT DISTINCT place FROM rows JOIN tuples ON lower({NAME}) = tuples.name"
            f" AND {net} = tuples.net AND starts_with(lower({PATH}), tuples.path)"
        )
        for word, file in (("ANTI", "kept"), ("SEMI", "suppressed")):
            query = f"SELECT * EXCLUDE (place) FROM rows {word} JOIN hits USING (place) ORDER BY place"
            db.execute(f"COPY ({query}) TO '{folder}/peer-{file}.csv' ({form})")
        found = db.execute("SELECT (SELECT count(*) FROM rows), (SELECT count(*) FROM hits)").fetchone()
    else:
        found = counts(source)
        if task in ("full", "json-full"):
            for word, file in (("NOT", "kept"), ("", "suppressed")):
                query = f"SELECT * FROM {source} WHERE {word} ({hit})"
                db.execute(f"COPY ({query}) TO '{folder}/peer-{file}.{end}' ({form})")
    return time.perf_counter() - begin, found


def polars(task, folder):
    import polars as pl

    def condition(names, addresses):
        name = pl.col(NAME).str.to_lowercase().is_in(names)
        return (name | pl.col(IP).is_in(addresses)).fill_null(False)

    conds = [condition(names, addresses) for _, names, addresses in documented()]
    hit = pl.any_horizontal(conds)
    begin = time.perf_counter()
    if task.startswith("json"):
        rows, end = pl.scan_ndjson(f"{folder}/hunt.jsonl"), "jsonl"
    else:
        rows, end = pl.scan_csv(f"{folder}/hunt.csv", infer_schema=False), "csv"
    each = [c.sum().alias(str(place)) for place, c in enumerate(conds)]
    report = rows.select(pl.len().alias("rows"), hit.sum().alias("hit"), *each)
    if task == "report":
        found = report.collect(engine="streaming").row(0)
    else:
        write = pl.LazyFrame.sink_ndjson if end == "jsonl" else pl.LazyFrame.sink_csv
        sinks = [
            write(rows.filter(which), f"{folder}/peer-{file}.{end}", lazy=True)
            for which, file in ((~hit, "kept"), (hit, "suppressed"))
        ]
        found = pl.collect_all([report, *sinks], engine="streaming")[0].row(0)
    return time.perf_counter() - begin, found


def chdb(task, folder):
    from chdb import session

    db = session.Session()
    conds = conditions()
    hit = " OR ".join(conds)
    form, end = ("JSONEachRow", "jsonl") if task.startswith("json") else ("CSVWithNames", "csv")
    names = Path(f"{folder}/hunt.csv").open(encoding="utf-8").readline().strip().split(",")
    types = ", ".join(f"`{name}` String" for name in names)
    source = f"file('{folder}/hunt.{end}', '{form}', '{types}')"
    each = ", ".join(f"countIf({c})" for c in conds)
    settings = "SETTINGS engine_file_truncate_on_insert = 1"
    begin = time.perf_counter()
    answer = db.query(f"SELECT count(), countIf({hit}), {each} FROM {source}", "CSV")
    found = [int(number) for number in str(answer).strip().split(",")]
    if task != "report":
        for word, file in (("NOT", "kept"), ("", "suppressed")):
            target = f"file('{folder}/peer-{file}.{end}', '{form}')"
            db.query(f"INSERT INTO FUNCTION {target} SELECT * FROM {source} WHERE {word} ({hit}) {settings}")
    return time.perf_counter() - begin, found


def main():
    engine, task, folder = sys.argv[1:]
    seconds, found = {"duckdb": duckdb, "polars": polars, "chdb": chdb}[engine](task, folder)
    print(json.dumps({"seconds": seconds, "found": [int(number) for number in found]}))


main()
