//! Receiving and keeping alone: syslog over TCP into a node's own log, sealed and synced before anything is let go, with nobody who reads it. Events for each second
//! of processor time. `benches/live/receive.sh` holds it against rsyslogd.
//!
//! `receive ADDRESS DIR EVENTS`
#![expect(clippy::print_stdout, reason = "a program for measurements")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use cordon_collect::live::{Limits, NotKept, Reception, SourceRegistry, Submission, intake, tcp};
use cordon_model::Time;
use cordon_store::disk::FileDisk;
use cordon_store::keys::{KeySource, Keys};
use cordon_store::wal::{Wal, WalOptions};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Deliveries that go into the log as one group at most: as many as a node takes.
const GROUP_MAX: usize = 512;
/// The kernel's ticks in a second.
const TICKS: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &str| arguments.next().ok_or_else(|| format!("{name} is missing"));
    let (address, dir, events) = (next("ADDRESS")?, next("DIR")?, next("EVENTS")?.parse::<u64>()?);
    let (intake, queue) = intake(64 << 20);
    let reception = Reception {
        intake,
        sources: Arc::new(SourceRegistry::new("main".into(), [])),
        clock: Arc::new(|| Time(jiff::Timestamp::now().as_microsecond())),
        limits: Limits::default(),
    };
    let log = log(Path::new(&dir))?;
    let listener = TcpListener::bind(&address).await?;
    println!("listening");
    let stop = CancellationToken::new();
    let served = tokio::spawn(tcp::serve(listener, None, reception, stop.clone()));
    let before = ticks()?;
    let (bytes, groups) = keep(queue, &log, events).await?;
    let seconds = f64::from(u32::try_from(ticks()? - before)?) / TICKS;
    let count = f64::from(u32::try_from(events)?);
    println!(
        "cordon: {events} events, {bytes} bytes in {groups} groups, all synced; {seconds:.2} s of processor time, {:.0} events per processor second",
        count / seconds
    );
    stop.cancel();
    served.await?;
    Ok(())
}

/// The log of a node on an empty folder.
fn log(dir: &Path) -> Result<Wal, Box<dyn Error>> {
    let disk = Arc::new(FileDisk);
    let keys = Keys::open(disk.clone(), dir, &KeySource::File(dir.join("master.key")))?;
    let (log, _) = Wal::open(disk, &dir.join("wal"), &keys, WalOptions::default())?;
    Ok(log)
}

/// Keeps deliveries until so many events are durable; the bytes of their lines and the groups they came in.
async fn keep(mut queue: mpsc::Receiver<Submission>, log: &Wal, events: u64) -> Result<(u64, u64), Box<dyn Error>> {
    let (mut kept, mut bytes, mut groups, mut group) = (0, 0, 0, Vec::new());
    while kept < events {
        queue.recv_many(&mut group, GROUP_MAX).await;
        let (deliveries, waiting): (Vec<_>, Vec<_>) = group.drain(..).map(Submission::split).unzip();
        for delivery in &deliveries {
            kept += u64::try_from(delivery.units.len())?;
            bytes += u64::try_from(delivery.bytes.len())?;
        }
        let appending = log.enqueue(deliveries).await?;
        let is_last = kept >= events;
        let told = tokio::spawn(async move {
            let result = appending.await.map(|_| ()).map_err(|_| NotKept::Unwritable);
            waiting.into_iter().for_each(|waiting| waiting.tell(result));
            result
        });
        if is_last {
            told.await?.map_err(|_| "the log cannot be written")?;
        }
        groups += 1;
    }
    Ok((bytes, groups))
}

/// Processor time of this process so far (proc(5), fields 14 and 15 of `stat`).
fn ticks() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<u64> = behind_name.split(' ').skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(fields.iter().sum())
}
