//! The man pages as formatters read them: without a warning, and each with the sections that it must have.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What every page ends with.
const SECTIONS: &[&str] = &["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"];

#[test]
fn every_page_is_whole_and_without_warnings() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../man");
    let pages: Vec<_> = fs::read_dir(directory).expect("the pages").map(|page| page.expect("a page").path()).collect();
    assert!(pages.len() > 80, "{pages:?}");
    for page in pages {
        let output =
            Command::new("groff").args(["-ww", "-man", "-Tutf8"]).arg(&page).output().expect("groff is installed");
        assert!(output.status.success() && output.stderr.is_empty(), "{}: {output:?}", page.display());
        let text = String::from_utf8(output.stdout).expect("text");
        let text = without_emphasis(&text);
        for section in SECTIONS {
            assert!(text.lines().any(|line| line == *section), "{} has no {section}", page.display());
        }
    }
}

/// Takes out what makes a terminal print bold.
fn without_emphasis(text: &str) -> String {
    let mut plain = String::new();
    for (number, piece) in text.split('\u{1b}').enumerate() {
        let piece = if number == 0 { piece } else { piece.split_once('m').map_or("", |(_, rest)| rest) };
        plain.push_str(piece);
    }
    plain
}
