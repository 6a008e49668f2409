//! Ordinary upheaval stays ordinary: pumps that move, a modality that is updated. With work orders nothing is told; without them little, and nothing above low.
#![cfg(test)]

use cordon_detect::{Behaviour, BehaviourOptions, Deed, EventKey, Noticed, Observed, WorkKind, WorkOrder};
use cordon_model::{Digest, EventId, FindingOrigin, Level, Position, Time};

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;
/// Monday 2 March 2026, midnight UTC.
const MONDAY_S: i64 = 1_772_409_600;
/// The day of the upheaval, after three weeks as ever, and how long it is looked at.
const UPHEAVAL_DAY: i64 = 21;
const DAYS: i64 = 28;
const PUMPS: u8 = 30;

/// When what is told is looked at.
const fn when(day: i64, hour: i64) -> Time {
    Time((MONDAY_S + day * DAY_S + hour * HOUR_S) * 1_000_000)
}

/// What happens on that day.
#[derive(Clone, Copy)]
struct Plan {
    is_moved: bool,
    /// The gateway of the other ward speaks another protocol.
    is_other_protocol: bool,
    is_updated: bool,
}

const MOVE: Plan = Plan { is_moved: true, is_other_protocol: false, is_updated: false };
const MOVE_AND_OTHER_PROTOCOL: Plan = Plan { is_other_protocol: true, ..MOVE };
const UPDATE: Plan = Plan { is_moved: false, is_other_protocol: false, is_updated: true };

/// Events of a hospital, as they come.
#[derive(Default)]
struct Hospital(Vec<Observed>);

impl Hospital {
    fn push(&mut self, s: i64, deed: Deed, source: &str) -> &mut Observed {
        let time = Time((MONDAY_S + s) * 1_000_000);
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(self.0.len() as u64).to_le_bytes());
        let (position, record_sha256) = (Position::Offset(self.0.len() as u64), Digest([7; 32]));
        self.0.push(Observed {
            time,
            received: time,
            source: source.into(),
            site: "main".into(),
            class_uid: 0,
            event: EventKey { id: EventId(id), record_sha256, position, index: 0 },
            deed,
            user: None,
            role: None,
            host: None,
            from_host: None,
            address: None,
            device: None,
            peer: None,
            peer_address: None,
            port: 0,
            what: "".into(),
            bytes_out: 0,
            records: 1,
            patients: Box::default(),
            patient_ref: None,
        });
        self.0.last_mut().unwrap()
    }

    /// A device reports to a partner.
    fn report(&mut self, s: i64, device: &str, (peer, address): (&str, &str), what: &str) {
        let observed = self.push(s, Deed::Reported, "integration engine");
        (observed.device, observed.peer) = (Some(device.into()), Some(peer.into()));
        (observed.peer_address, observed.what) = (Some(address.parse().unwrap()), what.into());
    }

    /// A machine speaks with another.
    fn flow(&mut self, s: i64, from: &str, to: &str, port: u16, bytes_out: u64) {
        let observed = self.push(s, Deed::Flow, "sensor");
        (observed.address, observed.peer_address) = (Some(from.parse().unwrap()), Some(to.parse().unwrap()));
        (observed.port, observed.bytes_out) = (port, bytes_out);
    }

    /// An hour of the pumps, on the ward where they are: each reports to the ward's gateway, which polls it.
    fn pumps(&mut self, s: i64, is_moved: bool, plan: Plan) {
        let (net, gateway) = if is_moved { ("10.7", "GW-B") } else { ("10.5", "GW-A") };
        let (there, here) =
            (if plan.is_other_protocol { ("pump over TLS", 3_614) } else { ("pump", 3_613) }, ("pump", 3_613));
        let (what, port) = if is_moved { there } else { here };
        let gateway_address = format!("{net}.0.10");
        for pump in 1..=PUMPS {
            let (name, address) = (format!("PUMP-{pump:02}"), format!("{net}.1.{pump}"));
            let at = s + 60 * i64::from(pump);
            self.report(at, &name, (gateway, &gateway_address), what);
            self.flow(at + 5, &address, &gateway_address, port, 2_000);
            self.flow(at + 20, &gateway_address, &address, 2_000, 300);
        }
        // the other ward has pumps and a gateway of its own, which stay
        for pump in 101..=110 {
            self.flow(s + 30 * pump, &format!("10.7.1.{pump}"), "10.7.0.10", there.1, 2_000);
            self.flow(s + 30 * pump + 20, "10.7.0.10", &format!("10.7.1.{pump}"), 2_000, 300);
        }
    }

    /// An hour of a scanner; after its update it has another name, other partners and protocols, and sends ten times as much.
    fn scanner(&mut self, s: i64, is_updated: bool) {
        for image in 0..6 {
            let at = s + 600 * image;
            if is_updated {
                self.report(at, "CT1_V2", ("PACS2", "10.6.0.21"), "dicom-web");
                self.flow(at + 1, "10.6.0.5", "10.6.0.21", 443, 500_000_000);
                self.report(at + 2, "CT1_V2", ("DOSE", "10.6.0.30"), "dicom");
                self.flow(at + 3, "10.6.0.5", "10.6.0.30", 2_762, 1_000_000);
            } else {
                self.report(at, "CT1", ("PACS", "10.6.0.20"), "dicom");
                self.flow(at + 1, "10.6.0.5", "10.6.0.20", 11_112, 50_000_000);
            }
            self.report(at + 7, "MR1", ("PACS", "10.6.0.20"), "dicom");
        }
    }

    /// Four weeks in which pumps move or the scanner is updated on the morning of one day.
    fn weeks(plan: Plan) -> Self {
        let Plan { is_moved, is_updated, .. } = plan;
        let mut hospital = Self::default();
        for hour in 0..DAYS * 24 {
            let is_after = hour >= UPHEAVAL_DAY * 24 + 10;
            // for two hours pumps are on their way; the scanner stands still for four
            let is_between = (UPHEAVAL_DAY * 24 + 8..UPHEAVAL_DAY * 24 + 10).contains(&hour);
            if !(is_moved && is_between) {
                hospital.pumps(hour * HOUR_S, is_moved && is_after, plan);
            }
            let is_still = is_updated && (UPHEAVAL_DAY * 24 + 6..UPHEAVAL_DAY * 24 + 10).contains(&hour);
            if (7..19).contains(&(hour % 24)) && !is_still {
                hospital.scanner(hour * HOUR_S, is_updated && is_after);
            }
        }
        hospital
    }

    /// What is told of it.
    fn told(&mut self, orders: Vec<WorkOrder>) -> Vec<Noticed> {
        self.0.sort_by_key(|observed| observed.time);
        let mut behaviour = Behaviour::new(BehaviourOptions::new([3, 5]));
        assert_eq!(behaviour.declare_work(orders), 0);
        let mut out = Vec::new();
        for observed in &self.0 {
            behaviour.see(observed, &mut out);
            behaviour.advance(observed.time, &mut out);
        }
        out.iter().for_each(|noticed| println!("{}", about(noticed)));
        out
    }
}

fn order(kind: WorkKind, reference: &str, names: &[String]) -> WorkOrder {
    WorkOrder {
        reference: reference.into(),
        kind,
        from: when(UPHEAVAL_DAY, 6),
        until: when(UPHEAVAL_DAY, 18),
        names: names.iter().map(|name| name.as_str().into()).collect(),
    }
}

fn moves() -> Vec<WorkOrder> {
    let names = |pump| [format!("PUMP-{pump:02}"), format!("10.5.1.{pump}"), format!("10.7.1.{pump}")];
    (1..=PUMPS).map(|pump| order(WorkKind::Move, &format!("WO-{pump}"), &names(pump))).collect()
}

fn update() -> Vec<WorkOrder> {
    vec![order(WorkKind::Update, "WO-CT", &["CT1", "CT1_V2", "10.6.0.5"].map(str::to_owned))]
}

/// What is told, and of whom.
fn about(noticed: &Noticed) -> String {
    let finding = &noticed.detected.finding;
    let FindingOrigin::Correlation { group, .. } = &finding.origin else { return String::new() };
    format!("{} {}", finding.rule.id, group.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" "))
}

fn above_low(told: &[Noticed]) -> usize {
    told.iter().filter(|noticed| noticed.detected.finding.rule.level > Level::Low).count()
}

#[test]
fn thirty_pumps_that_move_under_work_orders_are_not_told_of() {
    for plan in [MOVE, MOVE_AND_OTHER_PROTOCOL] {
        assert_eq!(Hospital::weeks(plan).told(moves()).len(), 0);
    }
}

#[test]
fn without_work_orders_another_ward_and_protocol_at_once_are_told_of_and_stay_low() {
    let told = Hospital::weeks(MOVE_AND_OTHER_PROTOCOL).told(Vec::new());
    assert!(
        told.len() > 5 && above_low(&told) == 0,
        "{} findings: a known weakness, or a test that cannot fail",
        told.len()
    );
}

#[test]
fn thirty_pumps_that_move_without_work_orders_make_at_most_five_findings() {
    let told = Hospital::weeks(MOVE).told(Vec::new());
    assert!(told.len() <= 5 && above_low(&told) == 0, "{} findings", told.len());
}

#[test]
fn a_scanner_that_is_updated_under_a_work_order_is_not_told_of() {
    let told = Hospital::weeks(UPDATE).told(update());
    assert_eq!(told.len(), 0);
}

#[test]
fn a_scanner_that_is_updated_without_a_work_order_makes_at_most_five_findings() {
    let told = Hospital::weeks(UPDATE).told(Vec::new());
    assert!(!told.is_empty(), "an update changes whom a scanner speaks with");
    assert!(told.len() <= 5 && above_low(&told) == 0, "{} findings", told.len());
}

#[test]
fn a_partner_outside_the_house_is_told_of_also_during_a_work_order() {
    let mut hospital = Hospital::weeks(UPDATE);
    hospital.flow((UPHEAVAL_DAY * 24 + 8) * HOUR_S + 17, "10.6.0.5", "203.0.113.9", 4_444, 5_000);
    let told = hospital.told(update());
    assert_eq!(told.iter().map(about).collect::<Vec<_>>(), ["learn.device.new_peer 10.6.0.5"]);
}

#[test]
fn a_new_partner_after_the_work_is_done_is_told_of() {
    let mut hospital = Hospital::weeks(Plan { is_updated: true, ..MOVE });
    let late = (UPHEAVAL_DAY + 5) * 24 + 9;
    hospital.report(late * HOUR_S + 17, "PUMP-07", ("UNKNOWN", "10.9.9.9"), "telnet");
    hospital.flow(late * HOUR_S + 18, "10.6.0.5", "10.9.9.9", 23, 5_000);
    let told = hospital.told(moves().into_iter().chain(update()).collect());
    let expect = ["learn.device.new_peer PUMP-07", "learn.device.new_peer 10.6.0.5"];
    assert_eq!(told.iter().map(about).collect::<Vec<_>>(), expect, "the order lasts twelve hours, not for ever");
}

#[test]
fn a_pump_that_is_lost_on_its_way_is_told_of() {
    let mut hospital = Hospital::weeks(MOVE);
    let lost =
        |observed: &Observed| observed.device.as_deref() == Some("PUMP-07") && observed.time >= when(UPHEAVAL_DAY, 10);
    hospital.0.retain(|observed| !lost(observed));
    let told = hospital.told(moves());
    assert_eq!(told.iter().map(about).collect::<Vec<_>>(), ["learn.device.quiet PUMP-07"]);
}
