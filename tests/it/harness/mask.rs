//! The one place that says which parts of an output may differ from run to run: addresses, times, sizes, terms.

use bytes::Bytes;

use super::{Output, Server};

/// Keys of JSON and of `fields` output whose numbers say when or where a command ran and not what it did.
const VOLATILE_KEYS: &[&str] = &[
    "raft_term",
    "raftTerm",
    "raftIndex",
    "raftAppliedIndex",
    "dbSize",
    "dbSizeInUse", // JSON
    "RaftTerm",
    "RaftIndex",
    "RaftAppliedIndex",
    "DBSize",
    "DBSizeInUse", // fields
    "raft_index",
    "raft_applied_index",
    "db_size",
    "db_size_in_use", // jsonl
];

/// Columns of tables that hold such numbers.
const VOLATILE_COLUMNS: &[&str] =
    &["TOOK", "TTL", "DB SIZE", "IN USE", "PERCENTAGE NOT IN USE", "RAFT TERM", "RAFT INDEX", "RAFT APPLIED INDEX"];

/// The same columns by position in `endpoint status -w simple`, which has no header: 3.5 and older, then newer.
const VOLATILE_POSITIONS_OLD: &[usize] = &[3, 6, 7, 8];
const VOLATILE_POSITIONS: &[usize] = &[4, 5, 6, 10, 11, 12];

/// What replaces a masked part.
const MASK: &str = "~";

/// Masks what may differ between two servers that were asked the same.
pub(crate) fn mask(output: &Output, server: &Server) -> Output {
    let mask_text = |text: &str| {
        let text = text.replace(&server.endpoint(), "ENDPOINT");
        let text = mask_status_rows(&mask_tables(&text));
        mask_times_left(&mask_durations(&mask_keys(&text)))
    };
    // The client library's own log, which no script reads.
    let stderr: String = output.stderr.split_inclusive('\n').filter(|line| !line.starts_with("{\"level\"")).collect();
    let stdout = match std::str::from_utf8(&output.stdout) {
        Ok(text) => mask_text(text).into(),
        Err(_) => mask_protobuf(&output.stdout, &server.endpoint()),
    };
    Output { status: output.status, stdout, stderr: mask_text(&stderr) }
}

/// Masks the release of etcd that a server says it is, for comparing servers of different releases.
pub(crate) fn mask_release(output: &Output, server: &Server) -> Output {
    let answer = server.http_get("/version");
    let release = answer
        .split_once("\"etcdserver\":\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or_else(|| panic!("no release in {answer}"), |(release, _)| release);
    let stdout = match std::str::from_utf8(&output.stdout) {
        Ok(text) => text.replace(release, "RELEASE").into(),
        Err(_) => output.stdout.clone(),
    };
    Output { status: output.status, stdout, stderr: output.stderr.replace(release, "RELEASE") }
}

/// Takes the term out of the header, which is the first field of every answer and has the term as its last one, and the
/// address out of the rest. The answer keeps its length.
fn mask_protobuf(answer: &[u8], endpoint: &str) -> Bytes {
    const TERM_TAG: u8 = 4 << 3;
    let mut answer = answer.to_vec();
    // Answers about leases are a header and nothing else.
    let header_end = if answer[0] == 1 << 3 { answer.len() } else { 2 + usize::from(answer[1]) };
    if let [.., TERM_TAG, term] = &mut answer[..header_end] {
        *term = 0;
    }
    for at in 0..answer.len().saturating_sub(endpoint.len() - 1) {
        if let Some(found) = answer.get_mut(at..at + endpoint.len()).filter(|found| *found == endpoint.as_bytes()) {
            found.fill(b'~');
        }
    }
    answer.into()
}

/// `"dbSize":20480` and `"DBSize" : 20480` keep their key only.
fn mask_keys(text: &str) -> String {
    let mut masked = text.to_owned();
    for key in VOLATILE_KEYS {
        for separator in ["\":", "\" : "] {
            let start = format!("\"{key}{separator}");
            masked =
                replace_after(&masked, &start, |rest| rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        }
    }
    masked
}

/// `took = 1.2ms`, `took 12ms` and `"took":"1.2ms"` lose their time.
fn mask_durations(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == 'µ';
    let mut masked = text.to_owned();
    for start in ["took = ", "took ", "\"took\":", "\"took\":\"", "\"Took\" : ", "\"Took\" : \""] {
        // The shorter `took ` also finds `took = `, where nothing to mask follows at once.
        masked = replace_after(&masked, start, |rest| rest.find(|c: char| !is_part(c)).unwrap_or(rest.len()));
    }
    masked
}

/// `remaining(57s)`, `"ttl":57` and `"TTL" : 57` lose what a lease has left.
fn mask_times_left(text: &str) -> String {
    let mut masked = text.to_owned();
    for start in ["remaining(", "\"ttl\":", "\"TTL\" : "] {
        masked = replace_after(&masked, start, |rest| rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    }
    masked
}

/// Replaces, after each occurrence of `start`, as many bytes as `length` says of what follows.
pub(crate) fn replace_after(text: &str, start: &str, length: impl Fn(&str) -> usize) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(start) {
        let (before, after) = rest.split_at(at + start.len());
        masked.push_str(before);
        let length = length(after);
        if length > 0 {
            masked.push_str(MASK);
        }
        rest = &after[length..];
    }
    masked + rest
}

/// Masks the volatile columns of a drawn table and takes out the padding, which follows the widest cell.
pub(crate) fn mask_tables(text: &str) -> String {
    let mut columns: Option<Vec<String>> = None;
    let mut masked = String::new();
    for line in text.split_inclusive('\n') {
        let border = line.chars().next().filter(|first| ['│', '|'].contains(first));
        if line.starts_with(['┌', '├', '└', '+']) {
            masked.push_str(if line.starts_with('+') { "+-+\n" } else { "───\n" });
        } else if let Some(border) = border {
            let cells: Vec<String> =
                line.trim_end().trim_matches(border).split(border).map(|cell| cell.trim().to_owned()).collect();
            let header = columns.get_or_insert_with(|| cells.clone());
            let shown: Vec<&str> = cells
                .iter()
                .zip(header.iter())
                .map(|(cell, name)| if VOLATILE_COLUMNS.contains(&name.as_str()) && cell != name { MASK } else { cell })
                .collect();
            masked.push_str(&shown.join(&format!(" {border} ")));
            masked.push('\n');
        } else {
            columns = None;
            masked.push_str(line);
        }
    }
    masked
}

/// Masks the volatile positions of `endpoint status -w simple`, one comma-separated row an endpoint.
fn mask_status_rows(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| {
            let cells: Vec<&str> = line.trim_end_matches('\n').split(", ").collect();
            let positions = match cells.len() {
                _ if cells[0] != "ENDPOINT" => return line.to_owned(),
                10 => VOLATILE_POSITIONS_OLD,
                16 => VOLATILE_POSITIONS,
                _ => return line.to_owned(),
            };
            let shown: Vec<&str> = cells
                .iter()
                .enumerate()
                .map(|(position, cell)| if positions.contains(&position) { MASK } else { cell })
                .collect();
            shown.join(", ") + "\n"
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_only_say_when_or_where_are_masked() {
        assert_eq!(
            mask_keys("{\"revision\":2,\"raft_term\":3}\n\"RaftTerm\" : 4\n"),
            "{\"revision\":2,\"raft_term\":~}\n\"RaftTerm\" : ~\n"
        );
        assert_eq!(mask_durations("committed proposal: took = 2.1ms\n"), "committed proposal: took = ~\n");
        assert_eq!(mask_durations("member[ENDPOINT]. took 12.5ms\n"), "member[ENDPOINT]. took ~\n");
        assert_eq!(mask_durations("{\"took\":\"1.2ms\"}"), "{\"took\":\"~\"}");
    }

    #[test]
    fn tables_keep_their_cells_and_lose_their_width() {
        let table = "┌──────────┬─────────┐\n│ ENDPOINT │ DB SIZE │\n├──────────┼─────────┤\n│        x │   20 kB │\n└──────────┴─────────┘\n";
        assert_eq!(mask_tables(table), "───\nENDPOINT │ DB SIZE\n───\nx │ ~\n───\n");
    }
}
