//! What the node tells systemd (sd_notify(3)): that it is ready, alive, reloading, stopping. A few datagrams on a socket; without systemd nothing is sent.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The way to the service manager; silent when there is none.
#[derive(Debug, Default)]
pub struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// From the variables that systemd sets: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`; `process` is the id of this process.
    ///
    /// # Errors
    /// The socket that is named cannot be used.
    pub fn new(variable: impl Fn(&str) -> Option<String>, process: u32) -> io::Result<Self> {
        let Some(name) = variable("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return Ok(Self::default()) };
        let address = match name.strip_prefix('@') {
            Some(hidden) => SocketAddr::from_abstract_name(hidden)?,
            None => SocketAddr::from_pathname(&name)?,
        };
        let is_for_us = variable("WATCHDOG_PID").is_none_or(|id| id.parse() == Ok(process));
        let micros = variable("WATCHDOG_USEC").and_then(|micros| micros.parse().ok()).filter(|_| is_for_us);
        Ok(Self { socket: Some((UnixDatagram::unbound()?, address)), watchdog: micros.map(Duration::from_micros) })
    }

    /// How often [`ServiceManager::alive`] is to be called: half of what the service manager waits for. `None` when nobody watches.
    #[must_use]
    pub fn alive_every(&self) -> Option<Duration> {
        self.watchdog.map(|longest| longest / 2)
    }

    /// The node answers, or does so again after a reload.
    ///
    /// # Errors
    /// The service manager does not listen.
    pub fn ready(&self, status: &str) -> io::Result<()> {
        self.tell(&format!("READY=1\nSTATUS={}", line(status)))
    }

    /// The node lives. Only to be called by who has just seen that the street moves.
    ///
    /// # Errors
    /// The service manager does not listen.
    pub fn alive(&self) -> io::Result<()> {
        self.tell("WATCHDOG=1")
    }

    /// Settings and rules are being read again; [`ServiceManager::ready`] ends it.
    ///
    /// # Errors
    /// The service manager does not listen.
    pub fn reloading(&self) -> io::Result<()> {
        self.tell("RELOADING=1")
    }

    /// The node stops: what was received is being kept.
    ///
    /// # Errors
    /// The service manager does not listen.
    pub fn stopping(&self) -> io::Result<()> {
        self.tell("STOPPING=1")
    }

    /// What `systemctl status` shows.
    ///
    /// # Errors
    /// The service manager does not listen.
    pub fn status(&self, status: &str) -> io::Result<()> {
        self.tell(&format!("STATUS={}", line(status)))
    }

    fn tell(&self, words: &str) -> io::Result<()> {
        let Some((socket, address)) = &self.socket else { return Ok(()) };
        socket.send_to_addr(words.as_bytes(), address).map(|_| ())
    }
}

/// One line: a line end would begin another assignment.
fn line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn manager(variables: &[(&str, &str)]) -> ServiceManager {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        ServiceManager::new(|name| variables.get(name).map(|value| (*value).to_owned()), 42).unwrap()
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    fn check_told(socket: &UnixDatagram, name: &str) {
        let manager = manager(&[("NOTIFY_SOCKET", name), ("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "42")]);
        manager.ready("3 sources\nfake=1").unwrap();
        manager.alive().unwrap();
        manager.reloading().unwrap();
        manager.status("busy").unwrap();
        manager.stopping().unwrap();
        let expect = ["READY=1\nSTATUS=3 sources fake=1", "WATCHDOG=1", "RELOADING=1", "STATUS=busy", "STOPPING=1"];
        for words in expect {
            assert_eq!(heard(socket), words);
        }
        assert_eq!(manager.alive_every(), Some(Duration::from_secs(15)));
    }

    #[test]
    fn systemd_hears_every_change_of_state_on_its_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        check_told(&UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap());
    }

    #[test]
    fn a_socket_without_a_file_is_reached_too() {
        let name = format!("cordon-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        check_told(&UnixDatagram::bind_addr(&address).unwrap(), &format!("@{name}"));
    }

    #[test]
    fn without_systemd_nothing_is_sent_and_nobody_watches() {
        let manager = manager(&[("WATCHDOG_USEC", "1000")]);
        manager.ready("all well").unwrap();
        assert_eq!(manager.alive_every(), None);
    }

    #[test]
    fn a_watchdog_for_another_process_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let variables = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "1000"), ("WATCHDOG_PID", "1")];
        assert_eq!(manager(&variables).alive_every(), None);
    }
}
