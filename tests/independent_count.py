"""Counts a results file (.csv or .jsonl) by the literal reading of the documented lists, sharing no code with quell."""
import csv, functools, ipaddress, json, sys

TABLE = {  # id: (names, address); a row is covered by either
    "sccm-software-update": ({b"setup.exe", b"microsoft-windows-servicemodel-http-activation", b"sccmclient"}, "10.10.10.10"),
    "solarwinds-config-sync": ({b"ncc.exe", b"solarwinds"}, "10.10.10.20"),
    "altiris-inventory-check": ({b"altirisagent.exe", b"inventory.exe"}, "10.10.10.30"),
    "intune-policy-sync": ({b"intunewin32.exe", b"microsoftintune"}, "10.10.10.40"),
    "kaseya-scheduled-backup": ({b"vsaagent.exe", b"kaseya"}, "10.10.10.50"),
}

@functools.lru_cache(maxsize=65536)
def address(text):
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)

def count(rows):
    total = {"read": 0, "kept": 0, "suppressed": 0, "exclusions": {key: {"matches": 0, "sole": 0} for key in TABLE}}
    for row in rows:
        # Bytes, because only ASCII letters are alike: str.lower() would also fold the Kelvin sign to k.
        name, remote = (row["InitiatingProcessFileName"] or "").encode().lower(), address(row["RemoteIP"] or "")
        covering = [key for key, (names, ip) in TABLE.items() if name in names or remote == ip]
        total["read"] += 1
        total["suppressed" if covering else "kept"] += 1
        for key in covering:
            total["exclusions"][key]["matches"] += 1
            total["exclusions"][key]["sole"] += len(covering) == 1
    return total

with open(sys.argv[1], encoding="utf-8", newline="") as file:
    print(json.dumps(count(csv.DictReader(file) if sys.argv[1].endswith(".csv") else map(json.loads, file))))
