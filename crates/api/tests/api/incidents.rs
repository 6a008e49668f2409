//! Cases: through all routes to a verdict, who may read which, what leaves as a file, and how reviews and models are told of.

use cordon_api::{DecisionStanding, DecisionStatus};
use cordon_model::{EventId, IncidentAccess, IncidentId, IncidentKind, NewIncident, Time, Told};
use cordon_store::state::{ReviewRun, ReviewSilence};
use serde_json::{Value, json};

use crate::played::{Answer, Played, post, request, send, with_token};

const DAY: i64 = 86_400_000_000;

/// The id of the `number`-th case.
pub(crate) fn id(number: u8) -> String {
    IncidentId([number; 16]).to_string()
}

/// A case about somebody at `main`, with a mark and a plain mention of them and of bertram.
pub(crate) fn case(number: u8, user: &str, is_office: bool) -> NewIncident {
    let told =
        |text: String| Told { text, proof: vec![format!("event:{}", EventId([1; 16])), "staff.csv:3".to_owned()] };
    NewIncident {
        id: IncidentId([number; 16]),
        kind: IncidentKind::Privacy,
        site: "main".to_owned(),
        user: user.to_owned(),
        title: format!("[[user:{user}]] and the record of a <neighbour>"),
        score: 0.9,
        scenarios: vec!["S12".to_owned(), "S2".to_owned()],
        patients: vec!["p-1".to_owned()],
        parts: vec![("S2".to_owned(), 2.5), ("on shift".to_owned(), -0.25)],
        sentences: vec![told(format!("[[user:{user}]] lives beside the patient, as [[user:bertram]] says"))],
        counter_evidence: vec![told("was on shift".to_owned())],
        accesses: vec![IncidentAccess {
            event_id: EventId([1; 16]),
            time: Time(DAY),
            patient_ref: "p-1".to_owned(),
            action: "read".to_owned(),
            section: "letters".to_owned(),
            source: "ehr-audit".to_owned(),
            workstation: "WS7".to_owned(),
            break_glass: true,
            explanation: String::new(),
        }],
        first: Time(DAY),
        last: Time(DAY),
        opened: Time(2 * DAY),
        is_office,
    }
}

pub(crate) fn run() -> ReviewRun {
    ReviewRun { site: "main".to_owned(), ran: Time(2 * DAY), until: Time(2 * DAY), ..ReviewRun::default() }
}

/// Keeps a case about `annabella`, and one about `olga` of the privacy office.
pub(crate) async fn keep(played: &Played) {
    let found = [case(1, "LAKESIDE\\annabella", false), case(2, "olga", true)];
    played.kept.record_incidents(&run(), &found).await.unwrap();
}

struct Asking<'p> {
    played: &'p Played,
    token: String,
}

impl Asking<'_> {
    async fn get(&self, path: &str) -> Answer {
        self.played.ask(with_token(request("GET", path), &self.token)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.played.ask(with_token(post(path, &body), &self.token)).await
    }

    /// Does something to case 1 with the revision that is there.
    async fn does(&self, deed: &str, mut body: Value) -> Answer {
        let path = format!("/api/v1/incidents/{}", id(1));
        body["revision"] = self.get(&path).await.json()["revision"].clone();
        self.post(&format!("{path}/{deed}"), body).await
    }

    /// The same, and it is done.
    async fn done(&self, deed: &str, body: Value) -> Value {
        let answer = self.does(deed, body).await;
        assert_eq!(answer.status, 200, "{deed}: {}", answer.text);
        answer.json()
    }
}

async fn asking<'p>(played: &'p Played, role: &str) -> Asking<'p> {
    let administrator = played.administrator().await;
    Asking { played, token: played.token(&administrator, &[role], Some(&["main"])).await }
}

fn factor(level: &str) -> Value {
    json!({"level": level, "words": "diagnosis and letters"})
}

fn assessment(conclusion: &str) -> Value {
    json!({
        "nature": factor("high"), "recipient": factor("medium"), "acquired": factor("high"), "mitigation": factor("low"),
        "conclusion": conclusion,
    })
}

#[tokio::test]
async fn a_case_in_a_list_has_the_shape_that_the_console_reads() {
    let played = Played::start().await;
    keep(&played).await;
    let officer = asking(&played, "privacy_officer").await;
    let list = officer.get("/api/v1/incidents?kind=privacy&state=new&limit=5").await.json();
    let expect = json!({
        "id": id(1), "kind": "privacy", "state": "new", "title": "LAKESIDE\\annabella and the record of a <neighbour>", "score": 0.9,
        "scenarios": ["S2", "S12"], "user": {"kind": "user", "name": "LAKESIDE\\annabella"}, "site": "main", "patients": 1, "accesses": 1,
        "first": "1970-01-02T00:00:00.000000Z", "last": "1970-01-02T00:00:00.000000Z", "opened": "1970-01-03T00:00:00.000000Z",
        "owner": null, "verdict": null, "due": null, "revision": 1,
    });
    assert_eq!(list, json!({"items": [expect], "next": null}));
    assert_eq!(officer.get("/api/v1/incidents?state=closed").await.json()["items"], json!([]));
    assert_eq!(officer.get("/api/v1/incidents?owner=me").await.json()["items"], json!([]));
    let nobodys = officer.get("/api/v1/incidents?owner=nobody&state=new,triage").await.json();
    assert_eq!(nobodys["items"][0]["id"], json!(id(1)));
    assert_eq!(officer.get("/api/v1/incidents?owner=olga").await.status, 400, "no name of a person in an address");
    assert_eq!(officer.get("/api/v1/incidents?state=odd").await.status, 400);
    assert_eq!(officer.get("/api/v1/incidents?cursor=odd").await.status, 422);
    assert_eq!(officer.get("/api/v1/incidents/odd").await.status, 404);
}

#[tokio::test]
async fn a_case_goes_through_all_routes_to_a_breach_and_its_custody_tells_of_each_step() {
    let played = Played::start().await;
    keep(&played).await;
    let officer = asking(&played, "privacy_officer").await;
    let path = format!("/api/v1/incidents/{}", id(1));
    let read = officer.get(&path).await.json();
    assert_eq!(read["parts"][1], json!({"name": "on shift", "nats": -0.25}));
    assert_eq!(read["timeline"][0]["explanation"], json!([]));
    assert_eq!(read["timeline"][0]["break_glass"], json!(true));
    let early = officer.does("verdict", json!({"verdict": "unfounded", "reason": "x"})).await;
    assert_eq!((early.status.as_u16(), early.text.contains("take it up first")), (422, true), "{}", early.text);
    officer.done("state", json!({"state": "triage"})).await;
    officer.done("owner", json!({"owner": "olga"})).await;
    officer.done("comments", json!({"text": "called the ward"})).await;
    let tasks = officer.done("tasks", json!({"title": "ask the ward", "due": "1970-01-09T00:00:00Z"})).await;
    assert_eq!((&tasks["due"], &tasks["owner"]), (&json!("1970-01-09T00:00:00.000000Z"), &json!("olga")));
    assert_eq!(officer.done("tasks/1", json!({"done": true})).await["due"], json!(null));
    officer.done("requests", json!({"to": "employee", "text": "Why was this record opened?"})).await;
    assert_eq!(officer.done("requests/1/approve", json!({})).await["state"], "asked");
    assert_eq!(officer.done("requests/1/sent", json!({})).await["requests"][0]["state"], "sent");
    let answered = officer.done("requests/1/reply", json!({"text": "curious", "is_correction": false})).await;
    assert_eq!(
        (&answered["state"], &answered["requests"][0]["reply"]["text"]),
        (&json!("answered"), &json!("curious"))
    );
    officer.done("requests", json!({"to": "manager", "text": "Was it agreed?"})).await;
    assert_eq!(officer.done("requests/2/refuse", json!({})).await["requests"][1]["state"], "refused");
    let unassessed = officer.does("verdict", json!({"verdict": "breach", "reason": "looked at letters"})).await;
    assert_eq!(unassessed.status, 422);
    officer.done("assessment", assessment("breach")).await;
    let decided = officer.done("verdict", json!({"verdict": "breach", "reason": "looked at letters"})).await;
    assert_eq!((&decided["state"], &decided["verdict"]), (&json!("decided"), &json!("breach")));
    // 72 hours after the verdict by the event clock; 60 days after the case was found
    let due: Vec<&str> =
        decided["deadlines"].as_array().unwrap().iter().map(|one| one["due"].as_str().unwrap()).collect();
    assert_eq!(due, ["2025-12-13T12:00:00.000000Z", "1970-03-04T00:00:00.000000Z"]);
    let closed = officer.done("state", json!({"state": "closed"})).await;
    let deeds: Vec<&str> =
        closed["custody"].as_array().unwrap().iter().map(|one| one["deed"].as_str().unwrap()).collect();
    let expect = [
        "found",
        "state",
        "owner",
        "comment",
        "task_added",
        "task_done",
        "request_proposed",
        "request_approved",
        "request_sent",
        "reply",
        "request_proposed",
        "request_refused",
        "assessment",
        "verdict",
        "state",
    ];
    assert_eq!(deeds, expect);
    assert_eq!(closed["revision"], 15);
    let stale = officer.post(&format!("{path}/comments"), json!({"revision": 3, "text": "late"})).await;
    assert_eq!(stale.status, 412, "{}", stale.text);
    assert_eq!(officer.post(&format!("{path}/comments"), json!({"text": "x"})).await.status, 400);
    let audit = officer.get("/api/v1/audit?action=incident_changed").await.json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 14);
}

#[tokio::test]
async fn what_verdicts_taught_is_listed_and_taken_back_by_officers_alone() {
    let played = Played::start().await;
    keep(&played).await;
    let administrator = played.administrator().await;
    let token = async |role| played.token(&administrator, &[role], Some(&["main"])).await;
    let officer = Asking { played: &played, token: token("privacy_officer").await };
    let early = officer.does("teaches", json!({"teaches": false})).await;
    assert_eq!((early.status.as_u16(), early.text.contains("it has no verdict")), (422, true), "{}", early.text);
    officer.done("state", json!({"state": "triage"})).await;
    officer.done("verdict", json!({"verdict": "unfounded", "reason": "another account"})).await;
    let effect = |number: u8, standing| DecisionStatus {
        case: IncidentId([number; 16]),
        scenario: "S12".to_owned(),
        standing,
        weight: 0.5,
        scenario_nats: -0.25,
        until: Time(9 * DAY),
    };
    // what is about the office itself is nothing for officers
    *played.node.decisions.lock().unwrap() =
        vec![effect(1, DecisionStanding::Counts), effect(2, DecisionStanding::Counts)];
    let list = officer.get("/api/v1/privacy/decisions").await.json();
    let by = list["items"][0]["by"].clone();
    let expect = json!({
        "case": id(1), "title": "LAKESIDE\\annabella and the record of a <neighbour>", "scenario": "S12", "verdict": "unfounded", "by": by,
        "decided": "2025-12-10T12:00:00.000000Z", "standing": "counts", "weight": 0.5, "scenario_nats": -0.25,
        "until": "1970-01-10T00:00:00.000000Z", "taken_back_by": null, "revision": 3,
    });
    assert_eq!(list, json!({"items": [expect], "next": null}));
    officer.done("state", json!({"state": "closed"})).await;
    let closed = officer.done("teaches", json!({"teaches": false})).await;
    assert_eq!((&closed["state"], &closed["custody"][4]["deed"]), (&json!("closed"), &json!("untaught")));
    *played.node.decisions.lock().unwrap() = vec![effect(1, DecisionStanding::TakenBack)];
    let taken = officer.get("/api/v1/privacy/decisions").await.json()["items"][0].clone();
    assert_eq!(
        (&taken["standing"], &taken["taken_back_by"], &taken["until"]),
        (&json!("taken_back"), &by, &json!(null))
    );
    let analyst = Asking { played: &played, token: token("analyst").await };
    assert_eq!(analyst.get("/api/v1/privacy/decisions").await.status, 403);
    let path = format!("/api/v1/incidents/{}/teaches", id(1));
    assert_eq!(analyst.post(&path, json!({"revision": 6, "teaches": true})).await.status, 403);
}

#[tokio::test]
async fn cases_are_nobodys_but_the_officers_and_those_of_the_office_the_auditors() {
    let played = Played::start().await;
    keep(&played).await;
    let administrator = played.administrator().await;
    let token = async |roles: &[&str]| played.token(&administrator, roles, None).await;
    let (officer, auditor) = (token(&["privacy_officer"]).await, token(&["auditor"]).await);
    let read = async |number: u8, token: &str| {
        let path = format!("/api/v1/incidents/{}", id(number));
        played.ask(with_token(request("GET", &path), token)).await.status.as_u16()
    };
    assert_eq!([read(1, &officer).await, read(2, &officer).await], [200, 404]);
    assert_eq!([read(1, &auditor).await, read(2, &auditor).await], [404, 200]);
    let both = token(&["privacy_officer", "auditor"]).await;
    assert_eq!([read(1, &both).await, read(2, &both).await], [200, 404]);
    for role in ["analyst", "responder", "administrator"] {
        let token = token(&[role]).await;
        assert_eq!(read(1, &token).await, 403, "{role}");
        let mut emergency = with_token(request("GET", "/api/v1/incidents"), &token);
        emergency.headers_mut().insert("x-cordon-break-glass", "1".parse().unwrap());
        assert_eq!(played.ask(emergency).await.status, 403, "{role}, in an emergency");
    }
    let taken = json!({"revision": 1, "state": "triage"});
    let path = format!("/api/v1/incidents/{}/state", id(2));
    assert_eq!(played.ask(with_token(post(&path, &taken), &auditor)).await.status, 200);
    let verdict = json!({"revision": 2, "verdict": "policy_violation", "reason": "no task at that record"});
    let path = format!("/api/v1/incidents/{}/verdict", id(2));
    assert_eq!(played.ask(with_token(post(&path, &verdict), &auditor)).await.status, 200);
}

#[tokio::test]
async fn the_file_of_a_case_is_audited_holds_no_markup_of_its_texts_and_names_whom_the_reader_may_see() {
    let played = Played::start_with_pseudonyms().await;
    keep(&played).await;
    let administrator = played.administrator().await;
    let officer = Asking { played: &played, token: played.token(&administrator, &["privacy_officer"], None).await };
    let auditor = Asking { played: &played, token: played.token(&administrator, &["auditor"], None).await };
    let page = officer.get(&format!("/api/v1/incidents/{}/export?format=html", id(1))).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(page.header("content-disposition"), format!("attachment; filename=\"case-{}.html\"", id(1)));
    assert!(page.text.contains("LAKESIDE\\annabella and the record of a &lt;neighbour&gt;"), "{}", page.text);
    assert!(page.text.contains("no reason was found in the data") && !page.text.contains("<script"));
    let file = officer.get(&format!("/api/v1/incidents/{}/export", id(1))).await;
    assert_eq!((file.header("content-type"), &file.json()["id"]), ("application/json", &json!(id(1))));
    for format in ["html", "json"] {
        let page = auditor.get(&format!("/api/v1/incidents/{}/export?format={format}", id(2))).await;
        assert_eq!(page.status, 200);
        let text = page.text.to_lowercase();
        assert!(!text.contains("olga") && !text.contains("bertram"), "{text}");
        assert!(text.contains(&played.kept.accounts().pseudonym("olga").unwrap()), "{text}");
    }
    let audit = officer.get("/api/v1/audit?action=incident_exported").await.json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn how_reviews_went_is_told_with_what_is_missing_and_one_can_be_asked_for() {
    let played = Played::start().await;
    let officer = asking(&played, "privacy_officer").await;
    let status = officer.get("/api/v1/privacy/status").await.json();
    assert_eq!((&status["last"], &status["runs"]), (&json!(null), &json!([])));
    assert_eq!(status["missing"], json!(["shifts.csv was not found"]));
    let silence =
        ReviewSilence { feed: "orders".to_owned(), from: Time(0), until: Time(DAY), words: "3 of 40".to_owned() };
    let last = ReviewRun {
        accesses: 10,
        explained: 8,
        unexplained: 1,
        withheld: 1,
        by_reason: [("E1".to_owned(), 8)].into(),
        silences: vec![silence],
        cases: 1,
        took_ms: 4,
        withdrawn: vec![(IncidentId([9; 16]), "late".to_owned())],
        ..run()
    };
    played.kept.note_review(&last).await.unwrap();
    let status = officer.get("/api/v1/privacy/status").await.json();
    let expect = json!({
        "ran": "1970-01-03T00:00:00.000000Z", "from": "1970-01-01T00:00:00.000000Z", "until": "1970-01-03T00:00:00.000000Z",
        "accesses": 10, "explained": 8, "unexplained": 1, "withheld": 1, "by_reason": {"E1": 8},
        "silences": [{"feed": "orders", "from": "1970-01-01T00:00:00.000000Z", "until": "1970-01-02T00:00:00.000000Z", "words": "3 of 40"}],
        "cases": 1, "withdrawn": 1, "took_ms": 4,
    });
    assert_eq!((&status["last"], &status["runs"][0]), (&expect, &expect));
    assert_eq!((&status["site"], &status["is_set_up"]), (&json!("main"), &json!(true)));
    let job = officer.post("/api/v1/privacy/reviews", Value::Null).await;
    assert_eq!((job.status.as_u16(), &job.json()["kind"]), (202, &json!("review_accesses")), "{}", job.text);
    let audit = officer.get("/api/v1/audit?action=review_started").await.json();
    assert_eq!(audit["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_belongs_to_another_site_reads_no_reviews_of_this_one() {
    let played = Played::start().await;
    played.kept.note_review(&run()).await.unwrap();
    let administrator = played.administrator().await;
    let north = played.token(&administrator, &["privacy_officer"], Some(&["north"])).await;
    let status = played.ask(with_token(request("GET", "/api/v1/privacy/status"), &north)).await.json();
    assert_eq!((&status["last"], &status["runs"]), (&json!(null), &json!([])));
}

#[tokio::test]
async fn models_are_listed_and_asked_for_alerts_a_week_within_bounds() {
    let played = Played::start().await;
    let analyst = asking(&played, "analyst").await;
    let models = analyst.get("/api/v1/models").await.json();
    assert_eq!((&models["items"][0]["id"], &models["items"][0]["drift"]), (&json!("learn.user.sign_in"), &json!(null)));
    let ask = async |alerts: Value| {
        let body = json!({"alerts_per_week": alerts});
        played.ask(with_token(send("PUT", "/api/v1/models/budget", &body), &analyst.token)).await
    };
    for wrong in [json!(0), json!(10_001), json!(-1), json!("20"), json!(null)] {
        assert_eq!(ask(wrong.clone()).await.status, 400, "{wrong}");
    }
    let asked = ask(json!(35)).await;
    assert_eq!((asked.status.as_u16(), asked.json()), (200, json!({"alerts_per_week": 35})));
}

#[tokio::test]
async fn how_a_machine_behaves_analysts_see_and_how_a_person_does_only_privacy_officers() {
    let played = Played::start_with_pseudonyms().await;
    keep(&played).await;
    let administrator = played.administrator().await;
    let ask = async |role: &str, kind: &str, name: &str| {
        let token = played.token(&administrator, &[role], None).await;
        let body = json!({"kind": kind, "name": name});
        played.ask(with_token(post("/api/v1/entities/behaviour", &body), &token)).await
    };
    let host = ask("analyst", "host", "WS7").await;
    assert_eq!((host.status.as_u16(), &host.json()["features"][0]["peers"]), (200, &json!(31.0)), "{}", host.text);
    let anna = played.kept.accounts().pseudonym("annabella").unwrap();
    for name in [anna.as_str(), "annabella"] {
        assert_eq!(ask("responder", "user", name).await.status, 403, "{name}");
    }
    assert_eq!(ask("privacy_officer", "user", "LAKESIDE\\annabella").await.json()["risk"], json!(2.5));
    assert_eq!(
        ask("privacy_officer", "host", "unknown").await.json()["features"],
        json!([]),
        "nothing learnt is no fault"
    );
}

#[tokio::test]
async fn reading_a_case_is_audited_and_one_that_may_not_be_read_is_not() {
    let played = Played::start().await;
    keep(&played).await;
    let officer = asking(&played, "privacy_officer").await;
    let read = async |number: u8| officer.get(&format!("/api/v1/incidents/{}", id(number))).await.status.as_u16();
    assert_eq!([read(1).await, read(2).await], [200, 404], "the second is about the office");
    let audit = officer.get("/api/v1/audit?action=incident_read").await.json();
    let of = |entry: &Value| (entry["target"].as_str().unwrap().to_owned(), entry["site"].clone());
    let entries: Vec<_> = audit["items"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(entries, [(id(1), json!("main"))]);
}
