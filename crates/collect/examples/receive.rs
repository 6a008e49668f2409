//! Syslog over TCP received and kept in a file, synced before it is answered: events for each second of processor time. `benches/live/receive.sh` holds it against rsyslogd.
//!
//! `receive ADDRESS FILE EVENTS`
#![expect(clippy::print_stdout, reason = "a program for measurements")]

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use cordon_collect::live::{Limits, NotKept, Reception, SourceRegistry, Submission, intake, tcp};
use cordon_model::Time;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Deliveries that are synced together at most.
const TOGETHER_MAX: usize = 256;
/// The kernel's ticks in a second.
const TICKS: f64 = 100.0;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &str| arguments.next().ok_or_else(|| format!("{name} is missing"));
    let (address, path, events) = (next("ADDRESS")?, next("FILE")?, next("EVENTS")?.parse::<u64>()?);
    let (intake, queue) = intake(64 << 20);
    let reception = Reception {
        intake,
        sources: Arc::new(SourceRegistry::new("main".into(), [])),
        clock: Arc::new(|| Time(jiff::Timestamp::now().as_microsecond())),
        limits: Limits::default(),
    };
    let listener = TcpListener::bind(&address).await?;
    println!("listening");
    let stop = CancellationToken::new();
    let served = tokio::spawn(tcp::serve(listener, None, reception, stop.clone()));
    let before = ticks()?;
    let (bytes, syncs) = keep(queue, File::create(path)?, events).await?;
    let seconds = f64::from(u32::try_from(ticks()? - before)?) / TICKS;
    let count = f64::from(u32::try_from(events)?);
    println!(
        "cordon: {events} events, {bytes} bytes synced in {syncs} groups, {seconds:.2} s of processor time, {:.0} events per processor second",
        count / seconds
    );
    stop.cancel();
    served.await?;
    Ok(())
}

/// Keeps deliveries until so many events are durable; the bytes and how often they were synced.
async fn keep(mut queue: mpsc::Receiver<Submission>, file: File, events: u64) -> Result<(u64, u64), Box<dyn Error>> {
    let (mut kept, mut bytes, mut syncs) = (0, 0, 0);
    let file = Arc::new(file);
    while kept < events {
        let mut together = Vec::new();
        queue.recv_many(&mut together, TOGETHER_MAX).await;
        let to = Arc::clone(&file);
        let (together, written) = tokio::task::spawn_blocking(move || {
            let written = write(&together, &to);
            (together, written)
        })
        .await?;
        for submission in together {
            kept += u64::try_from(submission.delivery.units.len())?;
            bytes += u64::try_from(submission.delivery.bytes.len())?;
            submission.answer(if written.is_ok() { Ok(()) } else { Err(NotKept::Unwritable) });
        }
        written?;
        syncs += 1;
    }
    Ok((bytes, syncs))
}

fn write(together: &[Submission], mut file: &File) -> std::io::Result<()> {
    for submission in together {
        file.write_all(&submission.delivery.bytes)?;
    }
    file.sync_data()
}

/// Processor time of this process so far (proc(5), fields 14 and 15 of `stat`).
fn ticks() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit(") ").next().unwrap_or_default();
    let fields: Vec<u64> = behind_name.split(' ').skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(fields.iter().sum())
}
