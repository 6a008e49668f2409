//! HL7 v2 messages: the interface engine's traffic (MLLP framed) and the nightly batch file of the admissions feed.

use anyhow::Result;
use cordon_model::Time;

use super::acts;
use super::clock;
use super::files;
use super::model::{Encounter, Interface, Patient};
use super::out::NUMBER;
use super::scene::Scene;
use super::zeek::Flow;

/// Some of the engine's connections as the network sees them; most messages share one that stays open.
fn carry(scene: &mut Scene<'_>, at: Time, interface: &Interface) -> Result<()> {
    let engine = scene.host("IE01")?;
    if scene.random.chance(15) {
        let flow = Flow::new(scene, &interface.ip, &engine.ip, interface.port, "");
        acts::flow(scene, at, &flow);
    }
    Ok(())
}

fn stamp(at: Time) -> String {
    clock::show(at, "%Y%m%d%H%M%S")
}

fn msh(at: Time, interface: &Interface, kind: &str, control: &str) -> String {
    format!(
        "MSH|^~\\&|{}|{}|{}|{}|{}+0000||{kind}|{control}|P|2.5.1|||AL|NE||UNICODE UTF-8\r",
        interface.sending,
        interface.sending_facility,
        interface.receiving,
        interface.receiving_facility,
        stamp(at)
    )
}

fn pid(scene: &Scene<'_>, patient: &Patient) -> String {
    let site = &scene.model.site;
    format!(
        "PID|1||{}^^^{}&{}&ISO^MR||{}^{}||{}|{}|||{}^^Lakeside^^{}\r",
        patient.mrn,
        site.assigning_authority,
        site.authority_oid,
        patient.family,
        patient.given,
        patient.born.replace('-', ""),
        patient.sex,
        patient.address,
        patient.postcode
    )
}

fn pv1(encounter: &Encounter) -> String {
    format!(
        "PV1|1|{}|{}^{}^^LKS||||{}|||||||||||{}\r",
        encounter.class, encounter.unit, encounter.bed, encounter.attending, encounter.id
    )
}

/// Where an admission message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Mllp,
    Batch,
}

/// ADT: A01 admission, A02 transfer, A03 discharge, A04 registration, A08 change of data.
pub(super) fn adt(
    scene: &mut Scene<'_>,
    at: Time,
    trigger: &str,
    (patient, encounter): (&Patient, &Encounter),
    way: Way,
) -> Result<()> {
    let interface = scene.model.interface("adt")?;
    let by = scene.on_shift(at, |person| person.role == "registration")?;
    let structure = if matches!(trigger, "A04" | "A08") { "A01" } else { trigger };
    let control = format!("ADT{}", scene.random.hex(9));
    let text = msh(at, interface, &format!("ADT^{trigger}^ADT_{structure}"), &control)
        + &format!("EVN|{trigger}|{}|||{}\r", stamp(at), by.account)
        + &pid(scene, patient)
        + &pv1(encounter);
    let file = if way == Way::Batch { files::HL7_BATCH } else { files::HL7_MLLP };
    scene.out.add(file, at, text);
    if way == Way::Mllp {
        acknowledge(scene, at, interface, &control);
    }
    Ok(())
}

fn acknowledge(scene: &mut Scene<'_>, at: Time, interface: &Interface, control: &str) {
    let at = clock::later(at, 35);
    let text = format!(
        "MSH|^~\\&|{}|{}|{}|{}|{}+0000||ACK|ACK{NUMBER}|P|2.5.1\rMSA|AA|{control}\r",
        interface.receiving,
        interface.receiving_facility,
        interface.sending,
        interface.sending_facility,
        stamp(at)
    );
    scene.out.add(files::HL7_MLLP, at, text);
}

/// A laboratory order.
pub(super) fn order(
    scene: &mut Scene<'_>,
    at: Time,
    (patient, encounter): (&Patient, &Encounter),
    number: u64,
) -> Result<()> {
    let interface = scene.model.interface("orders")?;
    let text = msh(at, interface, "ORM^O01^ORM_O01", &format!("ORD{number}"))
        + &pid(scene, patient)
        + &pv1(encounter)
        + &format!("ORC|NW|{number}||||||{}|||{}\r", stamp(at), encounter.attending)
        + &format!("OBR|1|{number}||BMP^Basic metabolic panel^L|||{}\r", stamp(at));
    scene.out.add(files::HL7_MLLP, at, text);
    Ok(())
}

/// The results of an order: three values, final. The same number gives the same values, so that a message sent again says the same.
pub(super) fn result(
    scene: &mut Scene<'_>,
    at: Time,
    (patient, encounter): (&Patient, &Encounter),
    number: u64,
) -> Result<()> {
    let interface = scene.model.interface("results")?;
    carry(scene, at, interface)?;
    let mut values = super::random::Random::stream(number, "results", 0);
    let text = msh(at, interface, "ORU^R01^ORU_R01", &format!("RES{number}"))
        + &pid(scene, patient)
        + &pv1(encounter)
        + &format!("OBR|1|{number}|L{number}|BMP^Basic metabolic panel^L|||{}||||||||||||||||||F\r", stamp(at))
        + &format!("OBX|1|NM|2951-2^Sodium^LN||{}|mmol/L|135-145||||F\r", 132 + values.below(15))
        + &format!("OBX|2|NM|2823-3^Potassium^LN||{}.{}|mmol/L|3.5-5.1||||F\r", 3 + values.below(2), values.below(10))
        + &format!("OBX|3|NM|2160-0^Creatinine^LN||{}|umol/L|50-110||||F\r", 48 + values.below(90));
    scene.out.add(files::HL7_MLLP, at, text);
    Ok(())
}

/// A demographic query of the clinic, by number.
pub(super) fn demographic_query(scene: &mut Scene<'_>, at: Time, patient: &Patient) -> Result<()> {
    let interface = scene.model.interface("queries")?;
    carry(scene, at, interface)?;
    let tag = scene.random.hex(8);
    let text = msh(at, interface, "QBP^Q22^QBP_Q21", &format!("QRY{tag}"))
        + &format!("QPD|Q22^Find Candidates^HL7|{tag}|@PID.3.1^{}\rRCP|I|5^RD\r", patient.mrn);
    scene.out.add(files::HL7_MLLP, at, text);
    Ok(())
}
