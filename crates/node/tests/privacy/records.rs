//! Who opened one record, as the reviews of a node tell it: on Lakeside's evening, over restarts, merges and late messages.

use std::ops::Range;
use std::sync::Arc;

use cordon_api::{ControlError, Judged, OpenedRecord};
use cordon_model::Time;
use cordon_node::live::Node;
use cordon_seal::SiteKey;
use cordon_store::disk::FileDisk;
use cordon_store::keys::{KeySource, Keys};

use crate::hospital::{self, Hospital, Part, SITE};
use crate::{LATE_ADMISSION, late_merge};

/// Who assigns the numbers of records at Lakeside.
const LAKESIDE: &str = "2.16.840.1.113883.19.5";

fn everything() -> Range<Time> {
    Time(i64::MIN)..Time(i64::MAX)
}

fn key(hospital: &Hospital) -> SiteKey {
    let folder = hospital.folder.path();
    let keys = Keys::open(Arc::new(FileDisk), folder, &KeySource::File(folder.join("key"))).unwrap();
    keys.site_key(SITE).unwrap()
}

/// The pseudonym of a record number.
fn of_number(hospital: &Hospital, number: &str) -> String {
    key(hospital).patient_ref(LAKESIDE, number).as_str().to_owned()
}

async fn opened(hospital: &Hospital, node: &Node, patient_ref: &str) -> OpenedRecord {
    hospital.access_review(node).opened(patient_ref, everything()).await.unwrap().unwrap()
}

/// A node that has heard everything and reviewed it.
async fn reviewed(hospital: &Hospital) -> Node {
    let node = hospital.start().await;
    hospital::send(&node, &hospital.deliveries(&Part::ALL)).await;
    hospital.review(&node).await.unwrap();
    node
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_opened_the_neighbours_record_is_told_with_a_reason_or_that_none_was_found_also_after_a_restart()
{
    let hospital = Hospital::new();
    let node = reviewed(&hospital).await;
    let neighbour = of_number(&hospital, "700100");
    let record = opened(&hospital, &node, &neighbour).await;
    let case = hospital::incidents(&node).await.remove(0).found;
    node.stop().await;
    assert!(record.accesses.is_sorted_by_key(|access| access.time), "in order of time");
    let of_nurse: Vec<_> = record.accesses.iter().filter(|access| access.user == "m.linnet").collect();
    // the search before it names nobody, and belongs to the case alone
    let of_case: Vec<_> = case.accesses.iter().filter(|access| !access.patient_ref.is_empty()).collect();
    assert_eq!(of_nurse.len(), of_case.len());
    for (access, told) in of_nurse.iter().zip(&of_case) {
        assert_eq!((access.event, access.time, &access.source), (Some(told.event_id), told.time, &told.source));
        assert_eq!((access.judged, access.words.as_str()), (Judged::Unexplained, "no reason found in the data"));
        assert_eq!((access.role.as_str(), access.proof.len()), ("nurse", 0), "{access:?}");
    }
    assert!(of_nurse.iter().any(|access| access.break_glass));
    for access in record.accesses.iter().filter(|access| access.judged == Judged::Explained) {
        assert!(!access.explanation.is_empty() && !access.proof.is_empty(), "{access:?}");
    }
    for text in record.accesses.iter().flat_map(|access| [&access.purpose, &access.recipient, &access.section]) {
        assert!(!["Ferrin", "Tobias", "700100"].iter().any(|name| text.contains(name)), "{text}");
    }
    assert!(record.patients.contains(&neighbour) && record.patients.len() >= 3, "{:?}", record.patients);
    let node = hospital.start().await;
    for patient_ref in &record.patients {
        assert_eq!(opened(&hospital, &node, patient_ref).await, record, "under each of its names");
    }
    let period = record.accesses[1].time..record.accesses[2].time;
    let part = hospital.access_review(&node).opened(&neighbour, period).await.unwrap().unwrap();
    node.stop().await;
    assert!(part.accesses.iter().all(|access| access.time == record.accesses[1].time), "{:?}", part.accesses);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_that_comes_late_stands_in_the_record_of_the_next_review() {
    let hospital = Hospital::new();
    let node = reviewed(&hospital).await;
    let neighbour = of_number(&hospital, "700100");
    hospital::send(&node, &[hospital.message(LATE_ADMISSION)]).await;
    let before = opened(&hospital, &node, &neighbour).await;
    hospital.review(&node).await.unwrap();
    let after = opened(&hospital, &node, &neighbour).await;
    node.stop().await;
    let of_nurse = |record: &OpenedRecord| {
        let all = record.accesses.iter().filter(|access| access.user == "m.linnet");
        all.map(|access| (access.judged, access.words.clone(), access.proof.clone())).collect::<Vec<_>>()
    };
    assert!(of_nurse(&before).iter().all(|(judged, ..)| *judged == Judged::Unexplained));
    let (_, words, proof) = &of_nurse(&after)[0];
    assert!(words.contains("was on shift in the patient's unit"), "{words}");
    assert!(proof.iter().any(|proof| proof.starts_with("shifts.csv:")), "{proof:?}");
    assert!(proof.iter().any(|proof| proof.starts_with("event:")), "{proof:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_messages_merge_lead_to_one_record() {
    let hospital = Hospital::new();
    let node = reviewed(&hospital).await;
    let (neighbour, other) = (of_number(&hospital, "700100"), of_number(&hospital, "990017"));
    let nobody = hospital.access_review(&node).opened(&other, everything()).await.unwrap();
    let messages = late_merge().map(|text| hospital.message(&text));
    hospital::send(&node, &messages).await;
    hospital.review(&node).await.unwrap();
    let (one, same) = (opened(&hospital, &node, &neighbour).await, opened(&hospital, &node, &other).await);
    node.stop().await;
    assert_eq!(nobody, None, "before, nobody had this id");
    assert!(one.patients.contains(&other), "{:?}", one.patients);
    assert_eq!(one, same);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_accesses_are_not_reviewed_or_not_any_more_nothing_is_told_and_nothing_is_kept() {
    let hospital = Hospital::new();
    let node = hospital.start().await;
    let neighbour = of_number(&hospital, "700100");
    let early = hospital.access_review(&node).opened(&neighbour, everything()).await;
    hospital.review(&node).await.unwrap();
    let file = hospital.folder.path().join("privacy/records");
    let was_there = file.is_file();
    let known = opened(&hospital, &node, &neighbour).await;
    let off = Hospital { context: None, ..Hospital::new() };
    let late = off.access_review(&node).opened(&neighbour, everything()).await;
    let is_there = file.is_file();
    node.stop().await;
    assert!(matches!(&early, Err(ControlError::Refused(why)) if why.contains("start one")), "{early:?}");
    assert!(known.accesses.is_empty() && !known.patients.is_empty(), "known, and opened by nobody");
    assert!(matches!(&late, Err(ControlError::Refused(why)) if why.contains("privacy.context_dir")), "{late:?}");
    assert_eq!((was_there, is_there), (true, false));
}
