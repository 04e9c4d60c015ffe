//! Feeds one target for as long as it is let. An input that fails is kept in `fuzz/found/TARGET/`, which the ordinary
//! test replays.

use std::env;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use kv_fuzz::{Random, TARGETS, Target, mutate};

const USAGE: &str = "usage: kv-fuzz TARGET [--seconds N] [--seed N]";

fn main() -> ExitCode {
    let Some((target, seconds, seed)) = parse(env::args().skip(1).collect()) else {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("{USAGE}\nThe targets are {}.", names.join(", "));
        return ExitCode::from(2);
    };
    feed(target, Duration::from_secs(seconds), seed)
}

fn parse(arguments: Vec<String>) -> Option<(&'static Target, u64, u64)> {
    let mut arguments = arguments.into_iter();
    let name = arguments.next()?;
    let target = TARGETS.iter().find(|target| target.name == name)?;
    let (mut seconds, mut seed) = (60, 1);
    while let Some(option) = arguments.next() {
        let value = arguments.next()?.parse().ok()?;
        match option.as_str() {
            "--seconds" => seconds = value,
            "--seed" => seed = value,
            _ => return None,
        }
    }
    Some((target, seconds, seed))
}

fn feed(target: &Target, limit: Duration, seed: u64) -> ExitCode {
    let (seeds, mut random) = ((target.seeds)(), Random::new(seed));
    let (begin, mut tried) = (Instant::now(), 0_u64);
    while begin.elapsed() < limit {
        let (one, other) = (random.below(seeds.len()), random.below(seeds.len()));
        let input = mutate(&mut random, &seeds[one], &seeds[other]);
        if catch_unwind(|| (target.run)(&input)).is_err() {
            let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(target.name);
            let path = directory.join(format!("{seed}-{tried}"));
            fs::create_dir_all(&directory).and_then(|()| fs::write(&path, &input)).expect("keep the input");
            eprintln!("input {tried} of seed {seed} fails; it is kept in {}", path.display());
            return ExitCode::FAILURE;
        }
        tried += 1;
    }
    println!("{}: {tried} inputs in {} s, none fails", target.name, begin.elapsed().as_secs());
    ExitCode::SUCCESS
}
