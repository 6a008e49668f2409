//! Linux hosts: ordinary messages in RFC 3164 files per host, the same of three hosts octet counted through a relay (RFC 5424 in RFC 6587 frames), auditd's own log,
//! Samba's full_audit (RFC 5424), and the hypervisors (ESXi, vCenter).

use cordon_model::Time;

use super::clock;
use super::files;
use super::model::Host;
use super::out::NUMBER;
use super::scene::Scene;

/// Facility and severity of a message, and the program that wrote it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pri: u8,
    program: &'static str,
    with_pid: bool,
}

/// sshd: authpriv.info.
pub(super) const SSHD: Tag = Tag { pri: 86, program: "sshd", with_pid: true };
/// sudo: authpriv.notice.
pub(super) const SUDO: Tag = Tag { pri: 85, program: "sudo", with_pid: false };
/// cron: cron.info.
pub(super) const CRON: Tag = Tag { pri: 78, program: "CRON", with_pid: true };
/// systemd: daemon.info.
pub(super) const SYSTEMD: Tag = Tag { pri: 30, program: "systemd", with_pid: true };
/// The interface engine: local3.info.
pub(super) const ENGINE: Tag = Tag { pri: 158, program: "lks-engine", with_pid: true };

/// Hosts whose messages go through the relay instead of into a file of their own.
const RELAYED: [&str; 3] = ["FHIR01", "IE01", "SENSOR01"];

/// One message of a Linux host.
pub(super) fn message(scene: &mut Scene<'_>, at: Time, host: &Host, tag: Tag, text: &str) {
    let pid = 700 + scene.random.below(30_000);
    if RELAYED.contains(&host.name.as_str()) {
        let frame = format!(
            "<{}>1 {} {}.{} {} {pid} - - {text}",
            tag.pri,
            clock::rfc3339(at),
            host.name.to_lowercase(),
            scene.model.site.domain,
            tag.program
        );
        scene.out.add(files::RELAY, at, frame);
        return;
    }
    let pid = if tag.with_pid { format!("[{pid}]") } else { String::new() };
    let line = format!(
        "<{}>{} {} {}{pid}: {text}",
        tag.pri,
        clock::show(at, "%b %e %H:%M:%S"),
        host.name.to_lowercase(),
        tag.program
    );
    scene.out.add(&format!("linux/{}-syslog.log", host.name), at, line);
}

/// A login over SSH with a key: accepted, session opened and closed.
pub(super) fn ssh_session(scene: &mut Scene<'_>, at: Time, host: &Host, user: &str, from: &str, minutes: i64) {
    let port = scene.port();
    let key = scene.random.hex(20);
    message(
        scene,
        at,
        host,
        SSHD,
        &format!("Accepted publickey for {user} from {from} port {port} ssh2: ED25519 SHA256:{key}"),
    );
    message(
        scene,
        clock::later(at, 40),
        host,
        SSHD,
        &format!("pam_unix(sshd:session): session opened for user {user}(uid=1004) by (uid=0)"),
    );
    let end = clock::later(at, minutes * 60_000);
    message(scene, end, host, SSHD, &format!("Received disconnect from {from} port {port}:11: disconnected by user"));
    message(
        scene,
        clock::later(end, 30),
        host,
        SSHD,
        &format!("pam_unix(sshd:session): session closed for user {user}"),
    );
}

/// A refused password over SSH.
pub(super) fn ssh_refused(scene: &mut Scene<'_>, at: Time, host: &Host, user: &str, from: &str) {
    let port = scene.port();
    let text = format!(
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={from}  user={user}"
    );
    message(scene, at, host, SSHD, &text);
    message(
        scene,
        clock::later(at, 1900),
        host,
        SSHD,
        &format!("Failed password for {user} from {from} port {port} ssh2"),
    );
}

/// A command through sudo.
pub(super) fn sudo(scene: &mut Scene<'_>, at: Time, host: &Host, user: &str, command: &str) {
    let text = format!("{user:>8} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND={command}");
    message(scene, at, host, SUDO, &text);
    message(
        scene,
        clock::later(at, 5),
        host,
        SUDO,
        &format!("pam_unix(sudo:session): session opened for user root(uid=0) by {user}(uid=1004)"),
    );
    message(scene, clock::later(at, 900), host, SUDO, "pam_unix(sudo:session): session closed for user root");
}

/// A job of cron.
pub(super) fn cron(scene: &mut Scene<'_>, at: Time, host: &Host, command: &str) {
    message(scene, at, host, CRON, &format!("(root) CMD ({command})"));
}

/// A program start in auditd's log: the five lines of one event, which share one number.
pub(super) fn audit_exec(scene: &mut Scene<'_>, at: Time, host: &Host, (exe, uid): (&str, u32), args: &[&str]) {
    let id = format!("audit({}:{NUMBER})", &clock::show(at, "%s.%3f"));
    let (pid, parent) = (1000 + scene.random.below(30_000), 900 + scene.random.below(20_000));
    let name = exe.rsplit('/').next().unwrap_or(exe);
    let listed: String =
        args.iter().enumerate().map(|(number, arg)| format!(" a{number}={}", audit_text(arg))).collect();
    let lines = [
        format!(
            "type=SYSCALL msg={id}: arch=c000003e syscall=59 success=yes exit=0 a0=55d1c8a3b2f0 a1=55d1c8a3b310 a2=55d1c8a39000 a3=8 items=2 ppid={parent} pid={pid} auid={uid} uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=41 comm=\"{name}\" exe=\"{exe}\" subj=unconfined key=\"exec\""
        ),
        format!("type=EXECVE msg={id}: argc={}{listed}", args.len()),
        format!("type=CWD msg={id}: cwd=\"/root\""),
        format!(
            "type=PATH msg={id}: item=0 name=\"{exe}\" inode=262231 dev=fd:00 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"
        ),
        format!("type=PROCTITLE msg={id}: proctitle={}", hex(&args.join("\0"))),
    ];
    scene.out.add(&format!("linux/{}-audit.log", host.name), at, lines.join("\n"));
}

/// auditd writes arguments with blanks or quotes in hexadecimal and the others in quotes.
fn audit_text(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') { format!("\"{text}\"") } else { hex(text) }
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02X}")).collect()
}

/// One operation on the file server's shares, as Samba's full_audit writes it with prefix `%u|%I|%m|%S`. A rename has two names.
pub(super) fn samba(
    scene: &mut Scene<'_>,
    at: Time,
    (user, from): (&str, &Host),
    share: &str,
    (operation, names): (&str, &[&str]),
) {
    let text = format!(
        "<189>1 {} fs01.{} smbd_audit 2214 - - {user}|{}|{}|{share}|{operation}|ok|{}",
        clock::rfc3339(at),
        scene.model.site.domain,
        from.ip,
        from.name.to_lowercase(),
        names.join("|")
    );
    scene.out.add(files::SAMBA, at, text);
}

/// A line of a hypervisor's syslog: `program` writes `text`.
pub(super) fn esxi(scene: &mut Scene<'_>, at: Time, host: &str, (pri, program): (u8, &str), text: &str) {
    let pid = 2_097_000 + scene.random.below(9_000);
    let line = format!(
        "<{pri}>{} {}.{} {program}[{pid}]: {text}",
        clock::rfc3339_millis(at),
        host.to_lowercase(),
        scene.model.site.domain
    );
    scene.out.add(&format!("virtual/{host}.log"), at, line);
}

/// A snapshot of a virtual machine made or removed through the management interface, as hostd reports it.
pub(super) fn esxi_snapshot(scene: &mut Scene<'_>, at: Time, host: &str, vm: (&str, u32), (user, what): (&str, &str)) {
    let task = scene.random.hex(8);
    let text = format!(
        "info hostd[2099341] [Originator@6876 sub=Vimsvc.TaskManager opID={task} user={user}] Task Created : haTask-{}-vim.vm.Snapshot.{what}-{}",
        vm.1,
        scene.random.below(900_000_000)
    );
    esxi(scene, at, host, (166, "Hostd"), &text);
    let text = format!(
        "info hostd[2099341] [Originator@6876 sub=Vimsvc.ha-eventmgr opID={task} user={user}] Event {} : {} snapshot of virtual machine {}",
        scene.random.below(90_000),
        what,
        vm.0
    );
    esxi(scene, clock::later(at, 800), host, (166, "Hostd"), &text);
}
