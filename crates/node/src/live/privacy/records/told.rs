//! A record as it is told to people and programs: reasons in words, and the accounting of disclosures.

use std::collections::BTreeSet;

use cordon_api::{Judged, OpenedRecord, Opening, RecordDisclosure};
use cordon_model::Time;
use cordon_privacy::{Disclosure, Reason, RecordAccess};

use super::super::ids::account;
use super::{Opened, Record};

/// In words, with the accounts of the privacy office marked.
pub(in crate::live::privacy) fn told(record: Record, office: &[String]) -> OpenedRecord {
    let office: BTreeSet<String> = office.iter().map(|name| account(name)).collect();
    let disclosures = disclosures(&record);
    let Record { about, patients, accesses, left_out } = record;
    let period = about.period();
    OpenedRecord {
        ran: about.ran(),
        from: period.start,
        until: period.end,
        patients,
        accesses: accesses.into_iter().map(|opened| opening(opened, &office)).collect(),
        left_out,
        silences: about.silences,
        disclosures,
        site: about.site,
    }
}

fn opening(opened: Opened, office: &BTreeSet<String>) -> Opening {
    let (words, judged) = (words(&opened), judged(&opened));
    Opening {
        event: opened.event,
        time: opened.time,
        is_office: office.contains(&opened.user),
        user: opened.user,
        role: opened.role,
        department: opened.department,
        action: opened.action,
        section: opened.section,
        recipient: opened.recipient,
        purpose: opened.purpose,
        workstation: opened.workstation,
        address: opened.address,
        application: opened.application,
        location: opened.location,
        source: opened.source,
        break_glass: opened.break_glass,
        is_denied: opened.is_denied,
        judged,
        explanation: opened.explanation.split('|').filter(|id| !id.is_empty()).map(str::to_owned).collect(),
        words,
        proof: opened.proof,
    }
}

const fn judged(opened: &Opened) -> Judged {
    match (opened.explanation.is_empty(), opened.waits_for.is_empty()) {
        (false, _) => Judged::Explained,
        (true, false) => Judged::Withheld,
        (true, true) => Judged::Unexplained,
    }
}

/// The reasons in words, or for what a judgement waits, or that none is found: the words of `cordon privacy record`.
fn words(opened: &Opened) -> String {
    let has = |reason: &Reason| opened.explanation.split('|').any(|id| id == reason.id());
    let reasons: Vec<&str> = Reason::ALL.into_iter().filter(has).map(Reason::words).collect();
    match (reasons.is_empty(), opened.waits_for.as_str()) {
        (false, _) => reasons.join("; "),
        (true, "") => "no reason found in the data".to_owned(),
        (true, feed) => format!("cannot be judged yet: {feed} did not come in full"),
    }
}

/// The disclosures among the accesses, by the rule of `cordon privacy record --disclosures`.
fn disclosures(record: &Record) -> Vec<RecordDisclosure> {
    let row = |(row, opened): (u32, &Opened)| RecordAccess {
        row,
        time: opened.time.to_string(),
        at: opened.time.0 / 1_000,
        user: opened.user.clone(),
        role: opened.role.clone(),
        department: opened.department.clone(),
        action: if opened.action == "disclose" { "disclose" } else { "read" },
        section: opened.section.clone(),
        object: opened.recipient.clone(),
        purpose: opened.purpose.clone(),
        workstation: String::new(),
        application: String::new(),
        break_glass: opened.break_glass,
        explanation: String::new(),
        words: String::new(),
        proof: Vec::new(),
    };
    // what was refused was not disclosed
    let carried_out = (0_u32..).zip(&record.accesses).filter(|(_, opened)| !opened.is_denied);
    let accesses = carried_out.map(row).collect();
    let all = cordon_privacy::Record { patients: Vec::new(), accesses, silences: Vec::new() };
    all.disclosures().into_iter().map(|disclosure| disclosed(disclosure, record)).collect()
}

fn disclosed(disclosure: Disclosure, record: &Record) -> RecordDisclosure {
    let Disclosure { count, recipient, what, purpose, rows, .. } = disclosure;
    let of_row = |row: u32| usize::try_from(row).ok().and_then(|row| record.accesses.get(row));
    let times: Vec<Time> = rows.iter().filter_map(|row| of_row(*row)).map(|opened| opened.time).collect();
    let first = times.iter().min().copied().unwrap_or_default();
    let last = times.iter().max().copied().unwrap_or_default();
    let events = rows.iter().filter_map(|row| of_row(*row)?.event).collect();
    RecordDisclosure { first, last, count, recipient, what, purpose, events }
}
