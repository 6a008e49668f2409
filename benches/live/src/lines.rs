//! MLLP on one connection, and syslog over TCP.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::fresh::Fresh;
use crate::options::Options;
use crate::proc;
use crate::stream;
use crate::template::Template;

/// `live mllp`.
pub fn mllp_command(options: &Options) -> Result<()> {
    mllp(options, options.text("to").context("--to is missing")?)
}

/// `live syslog`.
pub fn syslog_command(options: &Options) -> Result<()> {
    syslog(options, options.text("to").context("--to is missing")?, options.or("events", 1_000_000)?)
}

/// HL7 messages on one connection: each message is sent when the one before was acknowledged.
pub fn mllp(options: &Options, address: &str) -> Result<()> {
    let bytes = fs::read(options.path("lakeside")?.join("hl7/IE01-interfaces.mllp"))?;
    let messages = bytes.split(|byte| *byte == 0x0B).filter_map(|block| block.strip_suffix(b"\x1C\r"));
    let messages: Vec<Template> = messages.filter(|message| message.starts_with(b"MSH")).take(20_000).map(Template::new).collect();
    ensure!(!messages.is_empty(), "no message in hl7/IE01-interfaces.mllp");
    let seconds: f64 = options.or("mllp-seconds", 10.0)?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let (mut fresh, mut block, mut answer) = (Fresh::new(options.or("seed", 1)?), Vec::new(), [0; 16 << 10]);
    let (start, mut waits, mut refused) = (Instant::now(), Vec::new(), 0);
    let cpu = proc::cpu_seconds(std::process::id())?;
    while start.elapsed().as_secs_f64() < seconds {
        fresh.now();
        block.clear();
        block.push(0x0B);
        let message = fresh.random.below(messages.len());
        messages[message].write(&mut fresh, &mut block);
        block.extend_from_slice(b"\x1C\r");
        let asked = Instant::now();
        stream.write_all(&block)?;
        let mut got = 0;
        while !answer[..got].ends_with(b"\x1C\r") {
            let read = stream.read(&mut answer[got..])?;
            ensure!(read > 0, "the node closed the connection");
            got += read;
        }
        let accepted = [&b"MSA|AA"[..], b"MSA|CA"].iter().any(|code| answer[..got].windows(6).any(|six| six == *code));
        refused += u64::from(!accepted);
        waits.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    let (took, cpu) = (start.elapsed().as_secs_f64(), proc::cpu_seconds(std::process::id())? - cpu);
    waits.sort_by(f64::total_cmp);
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!("mllp: {} messages in {took:.1} s on one connection, {:.0} messages/s, {refused} not accepted", waits.len(), waits.len() as f64 / took);
    println!("mllp: acknowledged after {:.2} ms (median), {:.2} ms (p99), {:.2} ms (slowest); sender {cpu:.2} s of processor time", at(0.5), at(0.99), at(1.0));
    Ok(())
}

/// The syslog lines of S, framed by line ends.
pub fn syslog(options: &Options, address: &str, events: u64) -> Result<()> {
    let kinds = stream::kinds(options)?;
    let kinds: Vec<_> = kinds.iter().filter(|kind| kind.format == "syslog").collect();
    let mut stream = TcpStream::connect(address)?;
    let (mut fresh, mut block, mut sent, mut bytes) = (Fresh::new(options.or("seed", 1)?), Vec::new(), 0, 0);
    let (start, cpu) = (Instant::now(), proc::cpu_seconds(std::process::id())?);
    while sent < events {
        fresh.now();
        block.clear();
        while block.len() < 64 << 10 && sent < events {
            let kind = kinds[fresh.random.below(kinds.len())];
            let template = fresh.random.below(kind.templates.len());
            kind.templates[template].write(&mut fresh, &mut block);
            block.push(b'\n');
            sent += 1;
        }
        bytes += block.len();
        stream.write_all(&block)?;
    }
    stream.shutdown(std::net::Shutdown::Write)?;
    // the node closes when it has read everything
    let _rest = stream.read(&mut [0; 16]);
    let (took, cpu) = (start.elapsed().as_secs_f64(), proc::cpu_seconds(std::process::id())? - cpu);
    println!("syslog: {sent} lines, {bytes} bytes in {took:.2} s until the peer closed, {:.0} lines/s; sender {cpu:.2} s of processor time", sent as f64 / took);
    Ok(())
}
