"""Executes generated KQL in an engine that shares no code with quell, and compares rows and figures.

run.py FOLDER: each N.json of `cargo run --example kql_cases`. The engine has no ipv4_is_in_any_range() and no
ipv6_is_in_any_range(); calls are written out over parse_ipv4() and parse_ipv6(), null where the text is no address,
as Microsoft's pages say. isascii() is written out as a regular expression.
"""
import csv
import io
import ipaddress
import json
import multiprocessing
import pathlib
import re
import sys

import duckdb_kql

COLUMNS = [("ReportId", "BIGINT"), ("InitiatingProcessFileName", "VARCHAR"), ("InitiatingProcessFolderPath", "VARCHAR"),
           ("RemoteIP", "VARCHAR"), ("RemotePort", "INTEGER"), ("DeviceName", "VARCHAR"), ("Timestamp", "TIMESTAMP")]


def closing(text, start):
    """The place of the bracket that closes the one before `start`, strings left aside."""
    depth, at = 1, start
    while depth:
        if text[at] == '"':
            verbatim = text[at - 1] == "@"
            at += 1
            while text[at] != '"' or (verbatim and text[at + 1] == '"'):
                at += 2 if (text[at] == "\\" and not verbatim) or text[at] == '"' else 1
        depth += (text[at] in "([{") - (text[at] in ")]}")
        at += 1
    return at - 1


CELLS = [
    ("quell_v4", r'extract(@"^(?:::[fF]{4}:)?((?:(?:0|[1-9][0-9]*)\.){3}(?:0|[1-9][0-9]*))$", 1, RemoteIP)'),
    ("quell_v6", r'iff(RemoteIP matches regex @"^[0-9A-Fa-f:]*:(?:[0-9A-Fa-f]{0,4}|(?:(?:0|[1-9][0-9]*)\.){3}(?:0|[1-9][0-9]*))$"'
     r' and not(parse_ipv6(RemoteIP) startswith "0000:0000:0000:0000:0000:ffff:"), RemoteIP, "")'),
]


def shortened(text):
    """Cells that are computed again and again become columns, computed once; the engine is slow at parsing."""
    for name, cell in CELLS:
        text = text.replace(cell, name)
    cells = ", ".join(f"{name} = {cell}" for name, cell in CELLS)
    numbers = "quell_n4 = parse_ipv4(quell_v4), quell_n6 = parse_ipv6(quell_v6)"
    text = text.replace("parse_ipv4(quell_v4)", "quell_n4").replace("parse_ipv6(quell_v6)", "quell_n6")
    return text.replace("DeviceNetworkEvents\n", f"DeviceNetworkEvents\n| extend {cells}\n| extend {numbers}\n", 1)


def expand(text, lists):
    """Range calls over parse_ipv4() and parse_ipv6(); dcountif() is exact in this engine."""
    text = text.replace("count_distinctif(", "dcountif(")
    while "isascii(" in text:
        start = text.index("isascii(")
        end = closing(text, start + len("isascii("))
        cell = text[start + len("isascii("):end]
        text = text[:start] + f'not({cell} matches regex @"[^\x00-\x7F]")' + text[end + 1:]
    for version in (4, 6):
        name = f"ipv{version}_is_in_any_range("
        while name in text:
            start = text.index(name)
            end = closing(text, start + len(name))
            inner = text[start + len(name):end]
            split = inner.rindex(", dynamic(") if inner.endswith(")") else inner.rindex(", ")
            cell, ranges = inner[:split], inner[split + 2:]
            ranges = json.loads(ranges[len("dynamic("):-1]) if ranges.startswith("dynamic(") else lists[ranges]
            text = text[:start] + tests(version, cell, ranges) + text[end + 1:]
    return text


def tests(version, cell, ranges):
    nets = [ipaddress.ip_network(each, strict=False) for each in ranges]
    if version == 4:
        ip = f"parse_ipv4({cell})"
        each = [f"({ip} >= {int(net[0])} and {ip} <= {int(net[-1])})" for net in nets]
        return f"iff(isnull({ip}), bool(null), ({' or '.join(each)}))"
    ip = f"parse_ipv6({cell})"
    each = [f'{ip} startswith "{prefix}"' for net in nets for prefix in prefixes(net)]
    return f"iff(isempty({ip}), bool(null), ({' or '.join(each)}))"


def prefixes(net):
    """The beginnings of the canonical texts of a network's addresses."""
    whole = -(-net.prefixlen // 4)
    subnets = net.subnets(new_prefix=whole * 4) if whole else [net]
    return [subnet.network_address.exploded[:whole + whole // 4].rstrip(":") for subnet in subnets]


def named_lists(form, text, watchlist):
    """The lists that a query names, so that range calls over them can be written out."""
    if form == "let":
        return {name: json.loads(values) for name, values in re.findall(r"^let (\w+) = dynamic\((.*)\); //.*$", text, re.M)}
    values = {}
    for row in csv.DictReader(io.StringIO(watchlist)):
        values.setdefault(row["SearchKey"], []).append(row["Value"])
    keys = re.findall(r'^let (\w+) = toscalar\(quell_values \| where SearchKey == "(.*?)" \|', text, re.M)
    return {name: values[key] for name, key in keys}


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


def load(rows):
    connection = duckdb_kql.connect()
    connection.execute("CREATE TABLE DeviceNetworkEvents (" + ", ".join(f"{name} {kind}" for name, kind in COLUMNS) + ")")
    marks = ", ".join("?" for _ in COLUMNS)
    for row in rows:
        connection.execute(f"INSERT INTO DeviceNetworkEvents VALUES ({marks})", [row[name] for name, _ in COLUMNS])
    return connection


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


def run(connection, text):
    result = duckdb_kql.kql(connection, text)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row)) for row in result.fetchall()]


def check(case):
    """The differences of one case, a line each, and how many queries were run."""
    wanted, found = case["wanted"], []
    connection = load(case["rows"])
    for form, text in case["forms"].items():
        if form in ("watchlist", "externaldata"):
            query = expand(text, named_lists(form, text, case["watchlist"]))
            query = inlined(query, case["watchlist"])
        else:
            query = expand(text, named_lists(form, text, ""))
        query = shortened(query)
        if form == "impact":
            got, want = figures(run(connection, query)[0]), wanted_figures(wanted)
        else:
            got = sorted(row["ReportId"] for row in run(connection, query + "| project ReportId"))
            want = wanted["kept"]
        if got != want:
            found.append(f"{form}: wanted {want}\n   got {got}\n{text}")
    return found


def differences(path):
    try:
        return path.name, check(json.loads(path.read_text()))
    except Exception as error:
        return path.name, [f"{type(error).__name__}: {error}"[:2000]]


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.json"), key=lambda path: int(path.stem))
    count = 0
    with multiprocessing.Pool() as pool:
        for name, found in pool.imap_unordered(differences, files):
            count += len(found)
            for each in found[:2]:
                print(f"{name}: {each}\n")
            if count > 10:
                break
    print(f"{len(files)} pairs of list and table, {count} differences")
    sys.exit(1 if count or not files else 0)


if __name__ == "__main__":
    main()
