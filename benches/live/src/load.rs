//! Load over HTTP: several connections, each with its own part of the stream, each body sent when the one before was acknowledged.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::client::Client;
use crate::material::Kind;
use crate::options::Options;
use crate::proc;
use crate::stream::{self, BODY_BYTES, Stream};

/// Tries of one body before it counts as lost.
const TRIES_MAX: u32 = 100;

#[derive(Clone, Copy, Default)]
pub struct Report {
    pub seconds: f64,
    pub events: u64,
    pub bytes: u64,
    /// Answers other than 2xx.
    pub refused: u64,
    /// Processor seconds of the sender.
    pub sender_cpu: f64,
    /// Slowest answer and mean answer, seconds.
    pub answer_max: f64,
    pub answer_mean: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.events as f64 / self.seconds;
        writeln!(f, "sent: {} events in {:.1} s, {rate:.0} events/s, {:.1} MB/s, mean {} B", self.events, self.seconds, self.bytes as f64 / self.seconds / 1e6, self.bytes / self.events.max(1))?;
        writeln!(f, "answers: mean {:.1} ms, slowest {:.0} ms, {} refused", self.answer_mean * 1e3, self.answer_max * 1e3, self.refused)?;
        write!(f, "sender: {:.2} s of processor time, {:.2} s per million events", self.sender_cpu, self.sender_cpu * 1e6 / self.events.max(1) as f64)
    }
}

/// `live http`.
pub fn http(options: &Options) -> Result<Report> {
    let kinds = stream::kinds(options)?;
    let address = options.text("to").context("--to is missing")?;
    let plan = Plan {
        address,
        token: options.text("token"),
        connections: options.or("connections", 4)?,
        seconds: options.or("seconds", 10.0)?,
        rate: options.or("rate", 0.0)?,
        seed: options.or("seed", 1)?,
    };
    send(&kinds, &plan)
}

pub struct Plan<'a> {
    pub address: &'a str,
    pub token: Option<&'a str>,
    pub connections: u64,
    pub seconds: f64,
    /// Events a second over all connections; 0 for as fast as they are taken.
    pub rate: f64,
    pub seed: u64,
}

/// Sends for the time asked.
pub fn send(kinds: &[Kind], plan: &Plan<'_>) -> Result<Report> {
    let (start, cpu) = (Instant::now(), proc::cpu_seconds(std::process::id())?);
    let reports: Vec<Report> = thread::scope(|scope| {
        let senders: Vec<_> =
            (0..plan.connections).map(|number| scope.spawn(move || connection(kinds, plan, number, start))).collect();
        senders.into_iter().map(|sender| sender.join().map_err(|_| anyhow::anyhow!("a sender panicked"))?).collect::<Result<_>>()
    })?;
    let mut all = Report { seconds: start.elapsed().as_secs_f64(), ..Report::default() };
    all.sender_cpu = proc::cpu_seconds(std::process::id())? - cpu;
    for report in &reports {
        all.events += report.events;
        all.bytes += report.bytes;
        all.refused += report.refused;
        all.answer_max = all.answer_max.max(report.answer_max);
        all.answer_mean += report.answer_mean / reports.len() as f64;
    }
    Ok(all)
}

fn connection(kinds: &[Kind], plan: &Plan<'_>, number: u64, start: Instant) -> Result<Report> {
    let mut stream = Stream::new(kinds, plan.seed * 1_000 + number);
    let mut client = Client::new(plan.address, plan.token)?;
    // at a low rate smaller bodies, so that the pace is even
    let rate = plan.rate / plan.connections as f64;
    let body_bytes = if plan.rate > 0.0 { BODY_BYTES / 8 } else { BODY_BYTES };
    let (mut report, mut body, mut bodies, mut waited) = (Report::default(), Vec::new(), 0_u32, 0.0);
    while start.elapsed().as_secs_f64() < plan.seconds {
        let made = stream.next(body_bytes, &mut body);
        let path = format!("/intake/v1/raw?format={}", made.kind.format);
        let asked = Instant::now();
        for _ in 0..TRIES_MAX {
            let (status, text) = client.ask("POST", &path, "application/octet-stream", &body)?;
            if (200..300).contains(&status) {
                report.events += made.events;
                report.bytes += (body.len() - made.kind.header.len()) as u64 - made.events;
                break;
            }
            if report.refused == 0 {
                eprintln!("{} {path}: {status} {text}", made.kind.name);
            }
            report.refused += 1;
            thread::sleep(Duration::from_millis(50));
        }
        let took = asked.elapsed().as_secs_f64();
        bodies += 1;
        waited += took;
        report.answer_max = report.answer_max.max(took);
        if plan.rate > 0.0 {
            let due = report.events as f64 / rate;
            thread::sleep(Duration::from_secs_f64((due - start.elapsed().as_secs_f64()).clamp(0.0, 1.0)));
        }
    }
    report.answer_mean = waited / f64::from(bodies.max(1));
    Ok(report)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use crate::template::Template;

    /// A stand-in for a node: refuses the first body, takes the others, and counts their lines.
    fn stand_in(listener: TcpListener) -> u64 {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut bytes, mut lines, mut asked) = (Vec::new(), 0, 0);
        loop {
            let mut piece = [0; 64 << 10];
            let read = stream.read(&mut piece).unwrap();
            if read == 0 {
                return lines;
            }
            bytes.extend_from_slice(&piece[..read]);
            let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
            assert!(text.starts_with("POST /intake/v1/raw?format=json HTTP/1.1\r\n"), "{text}");
            let length: usize = text.rsplit_once("Content-Length: ").unwrap().1.parse().unwrap();
            if bytes.len() < head + 4 + length {
                continue;
            }
            let body: Vec<u8> = bytes.drain(..head + 4 + length).skip(head + 4).collect();
            asked += 1;
            if asked == 1 {
                stream.write_all(b"HTTP/1.1 429 Too Many\r\nContent-Length: 2\r\n\r\nno").unwrap();
                continue;
            }
            lines += body.iter().filter(|byte| **byte == b'\n').count() as u64;
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n").unwrap();
        }
    }

    #[test]
    fn what_is_reported_as_sent_is_what_was_acknowledged() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let node = thread::spawn(|| stand_in(listener));
        let templates = vec![Template::new(br#"{"ts":1773619493.483133,"p":1}"#)];
        let kinds = [Kind { name: "k", format: "json", share: 1_000, header: Vec::new(), templates, rare: Vec::new() }];
        let plan = Plan { address: &address, token: None, connections: 1, seconds: 0.2, rate: 0.0, seed: 1 };
        let report = send(&kinds, &plan).unwrap();
        assert_eq!((report.events, report.refused), (node.join().unwrap(), 1));
        assert_eq!(report.bytes, report.events * 30);
    }
}
