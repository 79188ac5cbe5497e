//! What the binary asks of the system: no socket that leads out of the process, and no file written but the outputs that were named.
#![cfg(target_os = "linux")]

use crate::common::has;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The system calls of a command that make a socket or change the file system, one a line.
fn traced(folder: &Path, arguments: &[&str]) -> String {
    let log = folder.join("trace.txt");
    let output = Command::new("strace")
        .current_dir(folder)
        .args(["-f", "-qq", "-e", "trace=%network,%file,openat,ftruncate", "-o", log.to_str().unwrap()])
        .arg(env!("CARGO_BIN_EXE_quell"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let trace = fs::read_to_string(&log).unwrap();
    assert!(trace.contains("openat"), "nothing was traced: {trace}");
    fs::remove_file(log).unwrap();
    trace
}

/// The files of a folder by their names.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Whether a system call may change the file system.
fn changes(call: &str) -> bool {
    let opens_to_write = call.contains("O_WRONLY") || call.contains("O_RDWR") || call.contains("O_CREAT");
    let verbs = [
        "rename", "unlink", "mkdir", "rmdir", "link(", "linkat(", "symlink", "chmod", "chown", "truncate",
        "mknod",
    ];
    // `readlink` reads.
    opens_to_write || verbs.iter().any(|verb| call.contains(verb)) && !call.contains("readlink")
}

#[test]
fn no_socket_is_made_and_nothing_is_written_but_the_outputs() {
    if !has(&["strace"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::copy("samples/action1-hunt.csv", folder.path().join("hunt.csv")).unwrap();
    fs::copy("samples/action1.yaml", folder.path().join("rule.yaml")).unwrap();
    fs::copy("samples/malicious.csv", folder.path().join("bad.csv")).unwrap();
    let list = "exclusions:\n- id: a\n  when: {process.name: chrome.exe, destination.ip: 10.20.0.5}\n";
    fs::write(folder.path().join("list.yaml"), list).unwrap();
    let before = names(folder.path());
    for (arguments, outputs) in [
        (&["apply", "hunt.csv"][..], &[][..]),
        (
            &["apply", "hunt.csv", "--kept", "k.csv", "--suppressed", "s.csv", "--report", "r.md"],
            &["k.csv", "s.csv", "r.md"],
        ),
        (&["apply", "hunt.csv", "--group-by", "destination.port"], &[]),
        (&["rows", "hunt.csv", "--group", "1"], &[]),
        (&["list", "-e", "list.yaml", "--results", "hunt.csv"], &[]),
        (&["fmt", "-e", "list.yaml", "--check"], &[]),
        (&["explain", "hunt.csv", "--row", "2"], &[]),
        (&["lint", "-e", "list.yaml", "--rule", "rule.yaml", "--results", "hunt.csv"], &[]),
        (&["test", "-e", "list.yaml"], &[]),
        (&["probe", "--malicious", "bad.csv", "--bypasses", "w.jsonl"], &["w.jsonl"]),
        (&["diff", "list.yaml", "documented", "--results", "hunt.csv"], &[]),
        (&["prune", "-e", "list.yaml", "--results", "hunt.csv"], &[]),
        (&["kql", "-e", "list.yaml"], &[]),
        (&["splice", "rule.yaml", "-e", "list.yaml"], &[]),
        (&["schema"], &[]),
    ] {
        let trace = traced(folder.path(), arguments);
        for call in trace.lines() {
            // The handler of signals wakes its thread through a pair that leads nowhere else.
            let own = call.contains("socketpair(AF_UNIX");
            let network = ["socket(", "connect(", "bind(", "sendto(", "sendmsg(", "socketpair("];
            assert!(own || !network.iter().any(|word| call.contains(word)), "{arguments:?}: {call}");
            // What is written has the name of an output, or one beside it that is renamed to it.
            let named = outputs.iter().any(|output| call.contains(output) || call.contains(".quell"));
            let harmless = call.contains("/dev/")
                || call.contains("/proc/")
                || call.contains("ENOENT")
                || call.contains("ENOTTY");
            assert!(!changes(call) || named || harmless, "{arguments:?}: {call}");
        }
        let mut after = names(folder.path());
        after.retain(|name| !before.contains(name));
        let mut wanted: Vec<&str> = outputs.to_vec();
        wanted.sort_unstable();
        assert_eq!(after, wanted, "{arguments:?}");
        for output in outputs {
            fs::remove_file(folder.path().join(output)).unwrap();
        }
    }
}
