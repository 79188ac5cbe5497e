//! Every command that writes, under every fault that a disk, a system or a person brings about. Whatever happens, the
//! files of a run are all old or all new, and what is said of them is true.
//!
//! The faults are real: full file systems, mounts, immutable files, signals, and errors that `strace` makes system calls
//! return. What this machine cannot do is named when it is skipped. `QUELL_LONG` sends 200 of each signal.

use crate::common::{cases, has, skipped};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const QUELL: &str = env!("CARGO_BIN_EXE_quell");
const OLD: &str = "what was here before\n";

/// A command that writes, in a folder that holds all that it needs.
struct Writer {
    name: &'static str,
    /// Fills the folder; all paths of the arguments are relative to it.
    prepare: fn(&Path),
    arguments: &'static [&'static str],
    /// The files that it writes, in its order.
    targets: &'static [&'static str],
    /// Whether it prints to standard output after its files have their names.
    prints: bool,
}

const WRITERS: &[Writer] = &[
    Writer {
        name: "apply",
        prepare: results,
        arguments: &[
            "apply",
            "hunt.csv",
            "--kept",
            "left.csv",
            "--suppressed",
            "gone.csv",
            "--report",
            "r.md",
        ],
        targets: &["left.csv", "gone.csv", "r.md"],
        prints: true,
    },
    Writer {
        name: "apply, packed",
        prepare: results,
        arguments: &["apply", "hunt.csv", "--kept", "left.csv.gz", "--suppressed", "gone.csv.zst"],
        targets: &["left.csv.gz", "gone.csv.zst"],
        prints: true,
    },
    Writer {
        name: "apply, with a page",
        prepare: results,
        arguments: &["apply", "hunt.csv", "--kept", "left.csv", "--report", "page.html"],
        targets: &["left.csv", "page.html"],
        prints: true,
    },
    Writer {
        name: "probe",
        prepare: results,
        arguments: &["probe", "--malicious", "malicious.csv", "--bypasses", "bypasses.jsonl"],
        targets: &["bypasses.jsonl"],
        prints: true,
    },
    Writer {
        name: "kql",
        prepare: |_| {},
        arguments: &["kql", "--form", "watchlist", "--values", "values.csv"],
        targets: &["values.csv"],
        prints: true,
    },
    Writer {
        name: "import",
        prepare: |_| {},
        arguments: &["import", "--text", r#"process.name != "a.exe""#, "-o", "list.yaml", "--force"],
        targets: &["list.yaml"],
        prints: false,
    },
    Writer {
        name: "splice into a folder",
        prepare: rules,
        arguments: &["splice", "rules", "-e", "documented", "-o", "out"],
        targets: &["out/0.kql", "out/1.kql", "out/2.kql", "out/3.kql"],
        prints: false,
    },
    Writer {
        name: "splice in place",
        prepare: rules,
        arguments: &["splice", "rules", "-e", "documented", "--in-place"],
        targets: &["rules/0.kql", "rules/1.kql", "rules/2.kql", "rules/3.kql"],
        prints: false,
    },
    Writer {
        name: "prune",
        prepare: |folder| {
            results(folder);
            let list = fs::read_to_string("tests/lists/too-many.yaml").unwrap();
            fs::write(folder.join("a.yaml"), &list).unwrap();
            let again = list.replace("- id: ", "- id: again-");
            fs::write(folder.join("b.yaml"), again).unwrap();
        },
        arguments: &["prune", "-e", "a.yaml", "-e", "b.yaml", "--results", "hunt.csv", "--write"],
        targets: &["a.yaml", "b.yaml"],
        prints: true,
    },
    Writer {
        name: "lint",
        prepare: |folder| {
            for name in ["a", "b"] {
                let list = format!(
                    "exclusions:\n  - id: {name}\n    when: {{process.name: [x.exe, x.exe, X.EXE]}}\n"
                );
                fs::write(folder.join(name).with_extension("yaml"), list).unwrap();
            }
        },
        arguments: &["lint", "-e", "a.yaml", "-e", "b.yaml", "--fix"],
        targets: &["a.yaml", "b.yaml"],
        prints: true,
    },
    Writer {
        name: "fmt",
        prepare: |folder| {
            for name in ["a", "b"] {
                let list =
                    format!("exclusions:\n  - when: {{process.name: [y.exe, x.exe]}}\n    id: {name}\n");
                fs::write(folder.join(name).with_extension("yaml"), list).unwrap();
            }
        },
        arguments: &["fmt", "-e", "a.yaml", "-e", "b.yaml"],
        targets: &["a.yaml", "b.yaml"],
        prints: true,
    },
];

fn results(folder: &Path) {
    for name in ["action1-hunt.csv", "malicious.csv"] {
        let to = name.trim_start_matches("action1-");
        fs::copy(Path::new("samples").join(name), folder.join(to)).unwrap();
    }
}

fn rules(folder: &Path) {
    fs::create_dir(folder.join("rules")).unwrap();
    for place in 0..4 {
        let text = format!("DeviceNetworkEvents\n| where RemotePort == {place}\n");
        fs::write(folder.join(format!("rules/{place}.kql")), text).unwrap();
    }
}

type Files = BTreeMap<&'static str, Vec<u8>>;

/// Makes another name for a file.
type Link = fn(&Path, &Path);

impl Writer {
    /// A folder in which the command can run, with old files where it writes.
    fn folder(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        (self.prepare)(folder.path());
        for target in self.targets.iter().map(|target| folder.path().join(target)) {
            if !target.exists() {
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::write(target, OLD).unwrap();
            }
        }
        folder
    }

    fn files(&self, folder: &Path) -> Files {
        self.targets.iter().map(|name| (*name, fs::read(folder.join(name)).unwrap_or_default())).collect()
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(QUELL);
        command.args(self.arguments).current_dir(folder).env_clear();
        command
    }

    /// The command line for a shell.
    fn shell(&self) -> String {
        let quoted = self.arguments.iter().map(|word| format!("'{word}'"));
        std::iter::once(QUELL.to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
    }

    /// All files as they were, and as they are after a run without faults.
    fn old_and_new(&self) -> (Files, Files) {
        let folder = self.folder();
        let old = self.files(folder.path());
        let output = self.command(folder.path()).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {}", self.name, said(&output));
        let new = self.files(folder.path());
        assert!(old.iter().all(|(name, text)| new[name] != *text), "{}: each file is written", self.name);
        assert_eq!(strays(folder.path()), [""; 0], "{}", self.name);
        (old, new)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a run has left beside its files, in all folders.
fn strays(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(strays(&path));
        } else if path.to_string_lossy().contains(".quell-") {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found
}

/// Runs a line of a shell in a folder of its own mounts; `None` where this machine does not allow that.
fn in_own_mounts(folder: &Path, script: &str) -> Option<Output> {
    let mut command = Command::new("unshare");
    command.args(["--mount", "bash", "-ec", script]).current_dir(folder);
    let allowed = Command::new("unshare").args(["--mount", "true"]).output();
    if !allowed.is_ok_and(|tried| tried.status.success()) {
        skipped("mounts of its own need root and util-linux");
        return None;
    }
    Some(command.output().unwrap())
}

/// The lines of a shell that make `strace` spoil system calls of the command, or `None` without strace.
fn spoiled(writer: &Writer, folder: &Path, fault: &str) -> Option<Output> {
    let mut command = Command::new("strace");
    command.args(["-f", "-qqq", "-o", "/dev/null", "-e"]).arg(format!("inject={fault}"));
    command.arg(QUELL).args(writer.arguments).current_dir(folder);
    let output = command.output();
    if output.is_err() {
        skipped("there is no strace");
    }
    output.ok()
}

/// A run that failed: every file is the old one, and the message does not say otherwise.
fn all_old(writer: &Writer, fault: &str, output: &Output, files: &Files, old: &Files, folder: &Path) {
    let (name, told) = (writer.name, said(output));
    assert_eq!(output.status.code(), Some(2), "{name}: {fault}: {told}");
    assert!(files == old, "{name}: {fault}: a file is not the old one\n{told}");
    assert!(!told.contains("partly-written"), "{name}: {fault}: {told}");
    assert_eq!(strays(folder), [""; 0], "{name}: {fault}: {told}");
}

#[test]
fn a_full_file_system_leaves_every_old_file() {
    for writer in WRITERS {
        let (folder, outside) = (writer.folder(), tempfile::tempdir().unwrap());
        let old = writer.files(folder.path());
        let script = format!(
            "mkdir full; mount -t tmpfs -o size=2m none full; cp -r $(ls -A | grep -v full) full/; cd full
             cat /dev/zero > filler 2> /dev/null || true
             code=0; {} > /dev/null || code=$?; rm filler; cp -r . {}; exit $code",
            writer.shell(),
            outside.path().display()
        );
        let Some(output) = in_own_mounts(folder.path(), &script) else { return };
        let told = said(&output);
        assert!(told.contains("No space left"), "{}: {told}", writer.name);
        all_old(writer, "full disk", &output, &writer.files(outside.path()), &old, outside.path());
    }
}

#[test]
fn a_target_that_is_a_mount_leaves_every_old_file() {
    for writer in WRITERS {
        let folder = writer.folder();
        let old = writer.files(folder.path());
        let last = writer.targets.last().unwrap();
        let script = format!("touch m; cp {last} m; mount --bind m {last}; {}", writer.shell());
        let Some(output) = in_own_mounts(folder.path(), &script) else { return };
        all_old(writer, "mount", &output, &writer.files(folder.path()), &old, folder.path());
    }
}

#[test]
fn an_immutable_last_target_leaves_every_old_file() {
    for writer in WRITERS {
        let folder = writer.folder();
        let old = writer.files(folder.path());
        let last = folder.path().join(writer.targets.last().unwrap());
        let chattr = |flag: &str| Command::new("chattr").arg(flag).arg(&last).output();
        if !chattr("+i").is_ok_and(|done| done.status.success()) {
            skipped("files cannot be made immutable here");
            return;
        }
        let output = writer.command(folder.path()).output().unwrap();
        let files = writer.files(folder.path());
        chattr("-i").unwrap();
        all_old(writer, "immutable", &output, &files, &old, folder.path());
    }
}

#[test]
fn a_rename_or_sync_that_fails_leaves_every_old_file() {
    for writer in WRITERS {
        let last = writer.targets.len();
        for fault in [
            format!("/^rename:error=EIO:when={last}"),
            "/^rename:error=EPERM:when=1".to_owned(),
            format!("fsync:error=EIO:when={last}"),
        ] {
            let folder = writer.folder();
            let old = writer.files(folder.path());
            let Some(output) = spoiled(writer, folder.path(), &fault) else { return };
            all_old(writer, &fault, &output, &writer.files(folder.path()), &old, folder.path());
        }
    }
}

#[test]
fn files_that_cannot_even_be_put_back_are_named() {
    for writer in WRITERS.iter().filter(|writer| writer.targets.len() > 1) {
        let ((old, new), folder) = (writer.old_and_new(), writer.folder());
        let fault = "/^rename:error=EIO:when=2+";
        let Some(output) = spoiled(writer, folder.path(), fault) else { return };
        let (told, files) = (said(&output), writer.files(folder.path()));
        assert_eq!(output.status.code(), Some(2), "{}: {told}", writer.name);
        assert!(told.contains("partly-written") && !told.contains("nothing was"), "{}: {told}", writer.name);
        for (place, name) in writer.targets.iter().enumerate() {
            let (is, as_it) = if place == 0 { ("NEW", &new) } else { ("old", &old) };
            assert!(told.contains(&format!("{name} is {is}")), "{}: {name}: {told}", writer.name);
            assert!(files[name] == as_it[name], "{}: {name} is not the {is} file", writer.name);
        }
        let kept = strays(folder.path());
        assert_eq!(kept.len(), 1, "the old file of the new one is kept: {kept:?}");
        assert!(told.contains(Path::new(&kept[0]).file_name().unwrap().to_str().unwrap()), "{told}");
        assert!(fs::read(&kept[0]).unwrap() == old[writer.targets[0]]);
    }
}

#[test]
fn a_report_that_cannot_be_printed_leaves_every_old_file() {
    for writer in WRITERS {
        let ((old, new), folder) = (writer.old_and_new(), writer.folder());
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = writer.command(folder.path()).stdout(full).output().unwrap();
        let files = writer.files(folder.path());
        if writer.prints {
            all_old(writer, "standard output is full", &output, &files, &old, folder.path());
        } else {
            assert!(files == new, "{}: it prints nothing", writer.name);
        }
    }
}

#[test]
fn a_closed_standard_output_or_error_changes_nothing() {
    if !has(&["bash"]) {
        return;
    }
    for writer in WRITERS {
        let (_, new) = writer.old_and_new();
        for closed in [">&-", "2>&-", ">&- 2>&-", "2> /dev/full", "| true", "|& true"] {
            let folder = writer.folder();
            let script = format!("{} {closed}; exit ${{PIPESTATUS[0]}}", writer.shell());
            let output =
                Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
            let told = said(&output);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {closed}: {told}", writer.name);
            assert!(writer.files(folder.path()) == new, "{}: {closed}: {told}", writer.name);
            assert_eq!(strays(folder.path()), [""; 0], "{}: {closed}", writer.name);
        }
    }
}

#[test]
fn files_of_others_and_protected_ones_stay() {
    if !Command::new("setpriv").args(["--reuid=65534", "true"]).output().is_ok_and(|o| o.status.success()) {
        skipped("becoming another user needs root and util-linux");
        return;
    }
    // The binary has to be reachable by the other user.
    let shared = tempfile::tempdir().unwrap();
    fs::set_permissions(shared.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let quell = shared.path().join("quell");
    fs::copy(QUELL, &quell).unwrap();
    for writer in WRITERS {
        for protection in ["sticky", "read-only"] {
            let work = tempfile::tempdir_in("/tmp").unwrap();
            (writer.prepare)(work.path());
            for target in writer.targets.iter().map(|target| work.path().join(target)) {
                if !target.exists() {
                    fs::create_dir_all(target.parent().unwrap()).unwrap();
                    fs::write(target, OLD).unwrap();
                }
            }
            let last = work.path().join(writer.targets.last().unwrap());
            let script = match protection {
                // Anybody may write the file, and only root may take it out of its folder.
                "sticky" => format!("chmod -R a+rwX . && chmod 1777 {}", last.parent().unwrap().display()),
                _ => format!("chmod -R a+rwX . && chown -R 65534 . && chmod 0444 {}", last.display()),
            };
            let prepared = Command::new("bash").args(["-c", &script]).current_dir(work.path()).status();
            assert!(prepared.unwrap().success());
            let old = writer.files(work.path());
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&quell);
            let output = command.args(writer.arguments).current_dir(work.path()).output().unwrap();
            all_old(writer, protection, &output, &writer.files(work.path()), &old, work.path());
        }
    }
}

#[test]
fn a_file_that_may_not_grow_is_an_error_like_any_other() {
    if !has(&["bash"]) {
        return;
    }
    for writer in WRITERS {
        let folder = writer.folder();
        let old = writer.files(folder.path());
        // Without a trap the signal would kill the process.
        let script = format!("ulimit -f 0; exec {} 2> >(cat >&2)", writer.shell());
        let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        all_old(writer, "file-size limit", &output, &writer.files(folder.path()), &old, folder.path());
    }
}

/// Sends a signal after a share of the time that the run takes.
fn signalled(writer: &Writer, folder: &Path, signal: &str, after: Duration) -> Output {
    let mut child = writer.command(folder).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(after);
    let _ = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).output();
    let mut told = Vec::new();
    child.stderr.take().unwrap().read_to_end(&mut told).unwrap();
    Output { status: child.wait().unwrap(), stdout: Vec::new(), stderr: told }
}

/// Moments spread over a run, without a source of chance: the golden ratio leaves no gap.
fn moments(writer: &Writer, count: u32) -> impl Iterator<Item = Duration> {
    let folder = writer.folder();
    let started = Instant::now();
    writer.command(folder.path()).output().unwrap();
    let whole = started.elapsed().mul_f64(1.1);
    (0..count).map(move |at| whole.mul_f64((f64::from(at) * 0.618_033_988_75).fract()))
}

#[test]
fn a_signal_leaves_all_old_or_all_new_and_says_which() {
    for writer in WRITERS {
        let (old, new) = writer.old_and_new();
        for signal in ["INT", "TERM", "HUP", "QUIT"] {
            for after in moments(writer, cases(6, 200)) {
                let folder = writer.folder();
                let output = signalled(writer, folder.path(), signal, after);
                let (files, told) = (writer.files(folder.path()), said(&output));
                let name = writer.name;
                assert_eq!(strays(folder.path()), [""; 0], "{name}: {signal}: {told}");
                let ended = output.status.code();
                if ended == Some(2) && !told.contains("the files had been written") {
                    assert!(told.contains("interrupted"), "{name}: {signal}: {told}");
                    assert!(files == old, "{name}: {signal}: {told}");
                } else if ended.is_some() {
                    assert!(files == new, "{name}: {signal} after {after:?}: {told}");
                } else {
                    // It came before the process could listen.
                    assert!(files == old, "{name}: {signal}: {told}");
                }
            }
        }
    }
}

#[test]
fn after_a_kill_each_file_is_whole_and_the_next_run_says_what_is_left() {
    let mut mixed = 0;
    for writer in WRITERS {
        let (old, new) = writer.old_and_new();
        for after in moments(writer, cases(12, 200)) {
            let folder = writer.folder();
            let _ = signalled(writer, folder.path(), "KILL", after);
            mixed += u32::from(after_a_kill(writer, folder.path(), &old, &new));
        }
    }
    eprintln!("{mixed} pairs were mixed");
}

#[test]
fn a_kill_between_two_renames_is_told_by_the_next_run() {
    for writer in WRITERS.iter().filter(|writer| writer.targets.len() > 1) {
        let ((old, new), folder) = (writer.old_and_new(), writer.folder());
        let Some(_) = spoiled(writer, folder.path(), "/^rename:signal=KILL:when=2") else { return };
        assert!(after_a_kill(writer, folder.path(), &old, &new), "{}: the first file is new", writer.name);
    }
}

/// Looks at the files of a run that was killed, and at what the next one says. Whether some were new and some old.
fn after_a_kill(writer: &Writer, folder: &Path, old: &Files, new: &Files) -> bool {
    let (files, left) = (writer.files(folder), strays(folder));
    let is_new: Vec<bool> = writer.targets.iter().map(|name| files[name] == new[name]).collect();
    for (name, is_new) in writer.targets.iter().zip(&is_new) {
        assert!(*is_new || files[name] == old[name], "{}: {name} is neither old nor new", writer.name);
    }
    let told = said(&writer.command(folder).output().unwrap());
    for stray in left {
        let name = Path::new(&stray).file_name().unwrap().to_str().unwrap();
        assert!(told.contains(name), "{}: {stray} is not named: {told}", writer.name);
    }
    let mixed = is_new.contains(&true) && is_new.contains(&false);
    assert!(!mixed || told.contains("THEY DO NOT BELONG TOGETHER"), "{}: {told}", writer.name);
    mixed
}

#[test]
fn a_run_that_is_still_going_leaves_no_strays() {
    let writer = &WRITERS[0];
    let folder = writer.folder();
    let mut child = Command::new(QUELL)
        .args(["apply", "-", "--kept", "other.csv"])
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // More than it looks at before it begins its outputs; the pipe stays open.
    let rows = fs::read(folder.path().join("hunt.csv")).unwrap();
    for _ in 0..20 {
        std::io::Write::write_all(&mut input, &rows).unwrap();
    }
    while strays(folder.path()).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = said(&writer.command(folder.path()).output().unwrap());
    assert_eq!(told, "", "a run that lives has left nothing behind");
    drop(input);
    assert!(child.wait().unwrap().success());
    assert_eq!(strays(folder.path()), [""; 0]);
}

#[test]
fn two_runs_into_the_same_files_end_with_the_pair_of_one() {
    let folder = WRITERS[0].folder();
    fs::write(
        folder.path().join("none.yaml"),
        "exclusions:\n  - id: none\n    when: {process.name: none.exe}\n",
    )
    .unwrap();
    let run = |lists: &[&str]| {
        let outputs = ["apply", "hunt.csv", "--kept", "left.csv", "--suppressed", "gone.csv"];
        let mut command = Command::new(QUELL);
        command.args(outputs).args(lists).current_dir(folder.path()).stdout(Stdio::null());
        command.spawn().unwrap()
    };
    let pair = || ["left.csv", "gone.csv"].map(|name| fs::read(folder.path().join(name)).unwrap());
    run(&[]).wait().unwrap();
    let first = pair();
    run(&["-e", "none.yaml"]).wait().unwrap();
    let second = pair();
    assert!(first != second);
    for _ in 0..cases(20, 400) {
        let (mut a, mut b) = (run(&[]), run(&["-e", "none.yaml"]));
        assert!(a.wait().unwrap().success() && b.wait().unwrap().success());
        let now = pair();
        assert!(now == first || now == second, "one file of each run");
    }
}

/// An output that would take the place of an input, under every name that leads to it.
#[test]
fn no_output_takes_the_place_of_what_is_read() {
    let outputs: [(&[&str], &str); 11] = [
        (&["apply", "hunt.csv", "--kept"], "hunt.csv"),
        (&["apply", "hunt.csv", "--suppressed"], "hunt.csv"),
        (&["apply", "hunt.csv", "--kept", "new.csv", "--report"], "hunt.csv"),
        (&["apply", "hunt.csv", "-e", "a.yaml", "--kept"], "a.yaml"),
        (&["apply", "hunt.csv", "--rule", "rule.yaml", "--kept"], "rule.yaml"),
        (&["apply", "hunt.csv", "-e", "a.yaml", "--parameters", "site.yaml", "--suppressed"], "site.yaml"),
        (&["probe", "--malicious", "malicious.csv", "--bypasses"], "malicious.csv"),
        (&["probe", "--malicious", "malicious.csv", "-e", "a.yaml", "--bypasses"], "a.yaml"),
        (&["kql", "-e", "a.yaml", "--form", "watchlist", "--values"], "a.yaml"),
        (&["import", "rules/typed.kql", "-o"], "rules/typed.kql"),
        (&["splice", "rules/0.kql", "-e", "a.yaml", "-o"], "a.yaml"),
    ];
    for (arguments, input) in outputs {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        results(folder.path());
        rules(folder.path());
        let typed = "DeviceNetworkEvents\n| where InitiatingProcessFileName !in~ ('a.exe', 'b.exe')\n";
        fs::write(at("rules/typed.kql"), typed).unwrap();
        fs::write(at("a.yaml"), "exclusions:\n  - id: a\n    when: {process.name: a.exe}\n").unwrap();
        fs::write(at("site.yaml"), "{}\n").unwrap();
        fs::copy("samples/action1.yaml", at("rule.yaml")).unwrap();
        // A report is known by the end of its name.
        let end = if arguments.contains(&"--report") { ".md" } else { "" };
        let aliases: [(String, Link); 4] = [
            (input.to_owned(), |_, _| {}),
            (format!("./{input}"), |_, _| {}),
            (format!("symlink{end}"), |to, link| symlink(to, link).unwrap()),
            (format!("hard{end}"), |to, link| fs::hard_link(to, link).unwrap()),
        ];
        for (alias, link) in aliases.into_iter().skip(if end.is_empty() { 0 } else { 2 }) {
            link(&at(input), &at(&alias));
            let before = all_files(folder.path());
            let output =
                Command::new(QUELL).args(arguments).arg(&alias).current_dir(folder.path()).output().unwrap();
            let told = said(&output);
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {alias}: {told}");
            assert!(
                told.contains("output-is-input") && told.contains(&alias),
                "{arguments:?} {alias}: {told}"
            );
            assert!(all_files(folder.path()) == before, "{arguments:?} {alias}");
        }
    }
}

#[test]
fn standard_streams_that_are_one_file_are_refused() {
    if !has(&["bash"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    results(folder.path());
    let before = all_files(folder.path());
    for script in [
        "apply hunt.csv --kept - >> hunt.csv",
        "apply - --kept - < hunt.csv >> hunt.csv",
        "apply - --kept hunt.csv < hunt.csv",
        "lint -e list.yaml >> list.yaml",
    ] {
        fs::write(folder.path().join("list.yaml"), "exclusions: []\n").unwrap();
        let script = format!("timeout 20 {QUELL} {script}");
        let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{script}: {}", said(&output));
        fs::remove_file(folder.path().join("list.yaml")).unwrap();
        assert!(all_files(folder.path()) == before, "{script}");
    }
}

fn all_files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn a_folder_that_was_made_for_a_set_goes_with_it() {
    let writer = WRITERS.iter().find(|writer| writer.name == "splice into a folder").unwrap();
    let folder = writer.folder();
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    let Some(output) = spoiled(writer, folder.path(), "fsync:error=EIO:when=2") else { return };
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!folder.path().join("out").exists());
}

#[test]
fn an_edit_never_takes_back_what_somebody_else_has_written() {
    if !has(&["bash"]) {
        return;
    }
    let writer = WRITERS.iter().find(|writer| writer.name == "splice in place").unwrap();
    let folder = writer.folder();
    // The first rename waits, so that another edit comes in between reading and writing.
    let script = format!(
        "strace -f -qqq -o /dev/null -e inject=fsync:delay_enter=400000:when=1 {} & sleep 0.2
         echo '// edited' >> rules/3.kql; wait $!",
        writer.shell()
    );
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    if said(&output).contains("strace: command not found") {
        skipped("there is no strace");
        return;
    }
    assert!(said(&output).contains("changed-meanwhile"), "{}", said(&output));
    assert!(fs::read_to_string(folder.path().join("rules/3.kql")).unwrap().ends_with("// edited\n"));
    assert!(!fs::read_to_string(folder.path().join("rules/0.kql")).unwrap().contains("quell:begin"));
    assert_eq!(strays(folder.path()), [""; 0]);
}
