"""Executes generated KQL in an engine that shares no code with quell, and compares rows and figures.

run.py FOLDER COUNT: the first N.json of `cargo run --example kql_cases`, and those of every table. What is executed is what is
shipped. The engine is set to what Microsoft documents:
- operators that ignore letter case do so for ASCII letters;
- ipv4_is_in_any_range() and ipv6_is_in_any_range(), which it lacks, are functions in Python: null for what is no
  address; as measured on Kusto's emulator they take blanks around an address and a prefix length behind it;
- now() is the day that the case names.

What the documents leave open is listed in docs/kql.md. Such rows are marked by `kql_cases` (`open`), may be kept or
suppressed by a clause, and stand in no table over which `impact` is run.
"""
import csv
import functools
import io
import ipaddress
import json
import multiprocessing
import pathlib
import re
import sys

import duckdb_kql
from duckdb_kql import translate
from duckdb_kql.params import as_datetime
from duckdb_kql.translate import functions

COLUMNS = [("ReportId", "BIGINT"), ("InitiatingProcessFileName", "VARCHAR"), ("InitiatingProcessFolderPath", "VARCHAR"),
           ("RemoteIP", "VARCHAR"), ("RemotePort", "INTEGER"), ("DeviceName", "VARCHAR"), ("Timestamp", "TIMESTAMP")]


def parsed(text, version):
    """The network that a cell or a range names; None if it names none. A lone address is a network of one."""
    text = re.sub(r"%[^/]*", "", text.strip()) if version == 6 else text.strip()
    address, slash, length = text.partition("/")
    try:
        ip = ipaddress.ip_address(address)
        if version == 4 and ip.version != 4:
            return None
        if version == 6 and ip.version == 4:
            ip = ipaddress.IPv6Address("::ffff:" + address)
            length = str(int(length) + 96) if slash else ""
        return ipaddress.ip_network(f"{ip}/{length}" if slash else str(ip), strict=False)
    except ValueError:
        return None


def in_any(version):
    def test(cell, ranges):
        own = parsed(cell or "", version)
        nets = [parsed(each, version) for each in ranges or []]
        # One bad range makes the whole call null, as one bad cell does.
        if own is None or not nets or None in nets:
            return None
        return any(own.network_address in net for net in nets)
    return test


def render(version):
    def call(node):
        cell, *ranges = [translate.render_expr(each) for each in node.args]
        if len(ranges) == 1 and not ranges[0].startswith("'"):
            ranges = f"""CAST(from_json(CAST({ranges[0]} AS JSON), '["VARCHAR"]') AS VARCHAR[])"""
        else:
            ranges = f"[{', '.join(ranges)}]"
        return f"ipv{version}_in_any({cell}, {ranges})"
    return call


def prepare():
    """Sets the engine to the documents."""
    for version in (4, 6):
        name = f"ipv{version}_is_in_any_range"
        functions.SCALAR_FUNCTIONS[name] = functions._f(name, "template", "", (), (), "special")
        translate._SPECIAL_FORMS[name] = render(version)
    aggregates = functions.AGGREGATE_FUNCTIONS
    aggregates["count_distinctif"] = aggregates["dcountif"]
    for operator, template in (("startswith", "starts_with(lower({0}), lower({1}))"),
                               ("endswith", "ends_with(lower({0}), lower({1}))"),
                               ("contains", "contains(lower({0}), lower({1}))")):
        for negated in ("", "!"):
            spec = functions.BINARY_OPERATORS.get(negated + operator)
            if spec is not None:
                object.__setattr__(spec, "template", f"(NOT {template})" if negated else template)


prepare()


# The types of Kusto in the engine.
TYPES = {"string": "VARCHAR", "int": "INTEGER", "long": "BIGINT"}


def load(rows, table="DeviceNetworkEvents", columns=None):
    columns = [("ReportId", "BIGINT")] + [(name, TYPES[kind]) for name, kind in columns] if columns else COLUMNS
    connection = duckdb_kql.connect()
    connection.execute("SET threads=1")
    connection.execute(f'CREATE TABLE "{table}" (' + ", ".join(f'"{name}" {kind}' for name, kind in columns) + ")")
    connection.execute("CREATE MACRO ascii_fold(text) AS translate(text, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')")
    for version in (4, 6):
        connection.create_function(f"ipv{version}_in_any", in_any(version), ["VARCHAR", "VARCHAR[]"], "BOOLEAN", null_handling="special")
    marks = ", ".join("?" for _ in columns)
    for row in rows:
        connection.execute(f'INSERT INTO "{table}" VALUES ({marks})', [row[name] for name, _ in columns])
    return connection


@functools.lru_cache(maxsize=64)
def translated(text):
    """A query as SQL, with the names of its parameters; the time of the query is the only one there is."""
    sql = duckdb_kql.to_sql(text, query_now="2000-01-01")
    return str(sql).replace("lower(", "ascii_fold("), tuple(sql.parameters)


def run(connection, text, now):
    sql, parameters = translated(text)
    result = connection.execute(sql, {name: as_datetime(now, "query_now") for name in parameters})
    names = [column[0] for column in result.description]
    return [dict(zip(names, row)) for row in result.fetchall()]


def literal(text):
    return json.dumps(text, ensure_ascii=False)


def inlined(text, watchlist):
    """The watchlist, or the CSV behind an address, as a table in the query."""
    rows = list(csv.reader(io.StringIO(watchlist)))[1:]
    cells = ", ".join(f"{literal(key)}, {literal(value)}" for key, value in rows)
    table = f"datatable(SearchKey: string, Value: string)[{cells}]"
    for source in ('_GetWatchlist("quell") | project SearchKey, Value',
                   'externaldata(SearchKey: string, Value: string)["https://storage.example/quell.csv"]'
                   ' with (format = "csv", ignoreFirstRecord = true)'):
        text = text.replace(source, table)
    return text


def figures(row):
    row = {key: value for key, value in row.items() if key != "quell_lists"}
    return {key: (str(value)[:10] if "__first" in key or "__last" in key else value) for key, value in row.items()}


def wanted_figures(wanted):
    out = {f"quell_{key}": wanted["totals"][key] for key in ("read", "kept", "suppressed", "undecidable")}
    for each in wanted["exclusions"]:
        name = "quell_" + each["id"].replace("-", "_")
        out |= {f"{name}__matches": each["matches"], f"{name}__sole": each["sole"], f"{name}__scoped": each["scoped_matches"],
                f"{name}__devices": each["devices"], f"{name}__first": str(each["first"])[:10], f"{name}__last": str(each["last"])[:10]}
    return out


def check(case):
    """The differences of one case, a line each."""
    found = []
    left_open = set(case["open"])
    where = {"table": case["table"], "columns": case["columns"]} if "table" in case else {}
    connection = load(case["rows"], **where)
    counted = None if where else load([row for row in case["rows"] if row["ReportId"] not in case["uncounted"]])
    for form, text in case["forms"].items():
        if form == "impact":
            got, want = figures(run(counted, text, case["today"])[0]), wanted_figures(case["wanted"])
        else:
            query = inlined(text, case["watchlist"]) + "| project ReportId"
            days = [("today", case["kept"]), ("expired", case.get("kept_expired"))]
            for day, want in days if "now()" in text else days[:1]:
                got = sorted({row["ReportId"] for row in run(connection, query, case[day])} - left_open)
                want = [place for place in want if place not in left_open]
                if got != want:
                    break
        if got != want:
            found.append(f"{form}: wanted {want}\n   got {got}\n{text}")
    return found


def differences(path):
    try:
        case = json.loads(path.read_text())
        return path.name, check(case), len(case["rows"]), len(case["open"])
    except Exception as error:
        return path.name, [f"{type(error).__name__}: {error}"[:2000]], 0, 0


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.json"), key=lambda path: int(path.stem))
    # The last ones are of every table there is.
    tables = [path for path in files if '"table"' in path.read_text()]
    files = files[:int(sys.argv[2])] + [path for path in tables if path not in files[:int(sys.argv[2])]]
    count = rows = left_open = 0
    with multiprocessing.Pool() as pool:
        for done, (name, found, here, open_here) in enumerate(pool.imap_unordered(differences, files), 1):
            if done % 200 == 0:
                print(f"{done} pairs, {count} differences so far", flush=True)
            count += len(found)
            rows += here
            left_open += open_here
            for each in found[:2]:
                print(f"{name}: {each}\n")
            if count > 10:
                break
    print(f"{len(files)} pairs of list and table, {rows} rows, {left_open} of them with a spelling that is open, {count} differences")
    # A run in which most rows are open judges nothing.
    sys.exit(1 if count or not files or left_open * 2 > rows else 0)


if __name__ == "__main__":
    main()
