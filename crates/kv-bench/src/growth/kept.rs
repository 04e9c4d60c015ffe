//! What was measured of each size, kept in a file where a long measurement is made in pieces.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::report::{Figures, Point};
use super::shape::Shape;
use crate::BenchError;

/// The sizes measured so far.
#[derive(Debug, Default)]
pub(super) struct Kept {
    measured: Vec<Measured>,
    file: Option<(PathBuf, File)>,
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    server: String,
    point: Point,
}

impl Kept {
    /// Reads what the file has, which need not exist.
    pub(super) fn open(path: &Path) -> Result<Kept, BenchError> {
        let io_error = || BenchError::io(format!("read {}", path.display()));
        let file = File::options().create(true).read(true).append(true).open(path);
        let mut file = file.map_err(io_error())?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io_error())?;
        let measured = text.lines().enumerate().map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| {
                BenchError::Arguments(format!("line {} of {} has no figures: {error}", number + 1, path.display()))
            })
        });
        Ok(Kept { measured: measured.collect::<Result<_, _>>()?, file: Some((path.to_owned(), file)) })
    }

    /// Returns what was measured of a size, else has it measured and keeps it.
    pub(super) fn point(
        &mut self,
        server: &str,
        shape: Shape,
        measure: impl FnOnce() -> Result<Figures, BenchError>,
    ) -> Result<Point, BenchError> {
        let Shape { keys, versions } = shape;
        let is_it =
            |kept: &&Measured| (&*kept.server, kept.point.keys, kept.point.versions) == (server, keys, versions);
        if let Some(kept) = self.measured.iter().find(is_it) {
            return Ok(kept.point.clone());
        }
        let measured = Measured { server: server.to_owned(), point: Point { keys, versions, figures: measure()? } };
        if let Some((path, file)) = &mut self.file {
            let line = format!("{}\n", serde_json::to_string(&measured)?);
            file.write_all(line.as_bytes()).map_err(BenchError::io(format!("write {}", path.display())))?;
        }
        let point = measured.point.clone();
        self.measured.push(measured);
        Ok(point)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::report::Figure;
    use super::*;

    const SHAPE: Shape = Shape { keys: 1000, versions: 10 };

    #[test]
    fn a_size_is_measured_once_also_by_the_next_run() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("figures");
        let figures = Figures::from([(Figure::Get, 1.5), (Figure::Page, 20.0)]);
        let mut kept = Kept::open(&path).expect("the file is made");
        kept.point("ours", SHAPE, || Ok(figures.clone())).expect("it is measured");
        for mut kept in [kept, Kept::open(&path).expect("it is read")] {
            let point = kept.point("ours", SHAPE, || unreachable!("it was measured")).expect("it is kept");
            assert_eq!((point.keys, point.versions, &point.figures), (1000, 10, &figures));
            let failing = || Err(BenchError::Interrupted);
            kept.point("other", SHAPE, failing).expect_err("it is of another server");
            kept.point("ours", Shape { versions: 11, ..SHAPE }, failing).expect_err("it is another size");
        }
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("figures");
        fs::write(&path, "{}\n").expect("there is room");
        let error = Kept::open(&path).expect_err("it has no figures").to_string();
        assert!(error.starts_with("line 1 of ") && error.contains("missing field"), "{error}");
    }
}
