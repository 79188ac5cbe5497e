"""Counts a results file (.csv or .jsonl) by the literal reading of the documented lists, sharing nothing with quell."""
import csv, ipaddress, json, sys

TABLE = {  # a row is covered by a name or by the address
    "sccm-software-update": [b"setup.exe", b"microsoft-windows-servicemodel-http-activation", b"sccmclient", "10.10.10.10"],
    "solarwinds-config-sync": [b"ncc.exe", b"solarwinds", "10.10.10.20"],
    "altiris-inventory-check": [b"altirisagent.exe", b"inventory.exe", "10.10.10.30"],
    "intune-policy-sync": [b"intunewin32.exe", b"microsoftintune", "10.10.10.40"],
    "kaseya-scheduled-backup": [b"vsaagent.exe", b"kaseya", "10.10.10.50"],
}

def address(text):
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:  # empty or unreadable: no address is met
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)

read, kept, each = 0, 0, {key: {"matches": 0, "sole": 0} for key in TABLE}
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file) if sys.argv[1].endswith(".csv") else map(json.loads, file):
        # Bytes, because only ASCII letters are alike: str.lower() would also make a k of the Kelvin sign.
        name, remote = (row["InitiatingProcessFileName"] or "").encode().lower(), address(row["RemoteIP"] or "")
        covering = [key for key, (*names, ip) in TABLE.items() if name in names or remote == ip]
        read, kept = read + 1, kept + (not covering)
        for key in covering:
            each[key]["matches"] += 1
            each[key]["sole"] += len(covering) == 1
print(json.dumps({"read": read, "kept": kept, "suppressed": read - kept, "exclusions": each}))
