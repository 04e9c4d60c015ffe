//! The man page of `kvd`, made from the table of flags and compared with the committed one.

use roff::{Roff, bold, italic, roman};

use crate::flag::Group;
use crate::flag_table;
use crate::flags::EXAMPLES;

/// What the process ends with.
const EXIT_STATUSES: [(&str, &str); 4] = [
    ("0", "help or version was printed"),
    ("1", "the configuration makes no sense, an address or the directory cannot be used, or the data is damaged"),
    ("2", "the command line cannot be read"),
    ("130, 143", "stopped by SIGINT or SIGTERM, with everything acknowledged on disk"),
];

const FILES: [(&str, &str); 6] = [
    ("LOCK", "Locked by the process that writes, and holds its pid."),
    ("CURRENT", "Names the store file in use."),
    ("store-*.mdb", "The tables, in an LMDB file."),
    ("log/", "Segments of the write-ahead log."),
    (
        "ballast",
        "Room that is given back when the disk is full, so that deleting and compacting go on; also in --wal-dir, if that is on another disk.",
    ),
    ("*-lock", "LMDB's reader table. Made anew when it is missing."),
];

fn man_page() -> String {
    let mut page = Roff::new();
    page.control("TH", ["KVD", "1", "", concat!("kvd ", env!("CARGO_PKG_VERSION")), "kvd manual"]);
    page.control("SH", ["NAME"]).text([roman("kvd - persistent multi-version key-value store with the etcd v3 API")]);
    page.control("SH", ["SYNOPSIS"]).text([bold("kvd"), roman(" [--"), italic("flag"), roman("=value ...]")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(
        "Serves keys, watches and transactions to every client of etcd. One process, one directory, and no \
         maintenance: what an acknowledged write needs is on disk before its answer, compaction gives history up \
         and pages are used again, and a start after a crash recovers by itself.",
    )]);
    page.control("PP", []);
    page.text([
        roman("A first interrupt or "),
        bold("SIGTERM"),
        roman(" stops in order: open requests are answered, watches end. A second one ends at once."),
    ]);
    page.control("SH", ["OPTIONS"]);
    page.text([roman("Single and double dashes mean the same; --flag=value and --flag value too.")]);
    for (group, title) in Group::ALL {
        page.control("SS", [title]);
        for flag in flag_table::all().filter(|flag| flag.group == group) {
            let mut name = vec![bold(format!("--{}", flag.name))];
            if let Some(value) = flag.value {
                name.extend([roman(" "), italic(value)]);
                if !flag.default.is_empty() {
                    name.push(roman(format!(" (default {})", flag.default)));
                }
            }
            page.control("TP", []).text(name).text([roman(flag.help)]);
            if let Some(why) = flag.not_honoured {
                page.text([roman(format!("Not honoured: {why}."))]);
            }
        }
    }
    page.control("SH", ["ENVIRONMENT"]);
    page.text([roman(
        "Every flag is also a variable: --data-dir is KVD_DATA_DIR or ETCD_DATA_DIR, the first being stronger. To set a \
         flag and its variable is an error.",
    )]);
    page.control("SH", ["FILES"]);
    page.text([roman("In the data directory:")]);
    for (name, meaning) in FILES {
        page.control("TP", []).text([bold(name)]).text([roman(meaning)]);
    }
    page.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in EXIT_STATUSES {
        page.control("TP", []).text([bold(status)]).text([roman(meaning)]);
    }
    page.control("SH", ["EXAMPLES"]);
    for (command, effect) in EXAMPLES {
        page.text([roman(effect)]).control("PP", []).control("nf", []);
        for line in command.lines() {
            page.text([roman(format!("    {line}"))]);
        }
        page.control("fi", []).control("PP", []);
    }
    page.control("SH", ["SEE ALSO"]).text([roman("kvctl(1), kvutl(1)")]);
    // Formatters take the bytes of other letters for those of another alphabet.
    let escape = |letter: char| {
        if letter.is_ascii() { letter.to_string() } else { format!("\\[u{:04X}]", u32::from(letter)) }
    };
    page.render().chars().map(escape).collect()
}

#[test]
fn the_man_page_is_current() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../man/kvd.1");
    expect_test::expect_file![committed].assert_eq(&man_page());
}
