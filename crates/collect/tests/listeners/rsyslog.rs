//! Debian's rsyslogd as a real sender over TCP, TLS with certificates on both sides, and RELP through restarts: count for count and field for field.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cordon_collect::live::{Limits, relp, tcp};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::hl7::{decode, repository};
use crate::log::{Log, drops, until};
use crate::tls::Trust;

/// An rsyslogd that sends what is written to a file; ended with the test.
struct Rsyslog {
    folder: tempfile::TempDir,
    process: Child,
}

impl Rsyslog {
    /// Starts one with an action that sends; `FOLDER` in it stands for its folder.
    fn start(action: &str, prepare: impl FnOnce(&Path)) -> Self {
        let prepared = Command::new(repository().join("scripts/rsyslog.sh")).status().unwrap();
        assert!(prepared.success(), "scripts/rsyslog.sh");
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let at = folder.path().display().to_string();
        fs::write(folder.path().join("input.log"), "").unwrap();
        let text = format!(
            "global(workDirectory=\"{at}\" localHostname=\"ward-3\")\nmodule(load=\"imfile\")\n\
             input(type=\"imfile\" File=\"{at}/input.log\" Tag=\"ehr:\" Facility=\"local4\" Severity=\"notice\")\n{}\n",
            action.replace("FOLDER", &at)
        );
        fs::write(folder.path().join("rsyslog.conf"), text).unwrap();
        let said = fs::File::create(folder.path().join("said")).unwrap();
        let mut command = Command::new("rsyslogd");
        command.env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin").current_dir(folder.path());
        command.args(["-n", "-f"]).arg(folder.path().join("rsyslog.conf")).arg("-i").arg(folder.path().join("pid"));
        command.stdout(Stdio::null()).stderr(said);
        Self { process: command.spawn().unwrap(), folder }
    }

    /// Gives it lines to send.
    fn write(&self, lines: std::ops::Range<u64>) {
        let mut file = fs::OpenOptions::new().append(true).open(self.folder.path().join("input.log")).unwrap();
        let text: String = lines.map(|number| format!("{}\n", said(number))).collect();
        file.write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn said(number: u64) -> String {
    format!("user=jdoe action=open patient={number} note=\"Zürich € <b>\"")
}

/// The fields of each message, held against what was written: every line once, in any order.
fn check(messages: &[String], count: u64) {
    let fields = decode("syslog", messages, &["message", "hostname", "program", "facility", "severity"]);
    assert_eq!(fields.faults.first(), None);
    let mut rows = fields.rows;
    let number = |row: &Vec<String>| -> u64 {
        let digits = row[0].split("patient=").nth(1).and_then(|rest| rest.split(' ').next());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
    };
    rows.sort_by_key(number);
    let row = |number| vec![said(number), "ward-3".into(), "ehr".into(), "local4".into(), "notice".into()];
    let expect: Vec<Vec<String>> = (0..count).map(row).collect();
    assert_eq!(rows.len(), expect.len());
    for (row, expect) in rows.iter().zip(&expect) {
        assert_eq!(row, expect);
    }
}

async fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(64).unwrap()
}

fn any() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

#[tokio::test]
async fn rsyslog_delivers_over_tcp_in_both_framings() {
    const COUNT: u64 = 5_000;
    for framing in ["octet-counted", "traditional"] {
        let log = Log::new(Limits::default(), []);
        let listener = listen(any()).await;
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let served = tokio::spawn(tcp::serve(listener, None, log.reception.clone(), stop.clone()));
        let action = format!(
            "action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" TCP_Framing=\"{framing}\" \
             template=\"RSYSLOG_SyslogProtocol23Format\" action.resumeRetryCount=\"-1\")"
        );
        let sender = Rsyslog::start(&action, |_| {});
        sender.write(0..COUNT);
        check(&log.messages(COUNT).await, COUNT);
        assert_eq!(drops(&log.source("syslog_tcp", "127.0.0.1")), []);
        stop.cancel();
        served.await.unwrap();
    }
}

#[tokio::test]
async fn rsyslog_delivers_over_tls_with_certificates_on_both_sides() {
    const COUNT: u64 = 5_000;
    let trust = Trust::new();
    let log = Log::new(Limits::default(), []);
    let listener = listen(any()).await;
    let port = listener.local_addr().unwrap().port();
    let stop = CancellationToken::new();
    let tls = Some(trust.server(true));
    let served = tokio::spawn(tcp::serve(listener, tls, log.reception.clone(), stop.clone()));
    let action = format!(
        "global(defaultNetstreamDriver=\"gtls\" defaultNetstreamDriverCAFile=\"FOLDER/ca.pem\" \
         defaultNetstreamDriverCertFile=\"FOLDER/sender.pem\" defaultNetstreamDriverKeyFile=\"FOLDER/sender.key\")\n\
         action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" protocol=\"tcp\" TCP_Framing=\"octet-counted\" \
         StreamDriver=\"gtls\" StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/name\" StreamDriverPermittedPeers=\"localhost\" \
         template=\"RSYSLOG_SyslogProtocol23Format\" action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\")"
    );
    let sender = Rsyslog::start(&action, |folder| trust.write_pem("ward-3.lakeside.example", folder));
    sender.write(0..COUNT);
    let kept = log.kept(COUNT).await;
    assert!(kept.iter().all(|(source, _)| source == "syslog_tls/ward-3.lakeside.example"), "{}", kept[0].0);
    let messages: Vec<String> = kept.into_iter().map(|(_, message)| message).collect();
    check(&messages, COUNT);
    stop.cancel();
    served.await.unwrap();
}

/// Starts the listener for RELP.
async fn serve_relp(address: SocketAddr, log: &Log) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let listener = listen(address).await;
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    (address, stop.clone(), tokio::spawn(relp::serve(listener, None, log.reception.clone(), stop)))
}

#[tokio::test]
async fn rsyslog_loses_nothing_over_relp_through_restarts() {
    const COUNT: u64 = 20_000;
    let log = Log::new(Limits::default(), []);
    let (address, mut stop, mut served) = serve_relp(any(), &log).await;
    let action = format!(
        "module(load=\"omrelp\")\naction(type=\"omrelp\" target=\"127.0.0.1\" port=\"{}\" timeout=\"10\" conn.timeout=\"5\" \
         template=\"RSYSLOG_SyslogProtocol23Format\" action.resumeRetryCount=\"-1\" action.resumeInterval=\"1\")",
        address.port()
    );
    let sender = Rsyslog::start(&action, |_| {});
    // Twice the listener stops in order with messages on the way, and starts again at its address a while later.
    for part in 0..2 {
        sender.write(part * 7_000..(part + 1) * 7_000);
        log.kept(part * 7_000 + 1_000).await;
        stop.cancel();
        served.await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        (_, stop, served) = serve_relp(address, &log).await;
    }
    sender.write(14_000..COUNT);
    let source = log.source("relp", "127.0.0.1");
    until("every line is kept", || {
        let mut seen = std::collections::BTreeSet::new();
        for delivery in log.deliveries() {
            seen.extend(delivery.raw_records(0).filter_map(|raw| number_in(raw.bytes)));
        }
        seen.len() as u64 == COUNT
    })
    .await;
    let mut messages = log.messages(COUNT).await;
    messages.sort_by_key(|message| number_in(message.as_bytes()));
    messages.dedup_by_key(|message| number_in(message.as_bytes()));
    check(&messages, COUNT);
    assert_eq!(drops(&source), []);
    stop.cancel();
    served.await.unwrap();
}

fn number_in(message: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(message);
    text.split("patient=").nth(1)?.split(' ').next()?.parse().ok()
}
