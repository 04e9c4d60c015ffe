//! Numbers about this process, under the names that every program with Prometheus' library has.

use std::fs;

use rustix::process::{Resource, getrlimit};

use crate::page::Page;

/// The clock ticks of `/proc/self/stat`: fixed at 100 a second for user space on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Writes them; a figure that the kernel does not give is left out.
pub(crate) fn write(page: &mut Page) {
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        page.gauge("os_fd_limit", "How many files may be open.", limit);
        page.gauge("process_max_fds", "How many files may be open.", limit);
    }
    // As in Prometheus' own libraries, -1 stands for no limit.
    let space = getrlimit(Resource::As).current.map_or(-1.0, |limit| limit as f64);
    page.gauge("process_virtual_memory_max_bytes", "Address space there may be.", space);
    for (name, help, bytes) in [
        ("process_network_receive_bytes_total", "Bytes received by this network namespace.", "InOctets"),
        ("process_network_transmit_bytes_total", "Bytes sent by this network namespace.", "OutOctets"),
    ] {
        if let Some(bytes) = network_bytes(bytes) {
            page.counter(name, help, bytes);
        }
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // Listing them opens one.
        let open = files.count().saturating_sub(1);
        page.gauge("os_fd_used", "How many files are open.", open);
        page.gauge("process_open_fds", "How many files are open.", open);
    }
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else { return };
    // The name, in parentheses, may hold anything; the numbers come after it, the state being the first of them.
    let Some((_, numbers)) = stat.rsplit_once(") ") else { return };
    let numbers: Vec<f64> = numbers.split_ascii_whitespace().map(|number| number.parse().unwrap_or_default()).collect();
    let field = |number: usize| numbers.get(number - 3).copied().unwrap_or_default();
    let cpu = (field(14) + field(15)) / TICKS_PER_SECOND;
    page.family("process_cpu_seconds_total", "counter", "Time on processors.");
    page.sample("process_cpu_seconds_total", &[], cpu);
    page.gauge("process_virtual_memory_bytes", "Address space.", field(23));
    if let Some(resident) = resident_bytes() {
        page.gauge("process_resident_memory_bytes", "Memory in use.", resident);
    }
    if let Some(booted) = boot_time() {
        let started = booted + field(22) / TICKS_PER_SECOND;
        page.gauge("process_start_time_seconds", "When the process began, since 1970.", started);
    }
}

fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    Some(kibibytes.parse::<u64>().ok()? * 1024)
}

fn boot_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// Reads a figure of the row pair `IpExt` of `/proc/self/net/netstat`: names, then numbers.
fn network_bytes(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/net/netstat").ok()?;
    let mut rows = text.lines().filter(|line| line.starts_with("IpExt: ")).map(str::split_ascii_whitespace);
    let (names, numbers) = (rows.next()?, rows.next()?);
    names.zip(numbers).find(|(found, _)| *found == name)?.1.parse().ok()
}
