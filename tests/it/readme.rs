//! The commands of README.md run in a checkout as they are written.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Copies the files of a folder, and what is below it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn run(folder: &Path, line: &str) -> (Option<i32>, String) {
    let programs = Path::new(env!("CARGO_BIN_EXE_quell")).parent().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(programs.to_owned()).chain(std::env::split_paths(&path)))
        .unwrap();
    let output =
        Command::new("sh").current_dir(folder).args(["-c", line]).env("PATH", path).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Every line of its blocks that begins with `quell` or a pipe into it can run: exit code 0, or 1 where something is to look at.
#[cfg(unix)]
#[test]
fn every_command_of_the_readme_runs_in_a_checkout() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["exclusions", "samples"] {
        copy(Path::new(name), &folder.path().join(name));
    }
    let readme = fs::read_to_string("README.md").unwrap();
    let list = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let git = "git -c init.defaultBranch=main init -q && git add . && git -c user.name=a -c user.email=a@example.com commit -qm all";
    assert_eq!(run(folder.path(), git).0, Some(0));
    fs::write(folder.path().join("exclusions/mine.yaml"), list).unwrap();
    // What the reader has of his own.
    let rows = "cp samples/action1-hunt.csv hunt.csv; cp hunt.csv day-1.csv; cp hunt.csv day-2.csv; gzip -k day-1.csv; mv day-1.csv.gz day.gz; cp -r samples rules; quell apply samples/action1-hunt.csv --kept hunt.json > /dev/null; cp day.gz hunt.json.gz";
    assert!(run(folder.path(), rows).0 != Some(2));
    let blocks = readme.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let lines: Vec<&str> = blocks.flat_map(str::lines).filter(|line| line.contains("quell ")).collect();
    assert!(lines.len() >= 18, "{lines:?}");
    for line in lines {
        let (code, said) = run(folder.path(), line);
        assert!(matches!(code, Some(0 | 1)), "{line}: {code:?}: {said}");
    }
}
