//! `live run`: starts a node, sends S as fast as it is taken, then at half of that rate, stops and starts it again, and prints what was measured.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{fs, thread, time::Duration};

use anyhow::Result;

use crate::lines;
use crate::load::{self, Plan, Report};
use crate::material::Kind;
use crate::node::Node;
use crate::options::Options;
use crate::{proc, stream};

/// How long the node is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(3);

pub fn run(options: &Options) -> Result<()> {
    let kinds = stream::kinds(options)?;
    let dir: PathBuf = options.path("dir")?;
    let _ = fs::remove_dir_all(&dir);
    let node = Node::start(options, &dir)?;
    thread::sleep(IDLE);
    println!("start, nothing stored: ready after {:.2} s; idle: {} MiB resident", node.ready_after, node.memory_mib()?.0);
    let full = full(options, &node, &kinds)?;
    half(options, &node, &kinds, full / 2.0)?;
    one_connection(options, &node)?;
    disk(&node)?;
    println!("memory: {} MiB resident, {} MiB at its peak", node.memory_mib()?.0, node.memory_mib()?.1);
    let events = node.metric("cordon_events_total")?;
    println!("stop in order: {:.2} s", node.stop()?);
    let again = Node::start(options, &dir)?;
    println!("start with {events:.0} events stored: ready after {:.2} s", again.ready_after);
    again.catch_up()?;
    again.stop()?;
    Ok(())
}

/// As fast as it is taken; the rate at which it was received, judged and kept.
fn full(options: &Options, node: &Node, kinds: &[Kind]) -> Result<f64> {
    let plan = Plan {
        address: &node.http,
        token: Some(&node.token),
        connections: options.or("connections", 4)?,
        seconds: options.or("seconds", 30.0)?,
        rate: 0.0,
        seed: options.or("seed", 1)?,
    };
    println!("\nfull speed, {} connections", plan.connections);
    let measured = Measured::of(node, || load::send(kinds, &plan))?;
    measured.print();
    Ok(measured.rate())
}

fn half(options: &Options, node: &Node, kinds: &[Kind], rate: f64) -> Result<()> {
    let seconds: f64 = options.or("half-seconds", 20.0)?;
    if seconds <= 0.0 {
        return Ok(());
    }
    let rate = options.or("half-rate", rate)?;
    let plan = Plan { address: &node.http, token: Some(&node.token), connections: 2, seconds, rate, seed: 77 };
    println!("\nhalf speed: {rate:.0} events/s asked for");
    let watch = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/latency.py"))
        .arg(node.dir.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    Measured::of(node, || load::send(kinds, &plan))?.print();
    // its standard input closes here, and with that it ends
    print!("{}", String::from_utf8_lossy(&watch.wait_with_output()?.stdout));
    Ok(())
}

/// MLLP on one connection, and syslog over TCP on one connection.
fn one_connection(options: &Options, node: &Node) -> Result<()> {
    println!();
    lines::mllp(options, &node.mllp)?;
    node.catch_up()?;
    let lines: u64 = options.or("syslog-events", 500_000)?;
    let before = (node.cpu()?, node.metric("cordon_events_total")?, Instant::now());
    lines::syslog(options, &node.syslog, lines)?;
    node.catch_up()?;
    let (cpu, events) = (node.cpu()? - before.0, node.metric("cordon_events_total")? - before.1);
    println!("syslog: {events:.0} of {lines} through detection after {:.1} s; node {cpu:.1} s of processor time, {:.0} events per processor second", before.2.elapsed().as_secs_f64(), events / cpu);
    Ok(())
}

fn disk(node: &Node) -> Result<()> {
    let events = node.metric("cordon_events_total")?;
    println!("\non disk, {events:.0} events:");
    for (name, bytes) in node.disk()? {
        println!("  {name:20} {bytes:>14} bytes, {:>7.1} an event", bytes as f64 / events);
    }
    for (name, value) in node.metrics()? {
        if ["cordon_wal_durable_offset", "cordon_table_bytes", "cordon_table_rows", "cordon_tables_hot_bytes"].contains(&name.as_str()) {
            println!("  {name} {value:.0}");
        }
    }
    Ok(())
}

/// What sending did to the node.
struct Measured {
    report: Report,
    /// Seconds from the first byte until everything was judged and kept.
    seconds: f64,
    behind: f64,
    node_cpu: f64,
    events: f64,
    findings: f64,
    /// Processor seconds of the whole machine that were busy, and all.
    busy: f64,
    all: f64,
}

impl Measured {
    fn of(node: &Node, send: impl FnOnce() -> Result<Report>) -> Result<Self> {
        let before = (node.cpu()?, node.metric("cordon_events_total")?, node.metric("cordon_findings_total")?);
        let (start, machine) = (Instant::now(), proc::machine_seconds()?);
        let report = send()?;
        let behind = node.catch_up()?;
        let after = proc::machine_seconds()?;
        Ok(Self {
            report,
            seconds: start.elapsed().as_secs_f64(),
            behind,
            node_cpu: node.cpu()? - before.0,
            events: node.metric("cordon_events_total")? - before.1,
            findings: node.metric("cordon_findings_total")? - before.2,
            busy: after.0 - machine.0,
            all: after.1 - machine.1,
        })
    }

    fn rate(&self) -> f64 {
        self.events / self.seconds
    }

    fn print(&self) {
        let Self { report, seconds, behind, node_cpu, events, findings, busy, all } = self;
        println!("{report}");
        println!("node: {events:.0} events through detection and queryable in {seconds:.1} s ({behind:.1} s after the last was sent): {:.0} events/s", self.rate());
        if *events as u64 != report.events {
            println!("node: *** {} events were acknowledged and {events:.0} counted ***", report.events);
        }
        println!("node: {node_cpu:.1} s of processor time, {:.2} s per million events; {findings:.0} findings", node_cpu * 1e6 / events);
        let others = busy - node_cpu - report.sender_cpu;
        println!("machine: {all:.0} processor seconds, {busy:.0} busy, {others:.1} of them not with node and sender");
        // what two cores would do for the node alone: its own time is all that limits it
        println!("two cores for the node alone, by its processor time: {:.0} events/s", 2.0 * events / node_cpu);
    }
}
