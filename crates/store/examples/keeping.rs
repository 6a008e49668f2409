//! How fast the log and the evidence keep: `cargo run --release -p cordon-store --example keeping -- DIR [MIB]`. DIR should lie on the disk that is meant; what is
//! written there is removed at the end. One line for each row of `docs/measurements/keeping.md`.
#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cordon_model::{Delivery, Span, Time};
use cordon_store::disk::{Disk, FileDisk};
use cordon_store::evidence::{Evidence, EvidenceOptions};
use cordon_store::keys::{KeySource, Keys};
use cordon_store::wal::{Appending, Wal, WalOptions};

/// Deliveries that may be on their way at once: what many connections together would have.
const IN_FLIGHT: usize = 256;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().ok_or("give a folder on the disk to measure")?;
    let bytes = arguments.next().map_or(Ok(256), |text| text.parse::<usize>())? << 20;
    let dir = Path::new(&dir).join("keeping");
    std::fs::create_dir_all(&dir)?;
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let keys = Arc::new(Keys::open(Arc::clone(&disk), &dir, &KeySource::File(dir.join("key")))?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
    println!("what | deliveries/s | MB/s | commits/s | last fsync");
    for (name, lines, in_flight, share) in [
        ("one line, one sender that waits", 1, 1, 4_096),
        ("one line, 256 on the way", 1, IN_FLIGHT, 64),
        ("100 lines, 16 on the way", 100, 16, 1),
        ("1,000 lines, 16 on the way", 1_000, 16, 1),
    ] {
        let wal =
            Wal::open(Arc::clone(&disk), &dir.join(format!("wal-{lines}-{in_flight}")), &keys, WalOptions::default())?
                .0;
        runtime.block_on(append(&wal, name, lines, in_flight, bytes / share))?;
        if lines == 1_000 {
            read(&wal)?;
            evidence(&wal, &disk, &dir, &keys)?;
        }
    }
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// Seconds that this thread has had a core: on a busy machine the figure that counts.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(f64::NAN) / 1e9
}

/// A delivery of so many syslog lines that differ in their numbers.
fn delivery(number: usize, lines: usize) -> Delivery {
    let (mut bytes, mut units) = (Vec::new(), Vec::new());
    for line in number * lines..(number + 1) * lines {
        let start = bytes.len();
        let hash = (line as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let text = format!(
            "<86>Nov 22 07:{:02}:{:02} ehr{:02} sshd[{}]: Accepted publickey for user{} from 10.{}.{}.{} port {} ssh2: \
             ED25519 SHA256:{hash:016x}{:016x}",
            line / 60 % 60,
            line % 60,
            hash % 20,
            hash % 30_000,
            hash % 500,
            hash % 4,
            hash >> 8 & 255,
            hash >> 16 & 255,
            hash % 60_000,
            hash.rotate_left(17).wrapping_mul(31)
        );
        bytes.extend_from_slice(text.as_bytes());
        units.push(Span { start, end: bytes.len() });
        bytes.push(b'\n');
    }
    let received = Time(1_795_330_000_000_000 + number as i64);
    let (source, site) = ("syslog/10.0.0.5".into(), "main".into());
    Delivery { source, site, received, format: "syslog".into(), header: Vec::new(), bytes, units }
}

async fn append(wal: &Wal, name: &str, lines: usize, in_flight: usize, bytes: usize) -> Outcome<()> {
    let deliveries: Vec<_> = (0..bytes / (lines * 140)).map(|number| delivery(number, lines)).collect();
    let (count, payload): (usize, usize) = (deliveries.len(), deliveries.iter().map(|one| one.bytes.len()).sum());
    let begun = Instant::now();
    let mut waiting: std::collections::VecDeque<Appending> = std::collections::VecDeque::new();
    for one in deliveries {
        if waiting.len() == in_flight
            && let Some(first) = waiting.pop_front()
        {
            first.await?;
        }
        waiting.push_back(wal.enqueue(vec![one]).await?);
    }
    for answer in waiting {
        answer.await?;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let metrics = wal.metrics();
    println!(
        "{name} | {:.0} | {:.1} | {:.0} | {:.2} ms",
        count as f64 / seconds,
        payload as f64 / seconds / 1e6,
        metrics.fsyncs as f64 / seconds,
        metrics.fsync_last.as_secs_f64() * 1e3
    );
    Ok(())
}

fn read(wal: &Wal) -> Outcome<()> {
    let begun = cpu_seconds();
    let report = wal.verify()?;
    println!("reading the log back | {:.1} MB per CPU second", report.bytes as f64 / (cpu_seconds() - begun) / 1e6);
    Ok(())
}

fn evidence(wal: &Wal, disk: &Arc<dyn Disk>, dir: &Path, keys: &Arc<Keys>) -> Outcome<()> {
    let options = EvidenceOptions::default();
    let evidence = Evidence::open(Arc::clone(disk), &dir.join("evidence"), Arc::clone(keys), options)?;
    let mut reader = wal.reader(0);
    let (mut payload, mut block, mut append) = (0, 0.0, 0.0);
    loop {
        let entries = reader.read(4 << 20)?;
        if entries.is_empty() {
            break;
        }
        payload += entries.iter().map(|entry| entry.delivery.bytes.len()).sum::<usize>();
        let begun = cpu_seconds();
        let blocks = evidence.block(&entries)?;
        let made = cpu_seconds();
        evidence.append(reader.position(), blocks)?;
        (block, append) = (block + made - begun, append + cpu_seconds() - made);
    }
    evidence.flush()?;
    let ratio = payload as f64 / evidence.bytes()? as f64;
    let rate = |seconds: f64| payload as f64 / seconds / 1e6;
    println!("blocks of evidence | {:.1} MB per CPU second | {ratio:.1} times smaller", rate(block));
    println!("appending them | {:.1} MB per CPU second", rate(append));
    let begun = cpu_seconds();
    let report = evidence.verify()?;
    let rate = rate(cpu_seconds() - begun);
    println!("verifying | {rate:.1} MB per CPU second | {} records, {} faults", report.records, report.faults_total);
    Ok(())
}
