//! Disks that fail for a while: what was acknowledged stays, what is refused is said, and the node goes on by itself once it can.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_node::live::{EventClock, Node};
use cordon_store::disk::FileDisk;
use cordon_testkit::disk::Fault;

use super::ledger::Ledger;
use super::look::look;
use super::parts::{Street, batch};
use super::power::{clock, decide, disk, send};
use super::process::{Process, post};

/// How long a fault lasts: longer than every retry.
const FAULT: Duration = Duration::from_millis(1_500);
/// Within this time the node is to go on by itself.
const GOES_ON_MAX: Duration = Duration::from_secs(30);

/// Sends for a while, whatever the answers; how many batches were refused.
async fn send_for(node: &Node, clock: EventClock, time: Duration, name: &str, ledger: &mut Ledger) -> usize {
    let (until, mut refused, mut number) = (Instant::now() + time, 0, 0);
    while Instant::now() < until {
        refused += usize::from(!send(node, clock, "a", format!("{name}{number}"), ledger).await);
        number += 1;
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    refused
}

/// The node takes a batch again, without a restart.
async fn goes_on(node: &Node, clock: EventClock, name: &str, ledger: &mut Ledger) {
    let (until, mut number) = (Instant::now() + GOES_ON_MAX, 0);
    while !send(node, clock, "a", format!("{name}{number}"), ledger).await {
        assert!(Instant::now() < until, "the node did not go on by itself");
        number += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A fault comes and goes twice under load, the second time over a restart of the node.
async fn check(fault: Fault, seed: u64) {
    let home = tempfile::tempdir().unwrap();
    let disk = disk(seed, home.path());
    let (clock, moved) = clock();
    let street = Street { clock, ..Street::hasty(home.path()) };
    let mut ledger = Ledger::default();
    let node = street.start(Arc::new(disk.plugged())).await.unwrap();
    assert_eq!(send_for(&node, clock, FAULT, "before", &mut ledger).await, 0);
    disk.fail(Some(fault));
    let refused = send_for(&node, clock, FAULT, "during", &mut ledger).await;
    assert!(refused > 0, "{fault:?} was not noticed");
    disk.fail(None);
    goes_on(&node, clock, "again", &mut ledger).await;
    assert_eq!(send_for(&node, clock, FAULT, "after", &mut ledger).await, 0);
    disk.fail(Some(fault));
    send_for(&node, clock, FAULT / 3, "last", &mut ledger).await;
    node.stop().await;
    disk.fail(None);
    let node = street.start(Arc::new(disk.plugged())).await.unwrap();
    goes_on(&node, clock, "end", &mut ledger).await;
    decide(&node, moved, &ledger).await;
    node.stop().await;
    let wrong = look(Arc::new(disk.plugged()), home.path(), &ledger).await;
    assert_eq!(wrong, Ok(Vec::new()), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_the_node_goes_on_once_there_is_room() {
    check(Fault::Full, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_disk_refuses_and_the_node_goes_on_once_it_can_be_written() {
    check(Fault::ReadOnly, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_file_handles_for_the_store_the_node_refuses_and_goes_on_once_there_are_some() {
    check(Fault::TooManyFiles, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_whose_syncs_fail_refuses_and_the_node_goes_on_once_they_work() {
    check(Fault::SyncFails, 4).await;
}

/// Sends over HTTP until one is answered so, or the time is over; whether one was.
fn post_until(
    address: std::net::SocketAddr,
    name: &str,
    at_most: Duration,
    ledger: &mut Ledger,
    is_enough: impl Fn(Option<u16>) -> bool,
) -> bool {
    let until = Instant::now() + at_most;
    for number in 0.. {
        let host = format!("{name}{number}");
        let (lines, markers) = batch(&host, EventClock::system().now());
        let status = post(address, "a", &lines, Duration::from_secs(15)).ok();
        if !matches!(status, Some(401 | 403)) {
            ledger.add(host, markers, status == Some(200));
        }
        if is_enough(status) {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// A file system in memory, for as long as this lives.
struct Mounted<'p>(&'p Path);

impl<'p> Mounted<'p> {
    fn new(path: &'p Path, bytes: &str) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "cordon-test"])
            .arg(path)
            .output();
        mount.ok()?.status.success().then_some(Self(path))
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ended = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// Fills what is left of a file system.
fn fill(path: &Path) {
    use std::io::Write as _;
    let mut ballast = std::fs::File::create(path).unwrap();
    for piece in [1 << 20, 64 << 10, 4 << 10] {
        while ballast.write_all(&vec![7; piece]).is_ok() {}
    }
}

/// Everything of the node lies there, its state too.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_is_full_refuses_and_the_node_goes_on_once_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    let Some(_mounted) = Mounted::new(home.path(), "48m") else {
        println!("SKIPPED: a file system in memory cannot be mounted by this user; the simulated full disk is tested");
        return;
    };
    let folder = home.path().join("data");
    let mut ledger = Ledger::default();
    let node = Process::start(&folder, None);
    let address = node.address().unwrap();
    assert!(post_until(address, "before", GOES_ON_MAX, &mut ledger, |status| status == Some(200)));
    let ballast = home.path().join("ballast");
    fill(&ballast);
    assert!(post_until(address, "full", GOES_ON_MAX, &mut ledger, |status| status == Some(503)), "it was never full");
    post_until(address, "still", Duration::from_secs(4), &mut ledger, |_| false);
    std::fs::remove_file(&ballast).unwrap();
    assert!(post_until(address, "again", GOES_ON_MAX, &mut ledger, |status| status == Some(200)), "it did not go on");
    post_until(address, "after", Duration::from_secs(2), &mut ledger, |_| false);
    // windows of correlations close behind the last event
    std::thread::sleep(Duration::from_secs(14));
    assert!(node.stop(Duration::from_secs(60)), "the node did not stop in order");
    let wrong = look(Arc::new(FileDisk), &folder, &ledger).await;
    assert_eq!(wrong, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_file_handles_goes_on_once_it_has_some() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("data");
    let mut ledger = Ledger::default();
    let node = Process::start_with_handles(&folder, 110);
    let address = node.address().unwrap();
    assert!(post_until(address, "before", GOES_ON_MAX, &mut ledger, |status| status == Some(200)));
    let idle: Vec<TcpStream> = (0..160).map_while(|_| TcpStream::connect(address).ok()).collect();
    assert_eq!(idle.len(), 160);
    let mut unanswered = 0;
    for number in 0..3 {
        let host = format!("without{number}");
        let (lines, markers) = batch(&host, EventClock::system().now());
        let status = post(address, "a", &lines, Duration::from_secs(2));
        unanswered += usize::from(status.is_err());
        ledger.add(host, markers, matches!(status, Ok(200)));
    }
    assert!(unanswered > 0, "the process had handles enough");
    drop(idle);
    assert!(post_until(address, "again", GOES_ON_MAX, &mut ledger, |status| status == Some(200)), "it did not go on");
    post_until(address, "after", Duration::from_secs(2), &mut ledger, |_| false);
    std::thread::sleep(Duration::from_secs(14));
    assert!(node.stop(Duration::from_secs(60)), "the node did not stop in order");
    let wrong = look(Arc::new(FileDisk), &folder, &ledger).await;
    assert_eq!(wrong, Ok(Vec::new()));
}
