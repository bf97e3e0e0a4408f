//! The command line of `cargo xtask`.

use std::{io, process::Command};

#[test]
fn a_question_it_does_not_know_is_answered_with_the_usage() -> io::Result<()> {
    for arguments in [&[][..], &["tidier"], &["tidy", "twice"]] {
        let answer = Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output()?;
        assert_eq!(answer.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&answer.stderr).starts_with("usage: cargo xtask"));
    }
    Ok(())
}

#[test]
fn the_exit_code_of_tidy_tells_whether_it_printed_a_finding() -> io::Result<()> {
    let answer = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("tidy").output()?;
    let expected = i32::from(!answer.stdout.is_empty());
    assert_eq!(answer.status.code(), Some(expected));
    Ok(())
}
