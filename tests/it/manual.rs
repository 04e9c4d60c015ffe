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
        // The last option: plain text, without what makes a terminal print bold.
        let format = ["-ww", "-man", "-Tutf8", "-P-cbou"];
        let output = Command::new("groff").args(format).arg(&page).output().expect("groff is installed");
        assert!(output.status.success() && output.stderr.is_empty(), "{}: {output:?}", page.display());
        let text = String::from_utf8(output.stdout).expect("text");
        for section in SECTIONS {
            assert!(text.lines().any(|line| line == *section), "{} has no {section}", page.display());
        }
    }
}
