//! The header says what the library does: a C program drives it, and every enum of the header has the codes of the crate.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in what tests share, not only in tests themselves")]

use millrace_match::{Action, Kind, Liquidity, Phase, PostOnly, Reason, SelfTrade, Side, Status, TimeInForce};
use std::path::{Path, PathBuf};
use std::process::Command;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// The folder that the tests were built into, where the library lies too.
fn built() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap();
    let library = |folder: &Path| ["so", "dylib"].iter().any(|kind| folder.join(format!("libmillrace_match_capi.{kind}")).exists());
    [folder, folder.parent().unwrap()].into_iter().find(|folder| library(folder)).expect("the library lies beside the tests").to_path_buf()
}

#[test]
fn a_c_program_drives_the_library() {
    if Command::new("cc").arg("--version").output().is_err() {
        println!("skipped: there is no C compiler (cc) on this machine");
        return;
    }
    let folder = built();
    let program = std::env::temp_dir().join(format!("millrace-match-drive-{}", std::process::id()));
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1"])
        .arg(format!("-I{CRATE}/include"))
        .arg(format!("{CRATE}/tests/drive.c"))
        .arg(format!("-L{}", folder.display()))
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .args(["-lmillrace_match_capi", "-o"])
        .arg(&program)
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let ran = Command::new(&program).output().unwrap();
    std::fs::remove_file(&program).unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(ran.stdout, b"the C program is content\n");
}

/// The names of an enum of the header, in their order.
fn names(header: &str, of: &str) -> Vec<String> {
    let (_, rest) = header.split_once(&format!("enum millrace_match_{of} {{")).unwrap();
    let (body, _) = rest.split_once('}').unwrap();
    let prefix = format!("MILLRACE_MATCH_{}_", of.to_uppercase());
    body.split(',').map(|name| name.trim().strip_prefix(&prefix).unwrap().to_lowercase()).collect()
}

#[test]
fn the_header_has_the_codes_of_the_crate() {
    let header = std::fs::read_to_string(format!("{CRATE}/include/millrace_match.h")).unwrap();
    let words: [(&str, Vec<&str>); 10] = [
        ("action", Action::ALL.iter().map(|word| word.word()).collect()),
        ("side", Side::ALL.iter().map(|word| word.word()).collect()),
        ("type", Kind::ALL.iter().map(|word| word.word()).collect()),
        ("time_in_force", TimeInForce::ALL.iter().map(|word| word.word()).collect()),
        ("self_trade", SelfTrade::ALL.iter().map(|word| word.word()).collect()),
        ("post_only", PostOnly::ALL.iter().map(|word| word.word()).collect()),
        ("phase", Phase::ALL.iter().map(|word| word.word()).collect()),
        ("status", Status::ALL.iter().map(|word| word.word()).collect()),
        ("reason", Reason::ALL.iter().map(|word| word.word()).collect()),
        ("liquidity", Liquidity::ALL.iter().map(|word| word.word()).collect()),
    ];
    for (of, words) in words {
        assert_eq!(names(&header, of), words, "{of}");
    }
}
