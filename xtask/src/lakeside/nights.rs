//! What is done at set times on quiet days, and what makes detectors raise false alarms: backups, patching, administration, vendor maintenance, exports, proper
//! break-glass, password resets, interface restarts, prefetching at night, remote work of those on call. Every one of these is allowed and has its reason.

use anyhow::Result;
use cordon_model::Time;

use super::acts;
use super::clock::later;
use super::devices::{self, Happening};
use super::firewalls;
use super::linux;
use super::model::Host;
use super::random::Random;
use super::records::{Access, Verb};
use super::scene::{Account, Scene};
use super::suricata;
use super::windows_other as other;
use super::windows_security as security;
use super::windows_sysmon::{self as sysmon, Run};
use super::zeek::Flow;
use super::{atna, csv, fhir, hl7};

type Chore = (&'static str, fn(&mut Scene<'_>) -> Result<()>);

const CHORES: [Chore; 19] = [
    ("backup", backup),
    ("robocopy", robocopy),
    ("signatures", defender_updates),
    ("patching", patching),
    ("administration", administration),
    ("new starter", new_starter),
    ("password resets", password_resets),
    ("vendor", vendor_maintenance),
    ("break-glass", proper_break_glass),
    ("billing export", billing_export),
    ("interface restart", interface_restart),
    ("prefetch", pacs_prefetch),
    ("on call", on_call),
    ("admissions batch", admissions_batch),
    ("biomedical engineering", device_service),
    ("replication", replication),
    ("scan archive", scan_archive),
    ("hypervisor maintenance", hypervisor_maintenance),
    ("old password", old_password),
];

const SERVICES: (&str, &str) = ("C:\\Windows\\System32\\services.exe", "C:\\Windows\\system32\\services.exe");
const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const DEFENDER_ENGINE: &str = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.26020.3-0\\MsMpEng.exe";
const EXPLORER: (&str, &str) = ("C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");

/// Writes the set-time work of the scene's day.
pub(super) fn day(scene: &mut Scene<'_>, seed: u64) -> Result<()> {
    let day = scene.midnight.as_seconds() / 86_400;
    for (name, run) in CHORES {
        scene.random = Random::stream(seed, name, day);
        run(scene)?;
    }
    Ok(())
}

fn run(scene: &mut Scene<'_>, at: Time, host: &Host, account: Account, program: (&str, &str), parent: (&str, &str)) {
    let run = Run::new(scene, account, program, parent);
    sysmon::process(scene, at, host, &run);
}

/// 01:30: a snapshot of every virtual machine, shadow copies on the Windows servers, and the snapshots removed again.
fn backup(scene: &mut Scene<'_>) -> Result<()> {
    let model = scene.model;
    let server = scene.host("BKP01")?;
    let account = scene.account("svc-backup");
    let manager = "C:\\Program Files\\Veeam\\Backup and Replication\\Backup\\Veeam.Backup.Manager.exe";
    for (number, vm) in (0_i64..).zip(&model.network.virtual_machines) {
        let at = later(scene.at("01:30")?, number * 600_000 + scene.random.between(0, 60_000));
        let command = format!("\"{manager}\" startbackupjob owner=[vbsvc] Vm={}", vm.name);
        run(scene, at, server, account.clone(), (manager, &command), SERVICES);
        let what = (vm.name.as_str(), vm.id);
        linux::esxi_snapshot(scene, later(at, 4_000), &vm.hypervisor, what, ("vpxuser:LAKESIDE\\svc-backup", "Create"));
        linux::esxi_snapshot(
            scene,
            later(at, 420_000),
            &vm.hypervisor,
            what,
            ("vpxuser:LAKESIDE\\svc-backup", "Remove"),
        );
        let Ok(guest) = model.host(&vm.name) else { continue };
        if guest.os != "windows" {
            continue;
        }
        acts::network_logon(scene, later(at, 2_000), &account, server, guest)?;
        let helper = ("VeeamVssSupport", "\"C:\\Windows\\VeeamVssSupport\\VeeamGuestHelper.exe\"");
        other::service_installed(scene, later(at, 2_600), guest, helper, "demand start");
        let shadows = ("C:\\Windows\\System32\\vssadmin.exe", "vssadmin list shadows");
        let parent = (
            "C:\\Windows\\VeeamVssSupport\\VeeamGuestHelper.exe",
            "\"C:\\Windows\\VeeamVssSupport\\VeeamGuestHelper.exe\"",
        );
        run(scene, later(at, 5_200), guest, Account::system(), shadows, parent);
    }
    let at = scene.at("03:10")?;
    let text = "Get-VBRJob | Where-Object { $_.Info.LatestStatus -ne 'Success' } | Select-Object Name, LatestRunLocal | Export-Csv D:\\reports\\backup-status.csv";
    other::script_block(scene, at, server, text, "C:\\Program Files\\Lakeside Management\\backup-report.ps1");
    Ok(())
}

/// 02:40: the database's dump goes to the backup server.
fn robocopy(scene: &mut Scene<'_>) -> Result<()> {
    let host = scene.host("EHRDB01")?;
    let account = scene.account("svc-sql");
    let command = "robocopy D:\\dump \\\\BKP01\\dumps\\EHRDB01 *.bak /MIR /Z /R:2 /W:5 /LOG:D:\\dump\\robocopy.log";
    let parent = ("C:\\Windows\\System32\\cmd.exe", "C:\\Windows\\system32\\cmd.exe /c D:\\jobs\\dump.cmd");
    let at = scene.at("02:40")?;
    run(scene, at, host, account, ("C:\\Windows\\System32\\robocopy.exe", command), parent);
    let mut flow = Flow::new(scene, "10.20.10.22", "10.20.10.51", 445, "gssapi,smb");
    (flow.sent, flow.received, flow.millis) = (48_000_000_000, 90_000_000, 1_900_000);
    acts::flow(scene, at, &flow);
    Ok(())
}

/// Every machine's Defender: new signatures at 05, a quick scan at 12:30, which looks at the processes and so opens lsass for a query.
fn defender_updates(scene: &mut Scene<'_>) -> Result<()> {
    let hosts = scene.model.hosts.iter().filter(|host| host.os == "windows");
    for host in hosts {
        let wait = scene.random.between(0, 1_800_000);
        other::defender(scene, later(scene.at("05:00")?, wait), host, 2000);
        other::defender(scene, later(scene.at("12:30")?, wait), host, 1000);
        let engine = (&Account::system(), DEFENDER_ENGINE);
        let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9f8a4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e|C:\\ProgramData\\Microsoft\\Windows Defender\\Definition Updates\\{7F1A9C44-0C8E-4F0B-9B3E-5D7B6C2A1E90}\\mpengine.dll+1a6c2";
        let at = later(scene.at("12:31")?, wait);
        sysmon::process_access(scene, at, host, engine, "C:\\Windows\\System32\\lsass.exe", ("0x1000", trace));
        other::defender(scene, later(scene.at("12:34")?, wait), host, 1001);
    }
    Ok(())
}

/// 03:30 on Tuesday: updates on the servers; every day a package on three workstations.
fn patching(scene: &mut Scene<'_>) -> Result<()> {
    let model = scene.model;
    let account = scene.account("svc-wsus");
    let weekday = scene.weekday;
    let servers = model.hosts.iter().filter(|host| host.os == "windows" && host.role != "workstation" && weekday == 1);
    let stations =
        model.hosts.iter().filter(|host| host.role == "workstation").skip(usize::try_from(weekday)?).step_by(7);
    let agent = (
        "C:\\Program Files\\Lakeside Management\\agent.exe",
        "\"C:\\Program Files\\Lakeside Management\\agent.exe\" --service",
    );
    let wsus = scene.host("WSUS01")?;
    for (number, host) in (0_i64..).zip(servers.chain(stations)) {
        let at = later(scene.at("03:30")?, number * 180_000 + scene.random.between(0, 90_000));
        acts::network_logon(scene, at, &account, wsus, host)?;
        let update = "wusa.exe C:\\Windows\\Temp\\windows10.0-kb5053603-x64.msu /quiet /norestart";
        run(scene, later(at, 4_000), host, Account::system(), ("C:\\Windows\\System32\\wusa.exe", update), agent);
        let package =
            "msiexec.exe /i \"\\\\WSUS01\\packages\\aurora-client-8.4.2.msi\" /qn /norestart REBOOT=ReallySuppress";
        run(scene, later(at, 60_000), host, Account::system(), ("C:\\Windows\\System32\\msiexec.exe", package), agent);
        let service = ("Aurora Update Service", "\"C:\\Program Files\\Aurora\\UpdateService.exe\"");
        other::service_installed(scene, later(at, 64_000), host, service, "auto start");
        other::service_state(scene, later(at, 70_000), host, service.0, "running");
        let task = ("\\Lakeside\\Client health", "C:\\Program Files\\Lakeside Management\\health.exe");
        security::task_created(scene, later(at, 75_000), host, &Account::system(), task);
        other::log_service_started(scene, later(at, 150_000), host);
    }
    Ok(())
}

/// Office hours: an administrator at the jump host, with PowerShell against the directory and remote desktops to servers.
fn administration(scene: &mut Scene<'_>) -> Result<()> {
    if scene.weekday > 4 {
        return Ok(());
    }
    let (jump, admin) = (scene.host("JUMP01")?, scene.account("adm.okafor"));
    let scripts = [
        "Get-ADUser -Filter {LastLogonDate -lt $limit} -Properties LastLogonDate | Export-Csv C:\\reports\\stale.csv -NoTypeInformation",
        "Get-ADGroupMember -Identity 'Domain Admins' | Select-Object SamAccountName",
        "Invoke-Command -ComputerName RIS01,LIS01 -ScriptBlock { Get-Service | Where-Object Status -eq 'Stopped' }",
        "Get-WinEvent -FilterHashtable @{LogName='Security';Id=4740;StartTime=(Get-Date).AddDays(-1)} -ComputerName DC01",
        "Test-NetConnection -ComputerName PACS01 -Port 11112",
        "Restart-Service -Name Spooler -Force",
    ];
    for time in ["08:40", "13:20", "15:45"] {
        let at = later(scene.at(time)?, scene.random.between(0, 1_200_000));
        acts::remote_desktop(scene, at, &admin, ("10.20.20.32", "WS-IT-01"), jump)?;
        run(
            scene,
            later(at, 9_000),
            jump,
            admin.clone(),
            (POWERSHELL, "\"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe\""),
            EXPLORER,
        );
        for number in 0..3 {
            let text = *scene.random.pick(&scripts)?;
            other::script_block(scene, later(at, 30_000 + number * 70_000), jump, text, "");
        }
        let target = scene.any_host(|host| matches!(host.role.as_str(), "ris" | "lis" | "print_server"))?;
        acts::remote_desktop(scene, later(at, 400_000), &admin, ("10.20.10.61", "JUMP01"), target)?;
        let view = ("C:\\Windows\\System32\\whoami.exe", "whoami /groups");
        run(scene, later(at, 430_000), target, admin.clone(), view, (POWERSHELL, "powershell.exe"));
    }
    let at = scene.at("14:10")?;
    firewalls::forti_admin(scene, at, "e.okafor", "10.20.20.32", None);
    firewalls::forti_admin(scene, later(at, 190_000), "e.okafor", "10.20.20.32", Some("comments[->ticket 4471]"));
    firewalls::asa_admin(scene, later(at, 600_000), "e.okafor", "10.20.20.32", "show running-config");
    Ok(())
}

/// 09:10 on Monday and Wednesday: an account for somebody new, with its group.
fn new_starter(scene: &mut Scene<'_>) -> Result<()> {
    if !matches!(scene.weekday, 0 | 2) {
        return Ok(());
    }
    let (controller, admin) = (scene.host("DC01")?, scene.account("adm.selby"));
    let starter = scene.account(if scene.weekday == 0 { "h.marchbank" } else { "j.tolland" });
    let at = scene.at("09:10:30")?;
    security::account_change(scene, at, controller, 4720, &admin, &starter);
    security::account_change(scene, later(at, 900), controller, 4724, &admin, &starter);
    security::group_add(
        scene,
        later(at, 2_500),
        controller,
        &admin,
        &starter,
        ("Remote Desktop Users", "S-1-5-32-555"),
    );
    Ok(())
}

/// The help desk resets forgotten passwords, each after a few wrong ones.
fn password_resets(scene: &mut Scene<'_>) -> Result<()> {
    let controller = scene.host("DC01")?;
    for time in ["08:12", "10:47", "14:33"] {
        let at = later(scene.at(time)?, scene.random.between(0, 600_000));
        let helper = scene.on_shift(at, |person| person.role == "helpdesk")?;
        let person = scene.on_shift(at, |person| person.role != "helpdesk")?;
        let host = scene.workstation(person)?;
        let (by, target) = (scene.account(&helper.account), scene.account(&person.account));
        for number in 0..3 {
            security::ntlm_check(scene, later(at, number * 8_000), &target, &host.name, false)?;
        }
        let desk = scene.host("WS-HELP-01")?;
        let look = format!("net user {} /domain", person.account);
        run(
            scene,
            later(at, 200_000),
            desk,
            by.clone(),
            ("C:\\Windows\\System32\\net.exe", &look),
            ("C:\\Windows\\System32\\cmd.exe", "cmd.exe"),
        );
        security::account_change(scene, later(at, 240_000), controller, 4724, &by, &target);
    }
    Ok(())
}

/// The imaging vendor in its window on working days: VPN from its own address, jump host, archive, a service restarted.
fn vendor_maintenance(scene: &mut Scene<'_>) -> Result<()> {
    if scene.weekday > 4 {
        return Ok(());
    }
    for vendor in &scene.model.network.vendors {
        let at = later(scene.at(&vendor.window.from)?, scene.random.between(120_000, 900_000));
        let (jump, target) = (scene.host(&vendor.jump_host)?, scene.host(&vendor.target)?);
        let account = scene.account(&vendor.account);
        let until = scene.at(&vendor.window.until)?;
        let minutes = (until.as_seconds() - at.as_seconds()) / 60 - 5;
        acts::vpn(scene, at, &vendor.account, &vendor.address, (&vendor.vpn_address, minutes));
        acts::remote_desktop(scene, later(at, 95_000), &account, (&vendor.vpn_address, "CALDER-LT7"), jump)?;
        acts::remote_desktop(scene, later(at, 260_000), &account, (&jump.ip, &jump.name), target)?;
        other::service_state(scene, later(at, 900_000), target, "Archive Router", "stopped");
        other::service_state(scene, later(at, 930_000), target, "Archive Router", "running");
        let note = format!("maintenance by {} finished, ticket 4468", vendor.company);
        linux::message(scene, later(at, 1_000_000), scene.host("IE01")?, linux::ENGINE, &note);
    }
    Ok(())
}

/// Emergencies: break-glass with a reason, in three systems on three patients; each patient is registered within the hour.
fn proper_break_glass(scene: &mut Scene<'_>) -> Result<()> {
    let cases = [
        ("02:20", "Aurora", "unconscious patient in resus, no relatives present"),
        ("11:05", "Meridian", "chest pain, transfer from ambulance, needs medication history"),
        ("16:40", "OpenEMR clinic", "collapsed in waiting area, allergy check before treatment"),
        ("19:35", "Meridian", "stroke pathway, time of last known well and current medication"),
        ("22:35", "Aurora", "trauma call, unknown anticoagulation"),
    ];
    for (time, system, reason) in cases {
        let at = later(scene.at(time)?, scene.random.between(0, 900_000));
        let person = scene.on_shift(at, |person| person.unit == "ED" && person.role == "physician")?;
        let host = scene.workstation(person)?;
        let Ok((patient, encounter)) =
            scene.present_patient(at, Some("ED")).or_else(|_| scene.present_patient(at, None))
        else {
            continue;
        };
        let access = Access { break_glass: Some(reason), ..Access::read(&person.account, patient, "Patient", host) };
        if system == "Aurora" {
            fhir::r4_override(scene, later(at, -800), scene.model.system(system)?, &access)?;
        }
        acts::record(scene, at, system, &access)?;
        let more = Access { object: "MedicationStatement", ..access };
        acts::record(scene, later(at, 21_000), system, &more)?;
        hl7::adt(scene, later(at, 1_500_000), "A04", (patient, encounter), hl7::Way::Mllp)?;
        let noted = Access { verb: Verb::Create, break_glass: None, encounter: Some(&encounter.id), ..more };
        acts::record(scene, later(at, 2_400_000), system, &noted)?;
    }
    Ok(())
}

/// Billing: a large export every working day at 16:10, letters to insurers, and the coders' run through discharged patients.
fn billing_export(scene: &mut Scene<'_>) -> Result<()> {
    if scene.weekday > 4 {
        return Ok(());
    }
    let at = scene.at("16:10")?;
    let clerk = scene.on_shift(at, |person| person.role == "billing")?;
    let host = scene.workstation(clerk)?;
    let patient = scene.model.patients.first();
    let Some(first) = patient else { return Ok(()) };
    let whole = Access {
        patient: None,
        verb: Verb::Export,
        count: Some(420),
        ..Access::read(&clerk.account, first, "Claim", host)
    };
    acts::record(scene, at, "Meridian", &whole)?;
    acts::record(scene, later(at, 90_000), "OpenEMR clinic", &whole)?;
    for (number, patient) in
        (0_i64..).zip(scene.model.patients.iter().skip(usize::try_from(10 + scene.weekday * 20)?).take(25))
    {
        let coded = Access::read(&clerk.account, patient, "Claim", host);
        acts::record(scene, later(at, 300_000 + number * 47_000), "Meridian", &coded)?;
        if number % 6 == 0 {
            let letter = ("Coastal Mutual Insurance", "invoice details for payment");
            csv::openemr_disclosure(scene, later(at, 310_000 + number * 47_000), &clerk.account, patient, letter)?;
        }
    }
    Ok(())
}

/// 12:50: the interface engine restarts and sends its last results again: the same numbers with the same values.
fn interface_restart(scene: &mut Scene<'_>) -> Result<()> {
    let engine = scene.host("IE01")?;
    let at = scene.at("12:50")?;
    let command = "/usr/bin/systemctl restart lks-engine";
    linux::ssh_session(scene, later(at, -60_000), engine, "adm.okafor", "10.20.20.32", 6);
    linux::sudo(scene, at, engine, "adm.okafor", command);
    linux::audit_exec(scene, at, engine, ("/usr/bin/systemctl", 1004), &["systemctl", "restart", "lks-engine"]);
    linux::message(scene, later(at, 900), engine, linux::SYSTEMD, "Stopping Lakeside interface engine...");
    linux::message(scene, later(at, 4_900), engine, linux::SYSTEMD, "Started Lakeside interface engine.");
    for number in 0_i64..6 {
        let Ok(present) = scene.present_patient(at, None) else { continue };
        let order = 2_900_000 + number.unsigned_abs() + scene.weekday.unsigned_abs() * 10;
        hl7::result(scene, later(at, -600_000 + number * 60_000), present, order)?;
        hl7::result(scene, later(at, 9_000 + number * 400), present, order)?;
    }
    Ok(())
}

/// 02:00: the archive looks for the next day's patients and sends their old studies to the reading rooms: many queries and transfers, all between known entities.
fn pacs_prefetch(scene: &mut Scene<'_>) -> Result<()> {
    let model = scene.model;
    let (archive, ris) = (model.ae("LKS_PACS")?, model.ae("LKS_RIS")?);
    let start = scene.at("02:00")?;
    for (number, patient) in (0_i64..).zip(model.patients.iter().skip(20).take(70)) {
        let at = later(start, number * 21_000 + scene.random.between(0, 9_000));
        let keys = format!("(0008,0052)=STUDY (0010,0020)={} (0008,0020)=-20260301", patient.mrn);
        atna::query(scene, at, (&ris.title, &ris.ip), &keys)?;
        let reader = model.ae(if number % 2 == 0 { "RADWS1" } else { "RADWS2" })?;
        let instances = 40 + scene.random.below(700);
        atna::transferred(scene, later(at, 7_000), archive, (&reader.title, &reader.ip), patient, instances);
        let flow = Flow::new(scene, &archive.ip, &reader.ip, reader.port, "");
        acts::flow(scene, later(at, 7_000), &flow);
    }
    Ok(())
}

/// Night: the radiologist on call reads from home, and the administrator on call looks after an alarm.
fn on_call(scene: &mut Scene<'_>) -> Result<()> {
    let model = scene.model;
    for (time, remote) in ["23:15", "00:50"].iter().zip(&model.network.remote_staff) {
        let at = later(scene.at(time)?, scene.random.between(0, 1_200_000));
        acts::vpn(scene, at, &remote.account, &remote.address, (&remote.vpn_address, 28));
        let person = model.person(&remote.account)?;
        if person.role == "radiologist" {
            let reading = model.host("WS-RAD-02")?;
            acts::remote_desktop(
                scene,
                later(at, 60_000),
                &scene.account(&remote.account),
                (&remote.vpn_address, "HOME-PC"),
                reading,
            )?;
            let Ok((patient, encounter)) =
                scene.present_patient(at, Some("ED")).or_else(|_| scene.present_patient(at, None))
            else {
                continue;
            };
            let study = Access {
                encounter: Some(&encounter.id),
                ..Access::read(&remote.account, patient, "ImagingStudy", reading)
            };
            acts::record(scene, later(at, 200_000), "LKS_PACS", &study)?;
        } else if let Some(admin) = &person.admin_account {
            let (account, jump) = (scene.account(admin), model.host("JUMP01")?);
            acts::remote_desktop(scene, later(at, 80_000), &account, (&remote.vpn_address, "HOME-LT"), jump)?;
            other::script_block(
                scene,
                later(at, 150_000),
                jump,
                "Get-VBRJob | Get-VBRJobSession -Last | Format-Table",
                "",
            );
        }
    }
    Ok(())
}

/// 04:30: the day's admissions once more as one batch, from the units' beds.
fn admissions_batch(scene: &mut Scene<'_>) -> Result<()> {
    let model = scene.model;
    let start = scene.at("04:30")?;
    for (number, encounter) in (0_i64..).zip(model.encounters.iter().filter(|encounter| encounter.class == "I")) {
        let patient = model.patient(&encounter.mrn)?;
        hl7::adt(scene, later(start, number * 250), "A08", (patient, encounter), hl7::Way::Batch)?;
    }
    Ok(())
}

/// 13:30 on Thursday: new drug library for the pumps and a device scan; on Tuesday a monitor's time is set.
fn device_service(scene: &mut Scene<'_>) -> Result<()> {
    let model = scene.model;
    let at = scene.at("13:30")?;
    let engineer = scene.on_shift(at, |person| person.role == "biomed")?;
    let base = Happening {
        event: "drug_library_update",
        severity: 3,
        user: &engineer.account,
        from: "10.20.20.33",
        detail: "drug library 2026-03 installed, ticket 4459",
    };
    for (number, device) in (0_i64..).zip(&model.network.devices) {
        let at = later(at, number * 40_000);
        match (scene.weekday, device.kind.as_str()) {
            (3, "infusion_pump") => devices::report(scene, at, device, base),
            (1, "patient_monitor") => {
                devices::report(
                    scene,
                    at,
                    device,
                    Happening { event: "time_change", detail: "clock set by time server, 2 s", ..base },
                );
            }
            _ => {}
        }
    }
    if scene.weekday == 6 {
        let scanner = scene.host("SCAN01")?;
        let flow = Flow::new(scene, &scanner.ip, "10.20.10.72", 445, "");
        suricata::alert(
            scene,
            at,
            &flow,
            (1_000_102, 3),
            "LKS SCAN authenticated scan by the hospital's own scanner",
            "Misc activity",
        );
    }
    Ok(())
}

/// Every half hour the domain controllers replicate from each other: the same rights as a stolen copy of the directory, by machine accounts of domain controllers.
fn replication(scene: &mut Scene<'_>) -> Result<()> {
    let pair = [("DC01", "DC02"), ("DC02", "DC01")];
    for half_hour in 0..48 {
        for (from, to) in pair {
            let at = later(scene.midnight, half_hour * 1_800_000 + scene.random.between(0, 900_000));
            let (source, target) = (scene.host(from)?, scene.host(to)?);
            let machine = scene.account(&format!("{from}$"));
            security::directory_access(scene, at, target, &machine, &security::REPLICATION);
            let flow = Flow::new(scene, &source.ip, &target.ip, 49_668, "gssapi,dce_rpc");
            acts::flow(scene, at, &flow);
        }
    }
    Ok(())
}

/// 19:10: health records files the day's scans: 120 files are renamed into the archive folder within four minutes, their endings unchanged.
fn scan_archive(scene: &mut Scene<'_>) -> Result<()> {
    let start = scene.at("19:10")?;
    let from = scene.host("BKP01")?;
    for number in 0..120 {
        let at = later(start, number * 2_000 + scene.random.between(0, 900));
        let name = format!("scan-{}{number:03}.pdf", scene.date("%Y%m%d"));
        let (old, new) = (format!("/srv/units/him/inbox/{name}"), format!("/srv/units/him/archive/{name}"));
        linux::samba(scene, at, ("svc-backup", from), "units", ("renameat", &[&old, &new]));
    }
    Ok(())
}

/// 03:15 on Tuesday: updates on the hypervisors, over the management station's shell.
fn hypervisor_maintenance(scene: &mut Scene<'_>) -> Result<()> {
    if scene.weekday != 1 {
        return Ok(());
    }
    for (number, host) in (0_i64..).zip(["ESX01", "ESX02"]) {
        let at = later(scene.at("03:15")?, number * 1_500_000);
        let commands = [
            "vim-cmd hostsvc/maintenance_mode_enter",
            "esxcli software profile update -d /vmfs/volumes/patches/depot.zip -p ESXi-8.0U3",
            "esxcli software vib list",
            "vim-cmd hostsvc/maintenance_mode_exit",
        ];
        for (step, command) in (0_i64..).zip(commands) {
            linux::esxi(scene, later(at, step * 240_000), host, (14, "shell"), &format!("[adm.selby]: {command}"));
        }
    }
    Ok(())
}

/// 10:47: after a reset somebody's telephone goes on trying the old password, twelve times in six minutes.
fn old_password(scene: &mut Scene<'_>) -> Result<()> {
    let start = scene.at("10:52")?;
    let person = scene.on_shift(start, |person| person.role == "physician")?;
    let account = scene.account(&person.account);
    for number in 0..12 {
        security::ntlm_check(scene, later(start, number * 30_000), &account, "MAIL-SYNC", false)?;
    }
    Ok(())
}
