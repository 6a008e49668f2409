//! Looking at the machine. Changes nothing but for one small file that it writes and removes to see whether it can.

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cordon_model::Time;
use cordon_store::disk::{Disk, FileDisk};

use super::{Facts, Live, Port, PortState, Secret};
use crate::config::Config;

/// Most files of the data folder that are asked for their time.
const FILES_MAX: usize = 4_096;
/// systemd-timesyncd leaves this file once the clock is right; other programs do not.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// Looks at the machine for a node with these settings and this data folder. Blocks.
#[must_use]
pub fn look(config: &Config, data_dir: &Path, live: Option<Live>) -> Facts {
    let metadata = fs::metadata(data_dir).ok();
    Facts {
        data_dir: data_dir.display().to_string(),
        is_writable: metadata.is_some() && is_writable(data_dir),
        dir_mode: metadata.map(|metadata| metadata.permissions().mode() & 0o777),
        disk_free_bytes: FileDisk.free_bytes(nearest(data_dir)).ok(),
        budget_bytes: config.retention.bytes_max,
        now: time(SystemTime::now()),
        newest: newest(data_dir),
        is_clock_synchronised: Path::new("/run/systemd/timesync").is_dir().then(|| Path::new(SYNCHRONISED).exists()),
        ports: ports(config),
        secrets: secrets(config),
        version_error: version_error(data_dir),
        is_running: is_locked(data_dir),
        live,
    }
}

/// The folder, or what is there of the way to it.
fn nearest(dir: &Path) -> &Path {
    dir.ancestors().find(|folder| folder.is_dir()).unwrap_or(dir)
}

/// Whether another process holds the folder; one that never ran has no lock, and none is made.
fn is_locked(dir: &Path) -> bool {
    dir.join("lock").exists() && FileDisk.lock(dir).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn is_writable(dir: &Path) -> bool {
    let probe = dir.join(".cordon-doctor");
    let is_written = fs::write(&probe, b"probe").is_ok();
    fs::remove_file(&probe).is_ok() && is_written
}

fn newest(dir: &Path) -> Option<Time> {
    let mut open = vec![dir.to_owned()];
    let (mut newest, mut seen) = (None, 0);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            let Some(metadata) = entry.metadata().ok().filter(|_| seen <= FILES_MAX) else { continue };
            if metadata.is_dir() {
                open.push(entry.path());
            } else {
                newest = newest.max(metadata.modified().ok().map(time));
            }
        }
    }
    newest
}

fn time(at: SystemTime) -> Time {
    let micros = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Time(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn ports(config: &Config) -> Vec<Port> {
    let intake = &config.intake;
    let streams = [
        ("api.address", std::slice::from_ref(&config.api.address)),
        ("intake.http", &intake.http),
        ("intake.syslog_tcp", &intake.syslog_tcp),
        ("intake.syslog_tls", &intake.syslog_tls),
        ("intake.relp", &intake.relp),
        ("intake.relp_tls", &intake.relp_tls),
        ("intake.mllp", &intake.mllp),
        ("intake.mllp_tls", &intake.mllp_tls),
    ];
    let stream = |address: SocketAddr| TcpListener::bind(address).map(|_| ());
    let datagram = |address: SocketAddr| UdpSocket::bind(address).map(|_| ());
    let mut ports = Vec::new();
    for (key, addresses) in streams {
        ports.extend(addresses.iter().map(|address| Port { key, address: *address, state: state(stream(*address)) }));
    }
    let key = "intake.syslog_udp";
    ports.extend(intake.syslog_udp.iter().map(|address| Port {
        key,
        address: *address,
        state: state(datagram(*address)),
    }));
    ports
}

fn state(bound: std::io::Result<()>) -> PortState {
    match bound.map_err(|error| error.kind()) {
        Err(ErrorKind::PermissionDenied) => PortState::Forbidden,
        Err(ErrorKind::AddrNotAvailable) => PortState::NotHere,
        Err(_) => PortState::Taken,
        Ok(()) => PortState::Free,
    }
}

fn secrets(config: &Config) -> Vec<Secret> {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let mut add = |path: Option<&PathBuf>, what: &str| files.extend(path.map(|path| (path.clone(), what.to_owned())));
    add(config.keys.file.as_ref(), "the master key");
    add(config.keys.passphrase_file.as_ref(), "the passphrase of the master key");
    add(config.tls.key.as_ref(), "the key of the certificate");
    add(config.smtp.as_ref().and_then(|smtp| smtp.password_file.as_ref()), "the password of the mail server");
    add(
        config.oidc.as_ref().and_then(|oidc| oidc.client_secret_file.as_ref()),
        "the secret of this node at the provider of sign-in",
    );
    for hook in &config.webhooks {
        add(Some(&hook.secret_file), "the secret of a webhook");
    }
    for siem in &config.siem {
        if let crate::config::SiemKind::Hec { token_file, .. } = &siem.kind {
            add(Some(token_file), "the token of a SIEM");
        }
    }
    files.into_iter().map(secret).collect()
}

fn secret((path, what): (PathBuf, String)) -> Secret {
    let mode = fs::metadata(&path).ok().filter(|_| fs::File::open(&path).is_ok());
    let mode = mode.map(|metadata| metadata.permissions().mode() & 0o777);
    Secret { path: path.display().to_string(), what, mode, is_named: true }
}

/// Asks for the version only where there is a store: asking makes one otherwise.
fn version_error(dir: &Path) -> Option<String> {
    let has_store = dir.join("store.version").exists();
    has_store.then(|| cordon_store::version::check(&FileDisk, dir).err().map(|error| error.to_string()))?
}
