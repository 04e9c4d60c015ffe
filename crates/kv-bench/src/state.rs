//! What a large store costs: listing, counting, memory, disk, restart, and upkeep beside writers.

mod data;
mod keys;
mod upkeep;

use clap::Args;

use crate::BenchError;
use crate::process::Process;
use crate::report::{LoadRow, Report};
use crate::servers::{Role, ServerArgs};
use crate::targets::{Group, TARGETS, Target};

/// How large the stores are.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Large stores")]
pub(crate) struct Sizes {
    /// Keys of the store that is listed, counted and restarted
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    large_keys: u64,
    /// Puts on it, before it is listed as it was
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    later_changes: u64,
    /// Size of the store that is defragmented
    #[arg(long, value_name = "MEGABYTES", default_value_t = 450, value_parser = clap::value_parser!(u64).range(1..))]
    defrag_megabytes: u64,
    /// Revisions that are compacted beside puts
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    compacted_revisions: u64,
}

/// What one fresh store is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Keys,
    Defragmentation,
    Compaction,
}

impl Part {
    const ALL: [Part; 3] = [Part::Keys, Part::Defragmentation, Part::Compaction];

    /// Returns the parts that measure figures.
    pub(crate) fn that_measure(wanted: impl Fn(&Target) -> bool) -> Vec<Part> {
        let targets = || TARGETS.iter().filter(|target| target.group == Group::State && wanted(target));
        Part::ALL.into_iter().filter(|part| targets().any(|target| Part::of(target) == *part)).collect()
    }

    fn of(target: &Target) -> Part {
        match target.id {
            "defrag-stall" => Part::Defragmentation,
            "compaction-p99" => Part::Compaction,
            _ => Part::Keys,
        }
    }

    /// Measures the figures of this part on a server that has just been started.
    async fn measure(self, server: &mut Process, sizes: &Sizes) -> Result<Found, BenchError> {
        match self {
            Part::Keys => keys::measure(server, sizes.large_keys, sizes.later_changes).await,
            Part::Defragmentation => upkeep::defragmentation(server, sizes.defrag_megabytes).await,
            Part::Compaction => upkeep::compaction(server, sizes.compacted_revisions).await,
        }
    }
}

/// What was found out about one server.
#[derive(Debug)]
struct Found {
    server: String,
    /// Each by the id of its target.
    figures: Vec<(&'static str, f64)>,
    loads: Vec<LoadRow>,
    notes: Vec<String>,
}

impl Found {
    fn new(server: &Process) -> Found {
        Found { server: server.name().to_owned(), figures: Vec::new(), loads: Vec::new(), notes: Vec::new() }
    }

    fn add(&mut self, target: &'static str, figure: f64) {
        eprintln!("{}: {target} {figure:.3}", self.server);
        self.figures.push((target, figure));
    }

    fn note(&mut self, note: &str) {
        self.notes.push(format!("{}: {note}", self.server));
    }
}

/// Measures the parts with each server in turn and adds what was found to `report`.
pub(crate) fn measure(
    servers: &ServerArgs,
    parts: &[Part],
    sizes: &Sizes,
    report: &mut Report,
) -> Result<(), BenchError> {
    let mut all = Vec::new();
    for part in parts {
        // What answers everything with nothing holds no state.
        for candidate in servers.candidates().iter().filter(|candidate| candidate.role != Role::Floor) {
            let mut server = servers.start(candidate)?;
            all.push(servers.run_clients(part.measure(&mut server, sizes))?);
        }
    }
    add_to(report, all);
    if !parts.is_empty() {
        let Sizes { large_keys, later_changes, defrag_megabytes, compacted_revisions } = sizes;
        report.notes.push(format!(
            "large stores were of {large_keys} keys with {later_changes} later changes, of {defrag_megabytes} MB to \
             defragment, and of {compacted_revisions} revisions to compact"
        ));
    }
    Ok(())
}

fn add_to(report: &mut Report, all: Vec<Found>) {
    for target in TARGETS.iter().filter(|target| target.group == Group::State) {
        let figures: Vec<_> = all
            .iter()
            .flat_map(|found| found.figures.iter().map(|(id, figure)| (found.server.as_str(), *id, *figure)))
            .filter(|(_, id, _)| *id == target.id)
            .map(|(server, _, figure)| (server, figure))
            .collect();
        if !figures.is_empty() {
            report.add_line(target.id, figures);
        }
    }
    let mut loads = Vec::new();
    for mut found in all {
        loads.append(&mut found.loads);
        report.notes.append(&mut found.notes);
    }
    // The servers with one load stand together.
    loads.sort_by(|left: &LoadRow, right| left.load.cmp(&right.load));
    report.loads.append(&mut loads);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::{Candidate, OURS};

    #[test]
    fn what_was_found_becomes_the_lines_of_the_table() {
        let candidate = |name: &str, role| Candidate { name: name.to_owned(), role, command: name.to_owned() };
        let found = |server: &str, figures: &[(&'static str, f64)]| Found {
            server: server.to_owned(),
            figures: figures.to_vec(),
            loads: Vec::new(),
            notes: vec![format!("{server}: a note")],
        };
        let mut report = Report::new(&[candidate("etcd", Role::Peer), candidate(OURS, Role::Ours)]);
        add_to(
            &mut report,
            vec![
                found("etcd", &[("restart", 4.0)]),
                found(OURS, &[("restart", 0.4), ("list-all-pinned", 1.2)]),
                found("etcd", &[("defrag-stall", 3000.0)]),
                found(OURS, &[("defrag-stall", 6.0)]),
            ],
        );
        let ratios: Vec<_> = report.lines.iter().map(|line| line.ratio().expect("ours was measured")).collect();
        assert_eq!(ratios, [1.2, 0.1, 0.002]);
        assert_eq!(report.notes.len(), 4);
    }
    #[test]
    fn only_what_is_wanted_is_measured() {
        assert_eq!(Part::that_measure(|_| true), Part::ALL);
        assert_eq!(Part::that_measure(|target| target.id == "restart"), [Part::Keys]);
        assert_eq!(Part::that_measure(|target| target.id == "put-1-p50"), []);
    }
}
