//! The model of the hospital, read from the TOML files of `fixtures/lakeside/`. What each key means stands in those files; here are only their shapes.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::clock;
use super::story::Story;

/// Relative identifier (the last part of a SID) of the first account of the domain.
const FIRST_RID: usize = 1105;

/// The whole hospital.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) site: Site,
    pub(super) units: Vec<Unit>,
    pub(super) staff: Vec<Person>,
    pub(super) patients: Vec<Patient>,
    pub(super) encounters: Vec<Encounter>,
    pub(super) hosts: Vec<Host>,
    pub(super) network: Network,
    pub(super) programs: Vec<Program>,
    pub(super) binaries: Vec<Binary>,
    pub(super) story: Story,
}

#[derive(Debug, Deserialize)]
struct SiteFile {
    site: Site,
    zone: Vec<Zone>,
    unit: Vec<Unit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) netbios: String,
    pub(super) domain_sid: String,
    pub(super) assigning_authority: String,
    pub(super) authority_oid: String,
    pub(super) facility: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Zone {
    name: String,
    network: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) id: String,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StaffFile {
    staff: Vec<Person>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) person: String,
    pub(super) account: String,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) role: String,
    pub(super) unit: String,
    pub(super) shift: String,
    pub(super) address: String,
    pub(super) postcode: String,
    pub(super) admin_account: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PatientFile {
    patients: Vec<Patient>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patient {
    pub(super) mrn: String,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) sex: String,
    pub(super) born: String,
    pub(super) address: String,
    pub(super) postcode: String,
    pub(super) relation: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EncounterFile {
    encounters: Vec<Encounter>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encounter {
    pub(super) id: String,
    pub(super) mrn: String,
    pub(super) unit: String,
    pub(super) class: String,
    pub(super) bed: String,
    pub(super) admit: DayTime,
    pub(super) discharge: DayTime,
    pub(super) attending: String,
}

/// A time of day on a day of the model's week (0 = Monday).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DayTime {
    pub(super) day: i64,
    pub(super) time: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFile {
    hosts: Vec<Host>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) ip: String,
    pub(super) mac: String,
    pub(super) os: String,
    pub(super) role: String,
    pub(super) zone: String,
    pub(super) unit: Option<String>,
    pub(super) shape: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Network {
    pub(super) ae_titles: Vec<AeTitle>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) systems: Vec<System>,
    pub(super) service_accounts: Vec<ServiceAccount>,
    pub(super) vendors: Vec<Vendor>,
    pub(super) remote_staff: Vec<RemoteStaff>,
    pub(super) device_gateway: Gateway,
    pub(super) devices: Vec<Device>,
    pub(super) virtual_machines: Vec<VirtualMachine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AeTitle {
    pub(super) title: String,
    pub(super) host: String,
    pub(super) ip: String,
    pub(super) port: u16,
    pub(super) kind: String,
    pub(super) modality: Option<String>,
    pub(super) peers: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) sending: String,
    pub(super) sending_facility: String,
    pub(super) receiving: String,
    pub(super) receiving_facility: String,
    pub(super) ip: String,
    pub(super) port: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) host: String,
    pub(super) file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceAccount {
    pub(super) account: String,
    pub(super) host: String,
    pub(super) does: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vendor {
    pub(super) company: String,
    pub(super) account: String,
    pub(super) address: String,
    pub(super) vpn_address: String,
    pub(super) window: Hours,
    pub(super) jump_host: String,
    pub(super) target: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hours {
    pub(super) from: String,
    pub(super) until: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoteStaff {
    pub(super) account: String,
    pub(super) address: String,
    pub(super) vpn_address: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gateway {
    pub(super) vendor: String,
    pub(super) product: String,
    pub(super) version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) vendor: String,
    pub(super) model: String,
    pub(super) software: String,
    pub(super) unit: String,
    pub(super) ip: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VirtualMachine {
    pub(super) name: String,
    pub(super) id: u32,
    pub(super) hypervisor: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgramFile {
    programs: Vec<Program>,
    binaries: Vec<Binary>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) on: Vec<String>,
    #[serde(rename = "as")]
    pub(super) run_as: String,
    pub(super) weight: u64,
    pub(super) image: String,
    pub(super) command: String,
    pub(super) parent: String,
    pub(super) parent_command: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Binary {
    pub(super) file: String,
    pub(super) description: String,
    pub(super) product: String,
    pub(super) company: String,
    pub(super) original: String,
}

impl Model {
    /// Reads the model's files from `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let site: SiteFile = read_file(folder, "site.toml")?;
        let programs: ProgramFile = read_file(folder, "programs.toml")?;
        let model = Self {
            site: site.site,
            units: site.unit,
            staff: read_file::<StaffFile>(folder, "staff.toml")?.staff,
            patients: read_file::<PatientFile>(folder, "patients.toml")?.patients,
            encounters: read_file::<EncounterFile>(folder, "encounters.toml")?.encounters,
            hosts: read_file::<HostFile>(folder, "hosts.toml")?.hosts,
            network: read_file(folder, "network.toml")?,
            programs: programs.programs,
            binaries: programs.binaries,
            story: read_file(folder, "story.toml")?,
        };
        model.check(&site.zone)?;
        Ok(model)
    }

    /// The host of that name.
    pub(super) fn host(&self, name: &str) -> Result<&Host> {
        self.hosts.iter().find(|host| host.name == name).with_context(|| format!("no host {name} in hosts.toml"))
    }

    /// The patient of that record number.
    pub(super) fn patient(&self, mrn: &str) -> Result<&Patient> {
        self.patients.iter().find(|patient| patient.mrn == mrn).with_context(|| format!("no patient {mrn}"))
    }

    /// The member of staff with that account (also the administrator's second account).
    pub(super) fn person(&self, account: &str) -> Result<&Person> {
        let owns = |person: &&Person| person.account == account || person.admin_account.as_deref() == Some(account);
        self.staff.iter().find(owns).with_context(|| format!("no account {account} in staff.toml"))
    }

    /// The system of record of that name.
    pub(super) fn system(&self, name: &str) -> Result<&System> {
        self.network.systems.iter().find(|system| system.name == name).with_context(|| format!("no system {name}"))
    }

    /// The interface of that name.
    pub(super) fn interface(&self, name: &str) -> Result<&Interface> {
        self.network.interfaces.iter().find(|one| one.name == name).with_context(|| format!("no interface {name}"))
    }

    /// The application entity of that title.
    pub(super) fn ae(&self, title: &str) -> Result<&AeTitle> {
        self.network.ae_titles.iter().find(|ae| ae.title == title).with_context(|| format!("no AE title {title}"))
    }

    /// What an executable says about itself, by its path.
    pub(super) fn binary(&self, image: &str) -> Option<&Binary> {
        let file = image.rsplit('\\').next()?;
        self.binaries.iter().find(|binary| binary.file.eq_ignore_ascii_case(file))
    }

    /// Security identifier of a domain account or machine account.
    pub(super) fn sid(&self, account: &str) -> String {
        let people = self.staff.iter().map(|person| person.account.as_str());
        let admins = self.staff.iter().filter_map(|person| person.admin_account.as_deref());
        let services = self.network.service_accounts.iter().map(|service| service.account.as_str());
        let vendors = self.network.vendors.iter().map(|vendor| vendor.account.as_str());
        let machines = self.hosts.iter().map(|host| host.name.as_str());
        let known = people.chain(admins).chain(services).chain(vendors).chain(machines);
        let place = known.into_iter().position(|known| known == account.trim_end_matches('$')).unwrap_or(400);
        format!("{}-{}", self.site.domain_sid, FIRST_RID + place)
    }

    fn check(&self, zones: &[Zone]) -> Result<()> {
        for host in &self.hosts {
            let zone = zones.iter().find(|zone| zone.name == host.zone);
            let zone = zone.with_context(|| format!("host {} stands in no known zone", host.name))?;
            let prefix = zone.network.rsplit_once('.').map_or("", |(prefix, _)| prefix);
            anyhow::ensure!(host.ip.starts_with(prefix), "host {} is outside {}", host.name, zone.network);
            anyhow::ensure!(host.mac.len() == 17, "host {} has no hardware address", host.name);
        }
        self.check_imaging()?;
        self.check_relations()?;
        self.story.check(self)?;
        for encounter in &self.encounters {
            self.patient(&encounter.mrn)?;
            self.person(&encounter.attending)?;
            clock::seconds_of_day(&encounter.admit.time)?;
            clock::seconds_of_day(&encounter.discharge.time)?;
        }
        for service in &self.network.service_accounts {
            self.host(&service.host).with_context(|| service.does.clone())?;
        }
        Ok(())
    }

    fn check_imaging(&self) -> Result<()> {
        for ae in &self.network.ae_titles {
            ae.peers.iter().try_for_each(|peer| self.ae(peer).map(|_| ()))?;
            let known = self.hosts.iter().find(|host| host.name == ae.host);
            anyhow::ensure!(
                known.is_none_or(|host| host.ip == ae.ip),
                "{} is not at the address of {}",
                ae.title,
                ae.host
            );
        }
        Ok(())
    }

    /// What `relation` says of a patient must be true of the addresses: neighbours share street and postcode and live at most ten numbers apart.
    fn check_relations(&self) -> Result<()> {
        for patient in &self.patients {
            let Some((what, person)) = patient.relation.as_deref().and_then(|text| text.split_once(" of ")) else {
                continue;
            };
            let person =
                self.staff.iter().find(|one| one.person == person).with_context(|| format!("no person {person}"))?;
            let (here, there) = (house(&patient.address)?, house(&person.address)?);
            let street = here.0 == there.0 && patient.postcode == person.postcode;
            let near = match what {
                "neighbour" => (1..=10).contains(&here.1.abs_diff(there.1)),
                "household" => here.1 == there.1,
                _ => false,
            };
            anyhow::ensure!(street && near, "patient {} is not {what} of {}", patient.mrn, person.person);
        }
        Ok(())
    }
}

/// Street and house number of `16 Heron Row`.
fn house(address: &str) -> Result<(&str, u32)> {
    let (number, street) = address.split_once(' ').with_context(|| format!("no house number: {address}"))?;
    Ok((street, number.parse().with_context(|| format!("no house number: {address}"))?))
}

fn read_file<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}
