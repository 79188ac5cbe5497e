//! Trouble with files: full disks, interruptions, pipes that close, links, permissions. Whatever happens, a
//! file is the old one or the whole new one.

use crate::common::has;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const RESULTS: &str = "samples/action1-hunt.csv";

fn quell() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
    command.env_clear();
    command
}

fn apply(arguments: &[&str]) -> Output {
    quell().arg("apply").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

/// The suppressed file without what was added to each of its lines.
fn without_attribution(suppressed: &[u8]) -> Vec<Vec<u8>> {
    records(suppressed)
        .into_iter()
        .map(|record| {
            let comma = record.iter().rposition(|byte| *byte == b',').unwrap();
            let end = record.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
            [&record[..comma], &record[end..]].concat()
        })
        .collect()
}

/// The records of well-formed CSV, with their ends.
fn records(text: &[u8]) -> Vec<Vec<u8>> {
    let (mut out, mut record, mut inside) = (Vec::new(), Vec::new(), false);
    for byte in text {
        record.push(*byte);
        inside ^= *byte == b'"';
        if *byte == b'\n' && !inside {
            out.push(std::mem::take(&mut record));
        }
    }
    if !record.is_empty() {
        out.push(record);
    }
    out
}

#[test]
fn kept_and_suppressed_are_the_input_in_every_shape_of_file() {
    let folder = tempfile::tempdir().unwrap();
    let sample = fs::read(RESULTS).unwrap();
    let crlf: Vec<u8> =
        records(&sample).iter().flat_map(|record| [&record[..record.len() - 1], b"\r\n"].concat()).collect();
    let shapes = [
        ("plain", sample.clone()),
        ("crlf", crlf),
        ("bom", [b"\xef\xbb\xbf", sample.as_slice()].concat()),
        ("without a final line feed", sample[..sample.len() - 1].to_vec()),
        ("lab", fs::read("samples/lab-network-events.csv").unwrap()),
    ];
    for (name, bytes) in shapes {
        let path = |end: &str| folder.path().join(format!("{name}.{end}")).to_str().unwrap().to_owned();
        fs::write(path("csv"), &bytes).unwrap();
        let output = apply(&[&path("csv"), "--kept", &path("kept"), "--suppressed", &path("gone")]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", said(&output));
        let (kept, gone) = (fs::read(path("kept")).unwrap(), fs::read(path("gone")).unwrap());
        let (mut kept, gone) = (records(&kept).into_iter().peekable(), without_attribution(&gone));
        let mut gone = gone.into_iter().peekable();
        assert_eq!(kept.next(), gone.next(), "{name}: one header for both");
        for record in records(&bytes).into_iter().skip(1) {
            let found = kept.next_if(|next| *next == record).or_else(|| gone.next_if(|next| *next == record));
            assert!(found.is_some(), "{name}: lost {}", String::from_utf8_lossy(&record));
        }
        assert!(kept.next().is_none() && gone.next().is_none(), "{name}: too much");
    }
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    if !has(&["bash"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.csv");
    fs::write(&kept, "old").unwrap();
    // A file may grow to 8 blocks of 512 or 1024 bytes only: the write fails as on a full disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} apply {RESULTS} --kept {}",
        env!("CARGO_BIN_EXE_quell"),
        kept.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("as they were") || said(&output).contains("as it was"),
        "{}",
        said(&output)
    );
    assert_eq!(fs::read_to_string(&kept).unwrap(), "old");
    assert_eq!(names(folder.path()), ["kept.csv"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_an_error() {
    let output = apply(&[RESULTS, "--kept", "/dev/full"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("/dev/full"), "{}", said(&output));
}

#[test]
fn an_interruption_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.csv");
    fs::write(&kept, "old").unwrap();
    let mut child = quell()
        .args(["apply", "-", "--kept", kept.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // More than one chunk, so that reading has begun; the pipe stays open.
    let sample = fs::read(RESULTS).unwrap();
    for _ in 0..20 {
        input.write_all(&sample).unwrap();
    }
    let unfinished = || names(folder.path()).iter().any(|name| name.contains(".quell-"));
    while !unfinished() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let mut first = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert!(first.contains("interrupted; nothing was written"), "{first}");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "old");
    assert_eq!(names(folder.path()), ["kept.csv"]);
}

#[test]
fn a_pipe_that_closes_is_an_error_and_a_closed_standard_output_is_none() {
    if !has(&["bash"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let big = folder.path().join("big.csv");
    let sample = fs::read(RESULTS).unwrap();
    let body = &sample[records(&sample)[0].len()..];
    fs::write(&big, [sample.as_slice(), &body.repeat(30)].concat()).unwrap();
    let quell = env!("CARGO_BIN_EXE_quell");
    let pipe = folder.path().join("pipe");
    let script = format!(
        "mkfifo {pipe}; head -c 100 {pipe} > /dev/null & {quell} apply {big} --kept {pipe}",
        pipe = pipe.display(),
        big = big.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let script =
        format!("{quell} apply {} --format json | head -n 1; exit ${{PIPESTATUS[0]}}", big.display());
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let script = format!("{quell} apply {} --kept - | head -n 1; exit ${{PIPESTATUS[0]}}", big.display());
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn targets_that_cannot_be_written_are_named_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let output = apply(&[RESULTS, "--kept", path]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("is a folder"), "{}", said(&output));
    let output = apply(&[RESULTS, "--kept", &format!("{path}/none/kept.csv")]);
    assert_eq!(output.status.code(), Some(2));
    let twice = format!("{path}/one.csv");
    let output = apply(&[RESULTS, "--kept", &twice, "--suppressed", &twice]);
    assert!(said(&output).contains("asked for twice"), "{}", said(&output));
    let output = apply(&[RESULTS, "--kept", &twice, "--suppressed", &format!("{path}/./one.csv")]);
    assert!(said(&output).contains("asked for twice"), "{}", said(&output));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_link_stays_a_link_and_permissions_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&real, &link).unwrap();
    let output = apply(&[RESULTS, "--kept", link.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().starts_with("Timestamp"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    let (later, early) = (folder.path().join("later.csv"), folder.path().join("early.csv"));
    symlink("later.csv", &early).unwrap();
    let output = apply(&[RESULTS, "--kept", early.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(fs::symlink_metadata(&early).unwrap().is_symlink());
    assert!(fs::read_to_string(&later).unwrap().starts_with("Timestamp"));
}

#[test]
fn strict_writes_no_file_when_a_row_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (results, kept) = (folder.path().join("r.csv"), folder.path().join("kept.csv"));
    fs::write(&results, "DeviceName,InitiatingProcessFileName,RemoteIP\na,b.exe\nc,d.exe,10.0.0.1\n")
        .unwrap();
    let paths = [results.to_str().unwrap(), "--kept", kept.to_str().unwrap()];
    let output = apply(&[&paths[..], &["--strict"]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("r.csv:2: 2 cells under a header of 3"));
    assert!(!kept.exists());
    assert_eq!(apply(&paths).status.code(), Some(0));
    assert_eq!(fs::read(&kept).unwrap(), fs::read(&results).unwrap());
}
