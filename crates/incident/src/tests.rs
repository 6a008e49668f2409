//! Every deed in every state, and the rules beside them.

use cordon_model::{
    AskedOf, Conclusion, Digest, EventId, Factor, FactorLevel, Incident, IncidentAccess, IncidentId, IncidentKind,
    IncidentState, IncidentVerdict, NewIncident, RequestState, Time, Told,
};
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600 * 1_000_000;
const OFFICER: Doer<'_> = Doer::Person("officer");

fn access(number: u8) -> IncidentAccess {
    IncidentAccess {
        event_id: EventId([number; 16]),
        time: Time(i64::from(number)),
        patient_ref: "p-1".to_owned(),
        action: "read".to_owned(),
        section: String::new(),
        source: "ehr".to_owned(),
        workstation: String::new(),
        break_glass: false,
        explanation: String::new(),
    }
}

fn found(accesses: u8) -> NewIncident {
    NewIncident {
        id: IncidentId([1; 16]),
        kind: IncidentKind::Privacy,
        site: "main".to_owned(),
        user: "LAKESIDE\\anna".to_owned(),
        title: "No reason found for [[user:LAKESIDE\\anna]]".to_owned(),
        score: 0.9,
        scenarios: vec!["S2".to_owned()],
        patients: vec!["p-1".to_owned()],
        parts: vec![("S2".to_owned(), 2.5)],
        sentences: vec![Told { text: "neighbours".to_owned(), proof: vec!["staff.csv:3".to_owned()] }],
        counter_evidence: Vec::new(),
        accesses: (1..=accesses).map(access).collect(),
        first: Time(1),
        last: Time(i64::from(accesses)),
        opened: Time(100),
        is_office: false,
    }
}

fn new() -> Incident {
    open(found(1), Time(100)).unwrap()
}

fn factor(level: FactorLevel) -> Factor {
    Factor { level, words: "because".to_owned() }
}

fn assessment(conclusion: Conclusion) -> Deed {
    Deed::Assess(AssessmentGiven {
        nature: factor(FactorLevel::High),
        recipient: factor(FactorLevel::Low),
        acquired: factor(FactorLevel::High),
        mitigation: factor(FactorLevel::Medium),
        conclusion,
    })
}

fn decide(verdict: IncidentVerdict) -> Deed {
    Deed::Decide { verdict, reason: "asked and seen".to_owned() }
}

fn propose() -> Deed {
    Deed::Propose { to: AskedOf::Employee, text: "why was this record opened?".to_owned() }
}

fn reply(text: &str, is_correction: bool) -> Deed {
    Deed::Reply { number: 1, text: text.to_owned(), is_correction }
}

/// Does it, as a person or as the node, whichever may.
fn does(incident: &mut Incident, deed: Deed) -> Result<usize, Refused> {
    let by = if matches!(deed, Deed::Renew(_) | Deed::Withdraw { .. }) { Doer::Node } else { OFFICER };
    apply(incident, deed, by, Time(200)).map(|custody| custody.len())
}

/// A case in a state, with a task, a proposed request 1 and, where the state says so, more.
fn in_state(state: IncidentState) -> Incident {
    let mut incident = new();
    let mut steps = vec![Deed::AddTask { title: "call the ward".to_owned(), due: None }];
    if state != IncidentState::New {
        steps.extend([Deed::Move(IncidentState::Triage), propose()]);
    }
    match state {
        IncidentState::Asked => steps.push(Deed::Approve { number: 1 }),
        IncidentState::Answered => steps.extend([Deed::Approve { number: 1 }, reply("on call", false), propose()]),
        IncidentState::Decided => steps.push(decide(IncidentVerdict::Appropriate)),
        IncidentState::Closed => {
            steps.extend([decide(IncidentVerdict::Appropriate), Deed::Move(IncidentState::Closed)]);
        }
        IncidentState::Withdrawn => steps.push(Deed::Withdraw { reason: "an order came late".to_owned() }),
        IncidentState::New | IncidentState::Triage => {}
    }
    for step in steps {
        does(&mut incident, step).unwrap();
    }
    assert_eq!(incident.state, state);
    incident
}

/// What becomes of a case in each state when a deed is done: `-` refused, else the state afterwards; `=` for nothing written.
fn row(deed: &Deed) -> String {
    let cells = IncidentState::ALL.iter().map(|state| {
        let mut incident = in_state(*state);
        let before = incident.clone();
        match does(&mut incident, deed.clone()) {
            Err(_) => {
                assert_eq!(incident, before, "what is refused changes nothing");
                "-"
            }
            Ok(0) => "=",
            Ok(_) => incident.state.name(),
        }
    });
    cells.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_state_takes_exactly_the_deeds_of_the_table() {
    let task = Deed::AddTask { title: "x".to_owned(), due: None };
    let table = [
        // columns:                       new triage asked answered decided closed withdrawn
        (Deed::Move(IncidentState::Triage), "triage - triage triage triage - -"),
        (Deed::Move(IncidentState::Closed), "- - - - closed - -"),
        (Deed::Move(IncidentState::New), "- - - - - - -"),
        (Deed::Move(IncidentState::Asked), "- - - - - - -"),
        (Deed::Move(IncidentState::Answered), "- - - - - - -"),
        (Deed::Move(IncidentState::Decided), "- - - - - - -"),
        (Deed::Move(IncidentState::Withdrawn), "- - - - - - -"),
        (Deed::Own(Some("bert".to_owned())), "new triage asked answered decided - -"),
        (Deed::Comment("seen".to_owned()), "new triage asked answered decided closed withdrawn"),
        (task, "new triage asked answered decided - -"),
        (Deed::MarkTask { number: 1, done: true }, "new triage asked answered decided - -"),
        (propose(), "- triage asked answered - - -"),
        // request 1 waits in triage only; in answered it is request 2 that waits
        (Deed::Approve { number: 1 }, "- asked - - - - -"),
        (Deed::Approve { number: 2 }, "- - - asked - - -"),
        (Deed::Refuse { number: 1 }, "- triage triage - - - -"),
        (Deed::Send { number: 1 }, "- - asked - - - -"),
        (reply("on call", false), "- - answered answered - - -"),
        (assessment(Conclusion::LowProbability), "- triage asked answered - - -"),
        (decide(IncidentVerdict::Unfounded), "- decided decided decided - - -"),
        (Deed::Teach(false), "- - - - decided closed -"),
        (Deed::Renew(Box::new(found(2))), "new triage asked answered = = new"),
        (Deed::Renew(Box::new(found(1))), "= = = = = = new"),
        (Deed::Withdraw { reason: "late".to_owned() }, "withdrawn withdrawn withdrawn withdrawn - - ="),
    ];
    for (deed, expect) in table {
        assert_eq!(row(&deed), expect, "{deed:?}");
    }
}

#[test]
fn a_person_may_correct_what_was_said_after_the_verdict_too() {
    let mut incident = in_state(IncidentState::Asked);
    does(&mut incident, decide(IncidentVerdict::PolicyViolation)).unwrap();
    does(&mut incident, reply("I was on call that night", false)).unwrap();
    does(&mut incident, reply("on call on ward 3, not 2", true)).unwrap();
    assert_eq!(incident.state, IncidentState::Decided);
    let last = incident.requests[0].reply.clone().unwrap();
    assert!(last.is_correction && last.text == "on call on ward 3, not 2");
    assert_eq!(incident.comments[0].text, "Earlier reply to request 1: I was on call that night");
}

#[test]
fn nobody_works_on_a_case_about_themselves_and_only_the_node_brings_evidence() {
    let mut incident = new();
    for name in ["anna", "Anna", "LAKESIDE\\ANNA", "anna@lakeside.example"] {
        let deed = Deed::Comment("all is well".to_owned());
        assert_eq!(apply(&mut incident, deed, Doer::Person(name), Time(1)), Err(Refused::AboutYourself), "{name}");
    }
    let renewal = Deed::Renew(Box::new(found(2)));
    assert_eq!(apply(&mut incident, renewal, OFFICER, Time(1)), Err(Refused::NotTheirs));
    let withdrawal = Deed::Withdraw { reason: "x".to_owned() };
    assert_eq!(apply(&mut incident, withdrawal, OFFICER, Time(1)), Err(Refused::NotTheirs));
    assert_eq!(apply(&mut incident, decide(IncidentVerdict::Unfounded), Doer::Node, Time(1)), Err(Refused::NotTheirs));
}

#[test]
fn a_request_is_approved_before_it_is_sent_and_one_that_was_refused_is_not() {
    let mut incident = in_state(IncidentState::Triage);
    assert_eq!(does(&mut incident, Deed::Send { number: 1 }), Err(Refused::Request("approved")));
    assert_eq!(does(&mut incident, reply("x", false)), Err(Refused::Request("approved, sent or replied")));
    does(&mut incident, Deed::Approve { number: 1 }).unwrap();
    assert_eq!(incident.requests[0].approved_by.as_deref(), Some("officer"));
    does(&mut incident, Deed::Send { number: 1 }).unwrap();
    assert_eq!(does(&mut incident, Deed::Refuse { number: 1 }), Err(Refused::Request("proposed or approved")));
    does(&mut incident, propose()).unwrap();
    does(&mut incident, Deed::Refuse { number: 2 }).unwrap();
    assert_eq!(does(&mut incident, Deed::Approve { number: 2 }), Err(Refused::Request("proposed")));
    assert_eq!(incident.state, IncidentState::Asked, "request 1 is still open");
    assert_eq!(
        incident.requests.iter().map(|one| one.state).collect::<Vec<_>>(),
        [RequestState::Sent, RequestState::Refused]
    );
    assert_eq!(does(&mut incident, Deed::Approve { number: 9 }), Err(Refused::None("request")));
}

#[test]
fn a_breach_needs_its_assessment_and_an_assessed_breach_needs_its_verdict() {
    let mut incident = in_state(IncidentState::Triage);
    assert_eq!(does(&mut incident, decide(IncidentVerdict::Breach)), Err(Refused::Unassessed));
    does(&mut incident, assessment(Conclusion::LowProbability)).unwrap();
    assert_eq!(does(&mut incident, decide(IncidentVerdict::Breach)), Err(Refused::Unassessed));
    does(&mut incident, assessment(Conclusion::Breach)).unwrap();
    assert_eq!(does(&mut incident, decide(IncidentVerdict::PolicyViolation)), Err(Refused::Contradicts));
    does(&mut incident, decide(IncidentVerdict::Breach)).unwrap();
    assert_eq!(incident.verdict, Some(IncidentVerdict::Breach));
}

#[test]
fn legal_clocks_run_from_the_first_verdict_breach_and_from_the_finding_of_the_case() {
    let mut incident = in_state(IncidentState::Triage);
    assert_eq!((deadlines(&incident), due(&incident)), (Vec::new(), None));
    does(&mut incident, assessment(Conclusion::Breach)).unwrap();
    apply(&mut incident, decide(IncidentVerdict::Breach), OFFICER, Time(HOUR)).unwrap();
    let at: Vec<i64> = deadlines(&incident).iter().map(|deadline| deadline.due.0).collect();
    assert_eq!(at, [73 * HOUR, 100 + 60 * 24 * HOUR]);
    assert_eq!(due(&incident), Some(Time(73 * HOUR)));
    // taken back and given again: the clock of the authority does not start anew
    apply(&mut incident, Deed::Move(IncidentState::Triage), OFFICER, Time(2 * HOUR)).unwrap();
    assert_eq!((incident.verdict, incident.decided, deadlines(&incident)), (None, None, Vec::new()));
    apply(&mut incident, decide(IncidentVerdict::Breach), OFFICER, Time(50 * HOUR)).unwrap();
    assert_eq!(deadlines(&incident)[0].due, Time(73 * HOUR));
    does(&mut incident, Deed::Move(IncidentState::Closed)).unwrap();
    assert_eq!(due(&incident), None);
}

#[test]
fn an_open_task_is_due_before_a_later_deadline() {
    let mut incident = new();
    does(&mut incident, Deed::AddTask { title: "soon".to_owned(), due: Some(Time(500)) }).unwrap();
    does(&mut incident, Deed::AddTask { title: "later".to_owned(), due: Some(Time(900)) }).unwrap();
    assert_eq!(due(&incident), Some(Time(500)));
    does(&mut incident, Deed::MarkTask { number: 1, done: true }).unwrap();
    assert_eq!(due(&incident), Some(Time(900)));
    assert_eq!(does(&mut incident, Deed::MarkTask { number: 3, done: true }), Err(Refused::None("task")));
}

#[test]
fn a_verdict_taken_back_stays_in_the_custody() {
    let mut incident = in_state(IncidentState::Decided);
    does(&mut incident, Deed::Move(IncidentState::Triage)).unwrap();
    let last = incident.custody.last().unwrap();
    assert_eq!(last.words, "decided to triage: the verdict appropriate is taken back");
    assert_ne!(last.content, Digest([0; 32]));
    assert_eq!((incident.verdict_reason, incident.decided), (None, None));
}

#[test]
fn who_decided_is_known_and_the_verdict_counts_later_until_somebody_says_otherwise() {
    let mut incident = in_state(IncidentState::Closed);
    assert_eq!((incident.decided_by.as_deref(), incident.teaches), (Some("officer"), true));
    does(&mut incident, Deed::Teach(false)).unwrap();
    assert_eq!((incident.verdict, incident.teaches), (Some(IncidentVerdict::Appropriate), false));
    assert_eq!(incident.custody.last().unwrap().words, "the verdict no longer counts in later reviews");
    // another verdict is another lesson
    let mut incident = in_state(IncidentState::Decided);
    does(&mut incident, Deed::Teach(false)).unwrap();
    does(&mut incident, Deed::Move(IncidentState::Triage)).unwrap();
    assert_eq!(incident.decided_by, None);
    apply(&mut incident, decide(IncidentVerdict::Unfounded), Doer::Person("bert"), Time(300)).unwrap();
    assert_eq!((incident.decided_by.as_deref(), incident.teaches), (Some("bert"), true));
}

#[test]
fn new_evidence_keeps_when_it_was_found_and_a_score_alone_is_no_entry() {
    let mut incident = new();
    let louder = NewIncident { score: 0.95, opened: Time(999), ..found(1) };
    assert_eq!(does(&mut incident, Deed::Renew(Box::new(louder))), Ok(0));
    assert_eq!((incident.found.score, incident.found.opened, incident.revision), (0.95, Time(100), 1));
    assert_eq!(does(&mut incident, Deed::Renew(Box::new(found(3)))), Ok(1));
    assert_eq!((incident.found.accesses.len(), incident.revision), (3, 2));
    let elses = NewIncident { user: "bert".to_owned(), ..found(3) };
    assert_eq!(does(&mut incident, Deed::Renew(Box::new(elses))), Err(Refused::Other));
}

#[test]
fn what_was_decided_stays_on_the_evidence_on_which_it_was_decided() {
    let mut incident = in_state(IncidentState::Decided);
    assert_eq!(does(&mut incident, Deed::Renew(Box::new(found(9)))), Ok(0));
    assert_eq!(incident.found.accesses.len(), 1);
}

#[test]
fn a_withdrawn_case_that_is_found_again_is_new_and_says_so() {
    let mut incident = in_state(IncidentState::Withdrawn);
    assert_eq!(incident.withdrawn_reason.as_deref(), Some("an order came late"));
    does(&mut incident, Deed::Renew(Box::new(found(1)))).unwrap();
    assert_eq!((incident.state, incident.withdrawn_reason.as_deref()), (IncidentState::New, None));
    assert_eq!(incident.custody.last().unwrap().deed, "returned");
}

#[test]
fn only_withdrawn_and_unfounded_cases_are_deleted_and_only_in_time() {
    let deletable = |state, verdict, changed| is_deletable(state, verdict, Time(changed), Time(100));
    assert!(deletable(IncidentState::Withdrawn, None, 99));
    assert!(!deletable(IncidentState::Withdrawn, None, 100));
    assert!(deletable(IncidentState::Closed, Some(IncidentVerdict::Unfounded), 99));
    assert!(deletable(IncidentState::Decided, Some(IncidentVerdict::Unfounded), 99));
    for verdict in [IncidentVerdict::Appropriate, IncidentVerdict::PolicyViolation, IncidentVerdict::Breach] {
        assert!(!deletable(IncidentState::Closed, Some(verdict), 0), "{verdict:?}");
    }
    for state in [IncidentState::New, IncidentState::Triage, IncidentState::Asked, IncidentState::Answered] {
        assert!(!deletable(state, None, 0), "{state:?}");
    }
}

#[test]
fn texts_are_neither_empty_nor_without_end() {
    let mut incident = in_state(IncidentState::Triage);
    for text in [String::new(), "  \n".to_owned(), "x".repeat(TEXT_LETTERS_MAX + 1)] {
        assert_eq!(does(&mut incident, Deed::Comment(text.clone())), Err(Refused::Text));
        let unreasoned = Deed::Decide { verdict: IncidentVerdict::Unfounded, reason: text };
        assert_eq!(does(&mut incident, unreasoned), Err(Refused::Text));
    }
    does(&mut incident, Deed::Comment("x".repeat(TEXT_LETTERS_MAX))).unwrap();
    for _ in 1..TASKS_MAX {
        does(&mut incident, Deed::AddTask { title: "x".to_owned(), due: None }).unwrap();
    }
    let one_more = Deed::AddTask { title: "x".to_owned(), due: None };
    assert_eq!(does(&mut incident, one_more), Err(Refused::TooMany("tasks")));
}

#[test]
fn custody_shows_what_was_changed_or_taken_out() {
    let incident = in_state(IncidentState::Closed);
    let id = incident.found.id;
    assert_eq!(verify_custody(id, &incident.custody), Ok(()));
    let words: Vec<&str> = incident.custody.iter().map(|entry| entry.deed.as_str()).collect();
    assert_eq!(words, ["found", "task_added", "state", "request_proposed", "verdict", "state"]);
    for at in 0..incident.custody.len() {
        let mut changed = incident.custody.clone();
        changed[at].by = "somebody else".to_owned();
        assert_eq!(verify_custody(id, &changed).unwrap_err().number as usize, at + 1);
        let mut shorter = incident.custody.clone();
        shorter.remove(at);
        assert_eq!(verify_custody(id, &shorter).is_err(), at + 1 < incident.custody.len(), "{at}");
    }
    assert!(verify_custody(IncidentId([9; 16]), &incident.custody).is_err(), "it belongs to this case");
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let verdict = proptest::sample::select(IncidentVerdict::ALL);
    let state = proptest::sample::select(IncidentState::ALL);
    let conclusion = proptest::sample::select(Conclusion::ALL);
    prop_oneof![
        state.prop_map(Deed::Move),
        Just(Deed::Own(None)),
        Just(Deed::Comment("seen".to_owned())),
        Just(propose()),
        (1_u32..4).prop_map(|number| Deed::Approve { number }),
        (1_u32..4).prop_map(|number| Deed::Refuse { number }),
        (1_u32..4).prop_map(|number| Deed::Send { number }),
        any::<bool>().prop_map(|is_correction| reply("x", is_correction)),
        conclusion.prop_map(assessment),
        verdict.prop_map(decide),
        (1_u8..4).prop_map(|accesses| Deed::Renew(Box::new(found(accesses)))),
        Just(Deed::Withdraw { reason: "late".to_owned() }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_done_the_case_stays_whole(deeds in proptest::collection::vec(any_deed(), 0..40)) {
        let mut incident = new();
        for deed in deeds {
            let (entries, revision) = (incident.custody.len(), incident.revision);
            let written = does(&mut incident, deed).unwrap_or_default();
            prop_assert_eq!(incident.custody.len(), entries + written);
            prop_assert_eq!(incident.revision, revision + u64::from(written > 0));
            prop_assert_eq!(verify_custody(incident.found.id, &incident.custody), Ok(()));
            let is_decided = matches!(incident.state, IncidentState::Decided | IncidentState::Closed);
            prop_assert_eq!(incident.verdict.is_some(), is_decided);
            prop_assert_eq!(incident.verdict.is_some(), incident.verdict_reason.is_some() && incident.decided.is_some());
            prop_assert_eq!(incident.withdrawn_reason.is_some(), incident.state == IncidentState::Withdrawn);
            if incident.verdict == Some(IncidentVerdict::Breach) {
                prop_assert!(incident.breach_known.is_some());
                prop_assert_eq!(incident.assessment.as_ref().map(|one| one.conclusion), Some(Conclusion::Breach));
            }
        }
    }
}
