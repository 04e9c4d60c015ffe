//! Every target holds for its seeds, for what was found before, and for some thousands of changed seeds.

use std::fs;
use std::path::Path;

use kv_fuzz::{Random, TARGETS, mutate};

#[test]
fn seeds_are_read() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for seed in &seeds {
            (target.run)(seed);
        }
    }
}

#[test]
fn what_was_found_stays_mended() {
    for target in TARGETS {
        let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(target.name);
        // A target that nothing was found in has no directory.
        for entry in fs::read_dir(found).into_iter().flatten() {
            (target.run)(&fs::read(entry.expect("an entry").path()).expect("read an input"));
        }
    }
}

#[test]
fn bytes_that_nobody_wrote_do_no_harm() {
    for target in TARGETS {
        let (seeds, mut random) = ((target.seeds)(), Random::new(1));
        for number in 0..target.replayed {
            let (one, other) = (random.below(seeds.len()), random.below(seeds.len()));
            let input = mutate(&mut random, &seeds[one], &seeds[other]);
            // Shown only when the body panics.
            println!("{}: input {number}, {} bytes", target.name, input.len());
            (target.run)(&input);
        }
    }
}
