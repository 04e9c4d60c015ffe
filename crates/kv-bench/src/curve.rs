//! Latency against load: each server is asked at rising rates until it can no more.
//!
//! The loop is open: requests come at even times whether or not the last ones were answered, as those of many independent
//! clients do, and each counts from when it was due.

use std::time::Duration;

use serde::Serialize;

use crate::BenchError;
use crate::driver::{Distribution, KeySpace, Load, Operation, Session, Until, WARM_UP};
use crate::plot::{Axis, Plot, PlotLine, Scale, svg};
use crate::process::Process;

/// Requests under way at once, at most.
const CLIENTS: usize = 64;
/// Parts of what a server answers when its clients ask as fast as they can.
const STEPS: [f64; 12] = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// A rate is sustained if at least this part of what was due was answered in time.
const SUSTAINED: f64 = 0.98;

/// What is asked for, and what the plot calls it.
const OPERATIONS: [(Operation, &str); 2] =
    [(Operation::Put, "put"), (Operation::Get { serializable: false }, "linearizable get")];

/// One server under one kind of request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Curve {
    operation: &'static str,
    server: String,
    /// In the order of their rates; those that were not sustained are left out.
    points: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Point {
    operations_per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

/// Asks one server for everything at every rate.
pub(crate) async fn measure(server: &Process, keys: &KeySpace, length: Duration) -> Result<Vec<Curve>, BenchError> {
    let mut curves = Vec::new();
    for (operation, name) in OPERATIONS {
        eprintln!("{}: {name} at rising rates", server.name());
        let most = drive(server, keys, operation, None, length).await?.point.operations_per_second;
        let mut points = Vec::new();
        for step in STEPS {
            let driven = drive(server, keys, operation, Some(most * step), length).await?;
            if !driven.sustained {
                break;
            }
            points.push(driven.point);
        }
        curves.push(Curve { operation: name, server: server.name().to_owned(), points });
    }
    Ok(curves)
}

struct Driven {
    point: Point,
    sustained: bool,
}

async fn drive(
    server: &Process,
    keys: &KeySpace,
    operation: Operation,
    rate: Option<f64>,
    length: Duration,
) -> Result<Driven, BenchError> {
    let load = Load {
        operation,
        clients: CLIENTS,
        connections: CLIENTS,
        keys: keys.clone(),
        distribution: Distribution::Uniform,
        rate,
        idle_watchers: 0,
        seed: 1,
    };
    let mut session = Session::open(server.name(), &[server.url()], load).await?;
    session.drive(Until::Elapsed(length.mul_f64(WARM_UP))).await?;
    let recorded = session.drive(Until::Elapsed(length)).await?;
    let latencies = recorded.all();
    let (answered, seconds) = (latencies.len() as f64, recorded.elapsed.as_secs_f64());
    let microseconds = |quantile| latencies.value_at_quantile(quantile) as f64 / 1000.0;
    Ok(Driven {
        point: Point {
            operations_per_second: answered / seconds,
            p50_us: microseconds(0.5),
            p99_us: microseconds(0.99),
        },
        sustained: answered >= SUSTAINED * (answered + recorded.overdue as f64),
    })
}

/// Draws one coordinate system for each kind of request.
pub(crate) fn draw(curves: &[Curve]) -> String {
    let plots: Vec<Plot> = OPERATIONS
        .iter()
        .map(|(_, operation)| {
            let shown = curves.iter().filter(|curve| curve.operation == *operation).enumerate();
            let lines = shown.flat_map(|(colour, curve)| {
                let line = |percentile: &str, dashed, latency: fn(&Point) -> f64| PlotLine {
                    name: format!("{}, {percentile}", curve.server),
                    colour,
                    dashed,
                    points: curve.points.iter().map(|point| (point.operations_per_second, latency(point))).collect(),
                };
                [line("p50", false, |point| point.p50_us), line("p99", true, |point| point.p99_us)]
            });
            Plot {
                title: format!("{operation}: latency against load"),
                x: Axis { label: "operations per second".to_owned(), scale: Scale::Linear },
                y: Axis { label: "µs from when it was due".to_owned(), scale: Scale::Logarithmic },
                lines: lines.collect(),
            }
        })
        .collect();
    svg(&plots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_has_two_lines_of_one_colour() {
        let curve = |operation, server: &str| Curve {
            operation,
            server: server.to_owned(),
            points: vec![Point { operations_per_second: 1000.0, p50_us: 100.0, p99_us: 900.0 }],
        };
        let text = draw(&[curve("put", "etcd"), curve("put", "ours"), curve("linearizable get", "ours")]);
        for part in
            [">put: latency against load<", ">linearizable get: latency against load<", ">etcd, p50<", ">ours, p99<"]
        {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        // Two points of two colours above, and one server's two of the first colour below.
        assert_eq!(
            (text.matches("<circle class=\"c0\"").count(), text.matches("<circle class=\"c1\"").count()),
            (4, 2)
        );
    }
}
