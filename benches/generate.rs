//! Writes hunt results to measure and to show quell with: an export of `DeviceNetworkEvents` before
//! any `summarize`, as CSV or JSON Lines, the same rows and values in both.
//!
//! A large file, about 550 bytes a row:
//!
//! ```text
//! cargo run --release --example generate -- --rows 2000000 --seed 7 --out /tmp/hunt.csv
//! ```
//!
//! The sample that the documentation reads, a few hundred rows over five days:
//!
//! ```text
//! cargo run --release --example generate -- --sample --format csv --out samples/action1-hunt.csv
//! ```
//!
//! The same arguments always give the same bytes. No address is anybody's: public ones are from the
//! ranges that are reserved for documentation.

mod mix;

use mix::Mix;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

const USAGE: &str = "\
usage: generate (--rows N | --sample) [--mix M] [--seed S] [--format csv|jsonl|summarised] [--out FILE|-]

  --rows N      a file of N rows
  --sample      the few hundred rows of samples/
  --mix M       how much repeats in a file of N rows: repeat, fleet or unique (repeat)
  --seed S      another seed gives other rows (7)
  --format F    csv, jsonl or, with --sample, summarised: the table that the hunt's `summarize` gives (csv)
  --out FILE    where to write; - is standard output (-)";

const TEXT: bool = false;
const NUMBER: bool = true;

/// The columns in the export's order, each text or a number in JSON.
macro_rules! columns {
    ($($name:ident $kind:ident)*) => {
        #[derive(Clone, Copy)]
        enum Column { $($name),* }
        const COLUMNS: &[(&str, bool)] = &[$((stringify!($name), $kind)),*];
    };
}

columns! {
    Timestamp TEXT
    DeviceId TEXT
    DeviceName TEXT
    ActionType TEXT
    RemoteIP TEXT
    RemotePort NUMBER
    RemoteUrl TEXT
    LocalIP TEXT
    LocalPort NUMBER
    Protocol TEXT
    LocalIPType TEXT
    RemoteIPType TEXT
    InitiatingProcessSHA256 TEXT
    InitiatingProcessFileName TEXT
    InitiatingProcessFileSize NUMBER
    InitiatingProcessVersionInfoCompanyName TEXT
    InitiatingProcessVersionInfoProductName TEXT
    InitiatingProcessVersionInfoProductVersion TEXT
    InitiatingProcessVersionInfoOriginalFileName TEXT
    InitiatingProcessId NUMBER
    InitiatingProcessCommandLine TEXT
    InitiatingProcessFolderPath TEXT
    InitiatingProcessParentFileName TEXT
    InitiatingProcessParentId NUMBER
    InitiatingProcessAccountDomain TEXT
    InitiatingProcessAccountName TEXT
    InitiatingProcessIntegrityLevel TEXT
    ReportId NUMBER
    AppGuardContainerId TEXT
    AdditionalFields TEXT
}

enum Account {
    System,
    Network,
    User,
    Unknown,
}

/// A program and what its file declares of itself. In `arguments`, and wherever a text is expanded,
/// `#` stands for a hexadecimal digit, `%` for a decimal one and `@` for the last part of an address.
struct Program {
    name: &'static str,
    folder: &'static str,
    company: &'static str,
    product: &'static str,
    version: &'static str,
    parent: &'static str,
    account: Account,
    arguments: &'static str,
}

macro_rules! programs {
    ($($id:ident: $name:literal in $folder:literal by $company:literal $product:literal $version:literal
        from $parent:literal as $account:ident run $arguments:literal;)*) => {
        $(const $id: Program = Program {
            name: $name,
            folder: $folder,
            company: $company,
            product: $product,
            version: $version,
            parent: $parent,
            account: Account::$account,
            arguments: $arguments,
        };)*
    };
}

programs! {
    AGENT: "action1_agent.exe" in r"C:\Windows\Action1\" by "Action1 Corporation" "Action1" "5.217.611.1"
        from "services.exe" as System run "service --org ########, --site \"%%, %\"";
    CONNECTOR: "action1_connector.exe" in r"C:\Windows\Action1\" by "Action1 Corporation" "Action1" "5.217.611.1"
        from "action1_agent.exe" as System run "--endpoint server.action1.com,443 --session ####";
    REMOTE: "action1_remote.exe" in r"C:\Windows\Action1\" by "Action1 Corporation" "Action1" "5.217.611.1"
        from "action1_agent.exe" as System run "--session #### --script \"Get-Service |\n  Where-Object Status -eq 'Running'\n\"";
    UPDATE: "action1_update.exe" in r"C:\Windows\Action1\" by "Action1 Corporation" "Action1" "5.217.611.1"
        from "action1_agent.exe" as System run "--package ########.zip --verify";
    PUBLIC_AGENT: "action1_agent.exe" in r"C:\Users\Public\" by "Action1 Corporation" "Action1" "5.217.611.1"
        from "cmd.exe" as User run "service --org 4f21c7d0-9a3e-4b1d, --quiet";
    PUSHED_AGENT: "action1_setup.exe" in r"C:\Windows\ccmcache\1f\" by "Action1 Corporation" "Action1" "5.217.611.1"
        from "CcmExec.exe" as System run "/quiet /norestart ORG=########-####-####";
    CCM_SETUP: "setup.exe" in r"C:\Windows\ccmcache\2a\" by "Microsoft Corporation" "Microsoft Office" "16.0.17928.20156"
        from "CcmExec.exe" as System run "/configure \"C:\\Windows\\ccmcache\\2a\\update, ring %.xml\" /log ########.log";
    VENDOR_SETUP: "setup.exe" in r"C:\Users\Public\Downloads\" by "Contoso Tools" "Contoso Viewer" "3.2.1"
        from "explorer.exe" as User run "/download /locale \"en-GB, de-DE\" /id ########";
    CCM: "CcmExec.exe" in r"C:\Windows\CCM\" by "Microsoft Corporation" "Configuration Manager" "5.00.9128.1007"
        from "services.exe" as System run "";
    CCM_REMOTE: "CmRcService.exe" in r"C:\Windows\CCM\RemCtrl\" by "Microsoft Corporation" "Configuration Manager" "5.00.9128.1007"
        from "services.exe" as System run "";
    ORION: "SolarWinds.Agent.Service.exe" in r"C:\Program Files (x86)\SolarWinds\Agent\" by "Solarwinds Worldwide, LLC" "SolarWinds Agent" "2024.4.1"
        from "services.exe" as System run "--poll %%, --mode passive";
    NCM: "ncc.exe" in r"C:\Program Files (x86)\SolarWinds\NCM\" by "Solarwinds Worldwide, LLC" "Network Configuration Manager" "2024.4.1"
        from "SolarWinds.Agent.Service.exe" as Network run "sync --profile \"core, edge\" --job ########";
    ALTIRIS: "AeXNSAgent.exe" in r"C:\Program Files\Altiris\Altiris Agent\" by "Broadcom" "Symantec Management Agent" "8.7.1053"
        from "services.exe" as System run "";
    INVENTORY: "inventory.exe" in r"C:\Program Files\Altiris\Altiris Agent\Agents\Inventory\" by "Broadcom" "Inventory Solution" "8.7.1053"
        from "AeXNSAgent.exe" as System run "/full /policy {########-####-####-####-############}";
    STOCK: "inventory.exe" in r"C:\Program Files\Lagerübersicht\" by "Contoso Lager" "Lagerübersicht" "2.0"
        from "explorer.exe" as User run "--depot \"Köln, Halle %\"";
    INTUNE: "Microsoft.Management.Services.IntuneWindowsAgent.exe" in r"C:\Program Files (x86)\Microsoft Intune Management Extension\" by "Microsoft Corporation" "Microsoft Intune Management Extension" "1.83.107.0"
        from "services.exe" as System run "";
    INTUNE_APP: "intunewin32.exe" in r"C:\Windows\IMECache\" by "Contoso Tools" "Contoso Packager" "1.4.0"
        from "AgentExecutor.exe" as System run "install --app ########-####-####-####-############";
    OMADM: "omadmclient.exe" in r"C:\Windows\System32\" by "Microsoft Corporation" "Microsoft® Windows® Operating System" "10.0.22631.4460"
        from "svchost.exe" as System run "/serverid \"########-####-####\" /initiator 0 /bookmark 1";
    KASEYA: "AgentMon.exe" in r"C:\Program Files (x86)\Kaseya\{7D4C1E0B-52A6-4F8B-9C35-0A61E2F7B490}\" by "Kaseya" "Virtual System Administrator" "9.5.0.21"
        from "services.exe" as System run "";
    VSA: "vsaagent.exe" in r"C:\Program Files (x86)\Kaseya\Backup\" by "Kaseya" "Virtual System Administrator" "9.5.0.21"
        from "AgentMon.exe" as System run "backup --plan \"nightly, differential\" --volume C:";
    CHROME: "chrome.exe" in r"C:\Program Files\Google\Chrome\Application\" by "Google LLC" "Google Chrome" "131.0.6778.86"
        from "explorer.exe" as User run "--type=utility --lang=en-GB --field-trial-handle=%%%%,i,%%%%%%%%%%%%,262144";
    EDGE: "msedge.exe" in r"C:\Program Files (x86)\Microsoft\Edge\Application\" by "Microsoft Corporation" "Microsoft Edge" "131.0.2903.63"
        from "explorer.exe" as User run "--profile-directory=Default --single-argument https://www.example.com/?q=####,####";
    SVCHOST: "svchost.exe" in r"C:\Windows\System32\" by "Microsoft Corporation" "Microsoft® Windows® Operating System" "10.0.22631.4460"
        from "services.exe" as Network run "-k NetworkService -p -s Dnscache";
    DEFENDER: "MsMpEng.exe" in r"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\" by "Microsoft Corporation" "Microsoft® Windows® Operating System" "4.18.24090.11"
        from "services.exe" as System run "";
    POWERSHELL: "powershell.exe" in r"C:\Windows\System32\WindowsPowerShell\v1.0\" by "Microsoft Corporation" "Microsoft® Windows® Operating System" "10.0.22631.4460"
        from "svchost.exe" as System run "-NoProfile -Command \"& {\n  $hosts = 'a%', 'b%'\n  foreach ($h in $hosts) { Test-WSMan $h }\n}\"";
    UNKNOWN: "" in "" by "" "" "" from "" as Unknown run "";
}

/// What came to pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Out,
    In,
    Failed,
    Listen,
}

/// Something that happens again and again: a program and whom it talks to.
struct Scene {
    /// How many rows of the sample are of this kind.
    rows: u64,
    /// How many in a thousand rows of a large file.
    share: usize,
    /// The first and the last device of the sample on which it happens.
    devices: (u64, u64),
    program: Program,
    /// The file name if somebody renamed the program.
    name: &'static str,
    action: Action,
    remote: &'static str,
    port: u16,
    url: &'static str,
}

macro_rules! scenes {
    ($($rows:literal $share:literal on $first:literal $last:literal: $program:ident $name:literal
        $action:ident $remote:literal $port:literal $url:literal;)*) => {
        &[$(Scene {
            rows: $rows,
            share: $share,
            devices: ($first, $last),
            program: $program,
            name: $name,
            action: Action::$action,
            remote: $remote,
            port: $port,
            url: $url,
        }),*]
    };
}

static SCENES: &[Scene] = scenes! {
    // The hunted tool at work.
    62 290 on 3 8: AGENT "" Out "203.0.113.2%" 443 "server.action1.com";
    24 110 on 3 8: CONNECTOR "" Out "203.0.113.2%" 443 "server.action1.com";
    14  60 on 3 6: REMOTE "" Out "203.0.113.2%" 443 "server.action1.com";
     8  40 on 3 8: UPDATE "" Out "198.51.100.1%" 443 "a1-backend-packages.s3.amazonaws.com";
     4  12 on 7 8: AGENT "" Out "203.0.113.4%" 443 "server.eu.action1.com";
     4  10 on 3 4: AGENT "" Out "203.0.113.2%" 443 "https://server.action1.com/agent/checkin";
     7  20 on 5 7: AGENT "" Out "2001:db8:a1::2#" 443 "server.action1.com";
     5  12 on 8 8: AGENT "" Out "::ffff:203.0.113.2%" 443 "server.action1.com";
     5  12 on 3 8: AGENT "" Failed "" 0 "server.action1.com";
    // Intruders who renamed it, and what the documented lists hide of them.
     8  10 on 11 11: PUBLIC_AGENT "OneDriveUpdater.exe" Out "203.0.113.66" 443 "server.action1.com";
     5  10 on 16 16: PUBLIC_AGENT "svchosts.exe" Out "198.51.100.66" 443 "server.action1.com";
     5   6 on 14 14: PUBLIC_AGENT "setup.exe" Out "203.0.113.9" 443 "server.action1.com";
     6   6 on 9 9: AGENT "" Out "10.10.10.10" 443 "server.action1.com";
     3   4 on 17 19: PUSHED_AGENT "setup.exe" Out "203.0.113.21" 443 "server.action1.com";
    // SCCM.
    10  10 on 0 24: CCM_SETUP "" Out "10.10.10.10" 443 "";
     3   6 on 0 24: CCM_SETUP "SETUP.EXE" Out "10.10.10.10" 443 "";
     2   6 on 12 13: VENDOR_SETUP "Setup.exe" Out "198.51.100.20" 443 "download.contoso.example";
     8   8 on 0 24: CCM "" Out "10.10.10.10" 10123 "";
     3   6 on 0 24: CCM "" Out "::ffff:10.10.10.10" 8530 "";
     2   3 on 0 2: CCM_REMOTE "" In "10.10.10.10" 2701 "";
     1   3 on 20 20: CCM_SETUP "" Failed "" 0 "";
     0   3 on 0 0: CCM "sccmclient" Out "10.10.10.10" 443 "";
     0   3 on 0 0: SVCHOST "microsoft-windows-servicemodel-http-activation" Out "10.20.0.@" 443 "";
    // SolarWinds.
     9   8 on 20 24: ORION "" Out "10.10.10.20" 17778 "";
     2   6 on 20 24: ORION "" Out "::ffff:10.10.10.20" 17778 "";
     4   8 on 22 23: NCM "" Out "10.10.10.20" 17777 "";
     2   4 on 22 22: NCM "NCC.EXE" Out "198.51.100.31" 22 "";
     0   3 on 0 0: NCM "solarwinds" Out "10.20.0.@" 161 "";
    // Altiris.
     9   8 on 0 24: ALTIRIS "" Out "10.10.10.30" 443 "";
     2   6 on 0 24: ALTIRIS "" Out "::ffff:10.10.10.30" 443 "";
     4   8 on 0 24: INVENTORY "" Out "10.10.10.30" 443 "";
     3   4 on 18 19: STOCK "" Out "198.51.100.20" 8443 "lager.contoso.example";
     0   3 on 0 0: ALTIRIS "altirisagent.exe" Out "10.20.0.@" 443 "";
    // Intune.
     9   8 on 0 24: INTUNE "" Out "10.10.10.40" 443 "";
     2   6 on 0 24: INTUNE "" Out "::ffff:10.10.10.40" 443 "";
     3   4 on 10 13: INTUNE_APP "" Out "10.10.10.40" 443 "";
     4   8 on 0 24: OMADM "" Out "198.51.100.4%" 443 "";
     0   3 on 0 0: INTUNE "MicrosoftIntune" Out "198.51.100.4%" 443 "";
    // Kaseya.
     8   8 on 0 24: KASEYA "" Out "10.10.10.50" 5721 "";
     2   6 on 0 24: KASEYA "" Out "::ffff:10.10.10.50" 5721 "";
     3   6 on 15 16: VSA "" Out "10.10.10.50" 5721 "";
     1   3 on 15 15: VSA "" Out "203.0.113.77" 443 "";
     0   4 on 0 0: VSA "kaseya" Out "10.20.0.@" 5721 "";
    // Rows that two exclusions cover.
     2   2 on 20 21: CCM_SETUP "" Out "10.10.10.20" 17778 "";
     1   1 on 15 15: VSA "" Out "10.10.10.20" 17778 "";
     2   2 on 1 4: INVENTORY "" Out "10.10.10.10" 443 "";
     1   2 on 10 10: CCM_SETUP "" Out "::ffff:10.10.10.40" 443 "";
    // Near misses.
     2   6 on 14 14: PUBLIC_AGENT "setup.exe.bak" Out "203.0.113.9" 443 "server.action1.com";
     2   6 on 12 13: VENDOR_SETUP "xsetup.exe" Out "198.51.100.20" 443 "download.contoso.example";
     1   4 on 12 12: VENDOR_SETUP "setup" Out "198.51.100.20" 443 "";
     1   4 on 22 22: NCM "ncc.exe.old" Out "10.20.0.@" 17777 "";
     3   8 on 0 24: CHROME "" Out "10.10.10.100" 443 "";
     2   5 on 0 24: EDGE "" Out "10.10.10.200" 443 "";
     2   4 on 0 24: SVCHOST "" Out "10.10.10.1" 53 "";
     1   4 on 0 24: CHROME "" Out "::ffff:10.10.10.100" 443 "";
    // Rows without an address or a process.
     3   8 on 0 24: SVCHOST "" Listen "" 0 "";
     5  10 on 0 24: UNKNOWN "" Out "198.51.100.5%" 443 "";
     2   3 on 0 24: UNKNOWN "" Out "10.10.10.30" 443 "";
     1   3 on 0 24: UNKNOWN "" Failed "" 0 "";
    // Everything else that goes on.
    10  50 on 0 24: CHROME "" Out "198.51.100.@" 443 "www.example.com";
     6  34 on 0 24: EDGE "" Out "198.51.100.@" 443 "portal.contoso.example";
     6  34 on 0 24: SVCHOST "" Out "10.20.0.@" 53 "";
     5  20 on 20 24: POWERSHELL "" Out "10.20.1.@" 5985 "";
     4  18 on 0 24: DEFENDER "" Out "2001:db8:5:##::#" 443 "update.contoso.example";
     2   8 on 0 24: SVCHOST "" Out "fe80::####:####" 5355 "";
};

/// What sensors add, expanded like arguments.
const ADDITIONAL: &[&str] = &[
    "",
    "",
    r#"{"direction":"Out","conn_state":"SF","orig_bytes":"%%%","resp_bytes":"%%%%","uid":"C############"}"#,
    r#"{"Tcp Flags":"%%","Flow Id":"f########","Packet Size":"%%%"}"#,
];

/// A clock tick is 100 nanoseconds, the precision of the export.
const SECOND: u64 = 10_000_000;
const DAY: u64 = 86_400 * SECOND;
/// The rows begin on the 16th of the month and span five days.
const BEGIN: u64 = 15 * DAY;
const SPAN: u64 = 5 * DAY;
/// Sensors report late: rows of a large file are out of order by up to this much.
const JITTER: u64 = 2 * SECOND;
/// Rows of one program on one device within this time are of one process.
const LIFE: u64 = DAY / 4;

/// `SplitMix64`: small, fast, and the same on every machine.
struct Prng(u64);

impl Prng {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }

    /// A number from `first` to `last`.
    fn within(&mut self, (first, last): (u64, u64)) -> u64 {
        first + self.below(last - first + 1)
    }

    fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[index(self.below(items.len() as u64))]
    }

    /// Appends a text with its placeholders filled in. No digit is 0, so that an address needs no
    /// second look: it is in the short form in which products print it.
    fn expand(&mut self, text: &str, out: &mut String) {
        for character in text.chars() {
            match character {
                '#' => out.push(char::from(*self.pick(b"123456789abcdef"))),
                '%' => out.push(char::from(*self.pick(b"123456789"))),
                '@' => append(out, format_args!("{}", self.within((1, 254)))),
                _ => out.push(character),
            }
        }
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

fn append(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

struct Device {
    id: String,
    name: String,
    user: String,
    address: String,
    report: u64,
}

impl Device {
    fn new(number: u64, prng: &mut Prng) -> Self {
        const SITES: &[&str] = &["FIN", "HR", "ENG", "OPS", "MKT", "LAB", "LEG", "DEV"];
        const KINDS: &[&str] = &["WS", "WS", "LT"];
        // The last of the sample's devices are servers, since some scenes are at home there.
        let kind = if (20..25).contains(&number) { "SRV" } else { prng.pick(KINDS) };
        let site = prng.pick(SITES);
        let (high, middle, low) = (prng.draw(), prng.draw(), prng.draw() >> 32);
        Self {
            id: format!("{high:016x}{middle:016x}{low:08x}"),
            name: format!("{site}-{kind}-{:03}.contoso.example", 11 + number * 3),
            user: format!("u{}", 10_000 + number * 7),
            address: format!("10.20.{}.{}", 16 + number / 200, 11 + number % 200),
            report: prng.below(40_000),
        }
    }
}

/// A row whose buffers are used again for the next one.
struct Row(Vec<String>);

impl Row {
    fn get(&self, column: Column) -> &str {
        &self.0[column as usize]
    }

    fn clear(&mut self, column: Column) -> &mut String {
        let cell = &mut self.0[column as usize];
        cell.clear();
        cell
    }

    fn text(&mut self, column: Column, text: &str) {
        self.clear(column).push_str(text);
    }

    fn put(&mut self, column: Column, text: fmt::Arguments<'_>) {
        append(self.clear(column), text);
    }

    fn time(&mut self, column: Column, ticks: u64) {
        let clock = BEGIN + ticks;
        let (day, seconds) = (1 + clock / DAY, clock % DAY / SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let fraction = clock % SECOND;
        let date = format_args!("2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:07}Z");
        self.put(column, date);
    }

    fn append_csv(&self, out: &mut Vec<u8>) {
        for (place, cell) in self.0.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            append_csv_cell(cell, out);
        }
        out.push(b'\n');
    }

    fn append_json(&self, out: &mut Vec<u8>) {
        for (place, (cell, (name, kind))) in self.0.iter().zip(COLUMNS).enumerate() {
            out.extend_from_slice(if place == 0 { b"{\"" } else { b",\"" });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            match (*kind, cell.as_str()) {
                (NUMBER, "") => out.extend_from_slice(b"null"),
                (NUMBER, number) => out.extend_from_slice(number.as_bytes()),
                (TEXT, text) => append_json_text(text, out),
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

fn append_csv_cell(cell: &str, out: &mut Vec<u8>) {
    if !cell.bytes().any(|byte| matches!(byte, b'"' | b',' | b'\n')) {
        out.extend_from_slice(cell.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in cell.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn append_json_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// When something happens, and what: a place in [`SCENES`].
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Moment {
    ticks: u64,
    scene: usize,
}

/// All moments of the sample, in order of time.
fn sample_plan(seed: u64) -> Vec<Moment> {
    let mut prng = Prng(seed);
    let mut plan = Vec::new();
    for (scene, Scene { rows, .. }) in SCENES.iter().enumerate() {
        for _ in 0..*rows {
            let ticks = prng.below(SPAN);
            plan.push(Moment { ticks, scene });
        }
    }
    plan.sort_unstable();
    plan
}

/// The moments of a large file, evenly spread and slightly out of order.
fn large_plan(rows: u64, seed: u64) -> impl Iterator<Item = Moment> {
    let mut prng = Prng(seed);
    let shares = SCENES.iter().enumerate();
    let draw: Vec<usize> =
        shares.flat_map(|(scene, Scene { share, .. })| std::iter::repeat_n(scene, *share)).collect();
    let step = (SPAN - JITTER) / rows.max(1);
    (0..rows)
        .map(move |number| Moment { ticks: number * step + prng.below(JITTER), scene: *prng.pick(&draw) })
}

/// Turns moments into rows.
struct Generator {
    seed: u64,
    /// For all that differs from row to row; what stays the same for a process has a source of its own.
    prng: Prng,
    devices: Vec<Device>,
    sample: bool,
    mix: Mix,
    /// Rows so far.
    number: u64,
    row: Row,
}

impl Generator {
    fn new(options: &Options) -> Self {
        let sample = options.rows.is_none();
        let mut prng = Prng(!options.seed);
        let count = if sample { 25 } else { options.mix.devices() };
        Self {
            seed: options.seed,
            devices: (0..count).map(|n| Device::new(n, &mut prng)).collect(),
            prng,
            sample,
            mix: options.mix,
            number: 0,
            row: Row(vec![String::new(); COLUMNS.len()]),
        }
    }

    fn fill(&mut self, moment: &Moment) -> &Row {
        let scene = &SCENES[moment.scene];
        let number = if self.sample {
            self.prng.within(scene.devices)
        } else {
            self.prng.below(self.devices.len() as u64)
        };
        self.row.time(Column::Timestamp, moment.ticks);
        self.device(index(number));
        self.connection(scene, index(number));
        self.file(scene);
        let life = moment.ticks / LIFE;
        let process = (number << 24) ^ ((moment.scene as u64) << 8) ^ life;
        let mut prng = Prng(self.seed ^ (process << 8));
        self.process(scene, &mut prng);
        self.account(scene, index(number));
        self.mix.apply(&mut self.row, self.number, &mut self.prng);
        self.number += 1;
        &self.row
    }

    fn device(&mut self, number: usize) {
        let device = &mut self.devices[number];
        // A repeating counter, as in the product: it alone does not identify a row.
        device.report = (device.report + 1 + self.prng.below(40)) % 65_536;
        self.row.text(Column::DeviceId, &device.id);
        self.row.text(Column::DeviceName, &device.name);
        // Empty in every export without Application Guard.
        self.row.text(Column::AppGuardContainerId, "");
        self.row.put(Column::ReportId, format_args!("{}", device.report));
    }

    fn connection(&mut self, scene: &Scene, number: usize) {
        let (row, prng) = (&mut self.row, &mut self.prng);
        let ephemeral = prng.within((49_152, 65_535));
        let action = match scene.action {
            Action::Out if prng.below(24) == 0 => Action::Failed,
            action => action,
        };
        let (name, local, remote) = match action {
            Action::Out => ("ConnectionSuccess", ephemeral, u64::from(scene.port)),
            Action::Failed => ("ConnectionFailed", ephemeral, u64::from(scene.port)),
            Action::In => ("InboundConnectionAccepted", u64::from(scene.port), ephemeral),
            Action::Listen => ("ListeningConnectionCreated", ephemeral, 0),
        };
        row.text(Column::ActionType, name);
        row.put(Column::LocalPort, format_args!("{local}"));
        row.text(Column::RemotePort, "");
        if remote > 0 {
            row.put(Column::RemotePort, format_args!("{remote}"));
        }
        prng.expand(scene.remote, row.clear(Column::RemoteIP));
        row.text(Column::RemoteUrl, scene.url);
        let udp = matches!(scene.port, 53 | 161 | 5355);
        row.text(Column::Protocol, if udp { "Udp" } else { "Tcp" });
        row.text(Column::RemoteIPType, address_type(row.get(Column::RemoteIP)));
        let (remote, address) = (scene.remote, &self.devices[number].address);
        match (remote.starts_with("::ffff:"), remote.contains(':')) {
            (true, _) => row.put(Column::LocalIP, format_args!("::ffff:{address}")),
            (_, true) => row.put(Column::LocalIP, format_args!("2001:db8:20::{:x}", number + 16)),
            _ => row.text(Column::LocalIP, address),
        }
        row.text(Column::LocalIPType, address_type(row.get(Column::LocalIP)));
        let added = if action == Action::Out { *prng.pick(ADDITIONAL) } else { "" };
        prng.expand(added, row.clear(Column::AdditionalFields));
    }

    /// What is the same for a file wherever it runs, its name and folder apart.
    fn file(&mut self, scene: &Scene) {
        let (row, program) = (&mut self.row, &scene.program);
        row.text(Column::InitiatingProcessVersionInfoCompanyName, program.company);
        row.text(Column::InitiatingProcessVersionInfoProductName, program.product);
        row.text(Column::InitiatingProcessVersionInfoProductVersion, program.version);
        row.text(Column::InitiatingProcessVersionInfoOriginalFileName, program.name);
        row.text(Column::InitiatingProcessParentFileName, program.parent);
        row.text(Column::InitiatingProcessFileName, scene.file_name());
        row.text(Column::InitiatingProcessSHA256, "");
        row.text(Column::InitiatingProcessFileSize, "");
        if program.name.is_empty() {
            row.text(Column::InitiatingProcessFolderPath, "");
            return;
        }
        let mut content = Prng(fingerprint(&[program.name, program.product, program.version]));
        for _ in 0..4 {
            let word = content.draw();
            append(&mut row.0[Column::InitiatingProcessSHA256 as usize], format_args!("{word:016x}"));
        }
        let size = content.within((80_000, 9_000_000));
        row.put(Column::InitiatingProcessFileSize, format_args!("{size}"));
        let (folder, name) = (program.folder, scene.file_name());
        // The three forms in which sensors write a path.
        let path = Column::InitiatingProcessFolderPath;
        match self.prng.below(9) {
            0..=2 => row.text(path, folder.trim_end_matches('\\')),
            3 => row.put(path, format_args!(r"\Device\HarddiskVolume3{}{name}", &folder[2..])),
            _ => row.put(path, format_args!("{folder}{name}")),
        }
    }

    /// What stays the same for a process while it lives, drawn from its own source.
    fn process(&mut self, scene: &Scene, prng: &mut Prng) {
        let (row, program) = (&mut self.row, &scene.program);
        for column in [
            Column::InitiatingProcessId,
            Column::InitiatingProcessParentId,
            Column::InitiatingProcessCommandLine,
        ] {
            row.text(column, "");
        }
        if program.name.is_empty() {
            return;
        }
        for column in [Column::InitiatingProcessId, Column::InitiatingProcessParentId] {
            let number = prng.within((150, 6_000)) * 4;
            row.put(column, format_args!("{number}"));
        }
        let command = row.clear(Column::InitiatingProcessCommandLine);
        append(command, format_args!("\"{}{}\" ", program.folder, scene.file_name()));
        prng.expand(program.arguments, command);
        command.truncate(command.trim_end_matches(' ').len());
    }

    fn account(&mut self, scene: &Scene, number: usize) {
        let user = &self.devices[number].user;
        let (domain, name, level) = match scene.program.account {
            Account::System => ("nt authority", "system", "System"),
            Account::Network => ("nt authority", "network service", "System"),
            Account::User => ("contoso", user.as_str(), "Medium"),
            Account::Unknown => ("", "", ""),
        };
        self.row.text(Column::InitiatingProcessAccountDomain, domain);
        self.row.text(Column::InitiatingProcessAccountName, name);
        self.row.text(Column::InitiatingProcessIntegrityLevel, level);
    }
}

impl Scene {
    fn file_name(&self) -> &'static str {
        if self.name.is_empty() { self.program.name } else { self.name }
    }
}

/// A number for some texts (FNV-1a): a renamed file keeps its hash.
fn fingerprint(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn address_type(address: &str) -> &'static str {
    let starts = |with: &str| address.starts_with(with);
    match address {
        "" => "",
        _ if starts("::ffff:") => "FourToSixMapping",
        _ if starts("10.") || starts("fe80:") => "Private",
        _ => "Public",
    }
}

/// One line of the table that the hunt's `summarize` gives.
struct Group {
    device_id: String,
    device_name: String,
    url: String,
    first: String,
    last: String,
    reports: Vec<String>,
    count: u64,
}

/// Whether the hunt's `where` selects a row.
fn is_hunted(row: &Row) -> bool {
    has_term(row.get(Column::RemoteUrl), "server.action1.com")
        && has_term(row.get(Column::InitiatingProcessVersionInfoCompanyName), "action1")
        && has_term(row.get(Column::InitiatingProcessVersionInfoProductName), "action1")
}

/// KQL's `has`: the term, in any letter case, with no letter or digit at either side.
fn has_term(text: &str, term: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.match_indices(term).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        let after = text[place + term.len()..].chars().next();
        !before.into_iter().chain(after).any(char::is_alphanumeric)
    })
}

fn summarise(plan: Vec<Moment>, generator: &mut Generator) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for moment in plan {
        let row = generator.fill(&moment);
        if !is_hunted(row) {
            continue;
        }
        let (device, url) = (row.get(Column::DeviceId), row.get(Column::RemoteUrl));
        let (time, report) = (row.get(Column::Timestamp), row.get(Column::ReportId));
        let known = groups.iter_mut().find(|group| group.device_id == device && group.url == url);
        if let Some(group) = known {
            time.clone_into(&mut group.last);
            group.count += 1;
            if !group.reports.iter().any(|known| known == report) {
                group.reports.push(report.to_owned());
            }
        } else {
            groups.push(Group {
                device_id: device.to_owned(),
                device_name: row.get(Column::DeviceName).to_owned(),
                url: url.to_owned(),
                first: time.to_owned(),
                last: time.to_owned(),
                reports: vec![report.to_owned()],
                count: 1,
            });
        }
    }
    groups
}

fn write_summary(groups: &[Group], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "DeviceId,DeviceName,RemoteUrl,FirstSeen,LastSeen,Report,Count")?;
    for group in groups {
        let Group { device_id, device_name, url, first, last, reports, count } = group;
        let reports = reports.join(",");
        writeln!(out, "{device_id},{device_name},{url},{first},{last},\"[{reports}]\",{count}")?;
    }
    Ok(())
}

fn write_rows(options: &Options, plan: impl Iterator<Item = Moment>, out: &mut impl Write) -> io::Result<()> {
    let mut generator = Generator::new(options);
    let mut line = Vec::new();
    if options.format == Format::Csv {
        let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        writeln!(out, "{}", names.join(","))?;
    }
    for moment in plan {
        let row = generator.fill(&moment);
        line.clear();
        match options.format {
            Format::Csv => row.append_csv(&mut line),
            _ => row.append_json(&mut line),
        }
        out.write_all(&line)?;
    }
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Format {
    Csv,
    Jsonl,
    Summarised,
}

struct Options {
    /// None for the sample.
    rows: Option<u64>,
    mix: Mix,
    seed: u64,
    format: Format,
    out: String,
}

/// The options, or `None` if only the usage is asked for.
fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let (mut rows, mut sample, mut seed, mut mix) = (None, false, 7, Mix::Repeat);
    let (mut format, mut out) = (Format::Csv, "-".to_owned());
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word.as_str() {
            "--rows" => rows = Some(number(&word, &value()?)?),
            "--seed" => seed = number(&word, &value()?)?,
            "--format" => format = format_named(&value()?)?,
            "--mix" => mix = Mix::named(&value()?)?,
            "--out" => out = value()?,
            "--sample" => sample = true,
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("there is no argument {word}")),
        }
    }
    match (rows, sample) {
        (None, false) => Err("one of --rows N and --sample is needed".to_owned()),
        (None, true) if mix != Mix::Repeat => Err("--mix goes only with --rows".to_owned()),
        (Some(_), true) => Err("--sample has its own number of rows; leave out --rows".to_owned()),
        (Some(_), _) if format == Format::Summarised => {
            Err("--format summarised goes only with --sample".to_owned())
        }
        _ => Ok(Some(Options { rows, mix, seed, format, out })),
    }
}

fn number(word: &str, text: &str) -> Result<u64, String> {
    let number = text.parse();
    number.map_err(|_| format!("{word} takes a whole number, and {text:?} is none"))
}

fn format_named(name: &str) -> Result<Format, String> {
    match name {
        "csv" => Ok(Format::Csv),
        "jsonl" => Ok(Format::Jsonl),
        "summarised" => Ok(Format::Summarised),
        _ => Err(format!("{name:?} is no format; there are csv, jsonl and summarised")),
    }
}

fn write_all(options: &Options) -> io::Result<()> {
    let sink: Box<dyn Write> = match options.out.as_str() {
        "-" => Box::new(io::stdout().lock()),
        path => Box::new(File::create(path)?),
    };
    let mut out = BufWriter::with_capacity(1 << 20, sink);
    match (options.rows, &options.format) {
        (Some(rows), _) => write_rows(options, large_plan(rows, options.seed), &mut out)?,
        (None, Format::Summarised) => {
            let plan = sample_plan(options.seed);
            write_summary(&summarise(plan, &mut Generator::new(options)), &mut out)?;
        }
        _ => write_rows(options, sample_plan(options.seed).into_iter(), &mut out)?,
    }
    out.flush()
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("generate: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match write_all(&options) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {}: {error}", options.out);
            ExitCode::from(2)
        }
        Ok(()) => ExitCode::SUCCESS,
    }
}
