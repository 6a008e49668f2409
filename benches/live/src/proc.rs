//! What the kernel knows of a process.

use std::fs;

use anyhow::{Context, Result};

/// Clock ticks a second in /proc (USER_HZ, 100 on every Linux architecture in use).
const TICKS: f64 = 100.0;

/// Processor seconds of a process so far, in user and kernel mode.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let behind_name = stat.rsplit_once(") ").context("/proc/PID/stat")?.1;
    let fields: Vec<&str> = behind_name.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).context("/proc/PID/stat");
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}

/// A figure of /proc/PID/status in KiB, for example `VmHWM`.
pub fn status_kib(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with(name)).with_context(|| name.to_owned())?;
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).with_context(|| line.to_owned())
}

/// Processor seconds of the whole machine: busy ones, and all.
pub fn machine_seconds() -> Result<(f64, f64)> {
    let stat = fs::read_to_string("/proc/stat")?;
    let first = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = first.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
    let all: f64 = ticks.iter().sum();
    let idle = ticks.get(3).unwrap_or(&0.0) + ticks.get(4).unwrap_or(&0.0);
    Ok(((all - idle) / TICKS, all / TICKS))
}
