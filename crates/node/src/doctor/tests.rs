//! What is said for which facts, and that looking sees what is there.

use cordon_model::Time;

use super::*;
use crate::config::{Config, Layers};

fn healthy() -> Facts {
    Facts {
        data_dir: "/var/lib/cordon".to_owned(),
        is_writable: true,
        dir_mode: Some(0o700),
        disk_free_bytes: Some(100 << 30),
        now: Time(1_000_000_000),
        newest: Some(Time(999_000_000)),
        live: Some(Live { version: env!("CARGO_PKG_VERSION").to_owned(), ..Live::default() }),
        ..Facts::default()
    }
}

/// What is not well, as lines.
fn said(facts: &Facts) -> Vec<String> {
    let unwell = checks(facts).into_iter().filter(|check| check.verdict != Verdict::Well);
    unwell.map(|check| format!("{:?} {}: {} -> {}", check.verdict, check.name, check.says, check.advice)).collect()
}

#[test]
fn of_a_healthy_node_nothing_is_said() {
    assert_eq!(said(&healthy()), Vec::<String>::new());
    assert!(checks(&healthy()).iter().all(|check| check.advice.is_empty() && !check.says.is_empty()));
}

#[test]
fn each_fault_is_named_with_what_to_do() {
    let port = |key, port: u16, state| Port { key, address: ([127, 0, 0, 1], port).into(), state };
    let facts = Facts {
        is_writable: false,
        disk_free_bytes: Some(512 << 20),
        newest: Some(Time(1_200_000_000)),
        ports: vec![port("intake.http", 8481, PortState::Taken), port("intake.syslog_udp", 514, PortState::Forbidden)],
        secrets: vec![
            Secret { path: "/k".to_owned(), what: "the master key".to_owned(), mode: Some(0o644), is_named: true },
            Secret { path: "/p".to_owned(), what: "the password".to_owned(), mode: None, is_named: true },
        ],
        version_error: Some("the store has format 9".to_owned()),
        live: None,
        ..healthy()
    };
    let expect = [
        "Act disk: 512 MiB free for /var/lib/cordon -> make room now, or lower retention.bytes_max: the node removes the oldest data and senders begin to wait",
        "Act permissions: /var/lib/cordon cannot be written -> give /var/lib/cordon to the user that runs the node, or mount it for writing",
        "Act clock: the clock stands before the last change of the data: it went back, or stood ahead before -> set it right and keep it right with NTP; times of receipt are wrong meanwhile",
        "Act version: the store has format 9 -> nothing was touched; see `docs/running.md`, upgrade",
        "Act key: others can read /k, the master key -> chmod 0600 /k",
        "Act key: /p, the password, cannot be read -> put it back from its safe copy, or correct the setting",
        "Act ports: 127.0.0.1:8481 (intake.http) is taken by another program; 127.0.0.1:514 (intake.syslog_udp) needs the right CAP_NET_BIND_SERVICE -> correct the setting, or end the other program",
        "Look node: none runs on this folder -> start it with `cordon serve`",
    ];
    assert_eq!(said(&facts), expect);
}

#[test]
fn the_ports_of_a_node_that_runs_are_not_those_of_another_program() {
    use cordon_store::disk::{Disk as _, FileDisk};

    let data = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let text = format!("[api]\naddress = \"{address}\"\n[intake]\nhttp = []\nsyslog_udp = []\nsyslog_tcp = []\n");
    let config = Config::load(&Layers { file: Some(("c", &text)), ..Layers::default() }).unwrap();
    assert!(!look(&config, data.path(), None).is_running);
    let _held = FileDisk.lock(data.path()).unwrap();
    let facts = look(&config, data.path(), None);
    let ports = vec![Port { key: "api.address", address, state: PortState::Taken }];
    assert_eq!((facts.is_running, &facts.ports), (true, &ports));
    assert_eq!(said(&Facts { is_running: true, ports, live: None, ..healthy() }), Vec::<String>::new());
}

#[test]
fn what_a_running_node_says_is_judged() {
    let live = Live {
        version: "0.0.1".to_owned(),
        silent: vec!["ehr-audit".to_owned()],
        losses: vec![("firewall".to_owned(), "overload".to_owned(), 12)],
        sinks: vec![("tables".to_owned(), 300 << 20), ("findings".to_owned(), 0)],
        messages: Some("3 messages were given up".to_owned()),
        waiting: vec!["api.address".to_owned()],
    };
    let facts = Facts { live: Some(live), ..healthy() };
    let expect = [
        "Act sources: silent for longer than they may be: ehr-audit -> look at the sender and the way to here: what happens there is not seen".to_owned(),
        "Act losses: not kept since the start: firewall: 12 (overload) -> see `docs/running.md`, what each alarm means".to_owned(),
        "Look sinks: tables is 300 MiB of the log behind -> more arrives than the machine can judge, or its disk is slow; nothing is lost, senders will wait".to_owned(),
        "Act messages: 3 messages were given up -> press the test button of the group, and look at the dead letters".to_owned(),
        format!("Look settings: the running node is 0.0.1, this binary {} -> restart the node: `systemctl restart cordon`", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(said(&facts), expect);
}

#[test]
fn looking_sees_a_taken_port_an_open_secret_and_a_store_of_the_future() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(data.join("store.version"), "cordon store 999\n").unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "k").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "[keys]\nfile = \"{}\"\n[api]\naddress = \"{}\"\n[intake]\nhttp = []\nsyslog_udp = []\nsyslog_tcp = []\n",
        key.display(),
        taken.local_addr().unwrap()
    );
    let config = Config::load(&Layers { file: Some(("c", &text)), ..Layers::default() }).unwrap();
    let facts = look(&config, &data, None);
    assert!(facts.is_writable && facts.disk_free_bytes.is_some() && facts.newest.is_some());
    assert_eq!(facts.dir_mode, Some(0o755));
    assert_eq!(
        facts.ports,
        [Port { key: "api.address", address: taken.local_addr().unwrap(), state: PortState::Taken }]
    );
    assert_eq!(facts.secrets[0].mode, Some(0o644));
    assert!(facts.version_error.as_deref().is_some_and(|error| error.contains("format 999")), "{facts:?}");
    assert!(!data.join(".cordon-doctor").exists());
}
