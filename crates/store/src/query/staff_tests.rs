//! Accounts of people in queries: by pseudonym before anything of the query looks at them, in files and in memory.

use std::sync::Arc;

use cordon_model::{Arena, Node, Object, Time};
use cordon_policy::{
    AccessScope, Action, Asked, Decision, Party, Policies, Principal, Role, StaffNames, Universe, Unlock,
};
use cordon_seal::SiteKey;
use serde_json::{Value, json};

use super::*;
use crate::accounts::Accounts;
use crate::tables::tests::{event, meta};
use crate::tables::{Rows, Tables, TablesOptions};

struct Bench {
    queries: Queries,
    accounts: Accounts,
    scope: AccessScope,
    _folder: tempfile::TempDir,
}

/// What an analyst reads where staff have pseudonyms.
fn analyst() -> AccessScope {
    let universe = Universe { sites: ["main".to_owned()].into(), classes: [1007, 3002].into() };
    let policies = Policies::load(universe, &[]).unwrap().with_staff_names(StaffNames::ByPseudonym);
    let principal = Principal { roles: [Role::Analyst].into(), sites: None, only: None };
    match policies.decide(&principal, Action::SearchEvents, Asked::default()) {
        Decision::Allowed(scope) => scope,
        Decision::Denied => panic!("an analyst reads events"),
    }
}

/// Events of `anna`, `Anna`, `bert` and `SYSTEM`, the first two in files and the others in memory.
async fn bench(accounts: Accounts) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(Arc::new(crate::disk::FileDisk), &folder.path().join("tables"), TablesOptions::default())
        .await
        .unwrap();
    tables.append(2, rows(&[(0, "anna"), (1, "Anna")])).await.unwrap();
    tables.flush().await.unwrap();
    tables.append(4, rows(&[(2, "bert"), (3, "SYSTEM")])).await.unwrap();
    let options = QueryOptions { accounts: accounts.clone(), ..QueryOptions::spilling_to(folder.path().join("spill")) };
    Bench { queries: Queries::new(tables, options).unwrap(), accounts, scope: analyst(), _folder: folder }
}

fn rows(named: &[(u64, &'static str)]) -> Vec<(crate::tables::Family, datafusion::arrow::array::RecordBatch)> {
    let (arena, mut rows) = (Arena::new(), Rows::new());
    for (position, name) in named {
        let one = event(3002, &arena, |ocsf| {
            let (mut actor, mut user, mut unmapped) =
                (Object::new_in(&arena), Object::new_in(&arena), Object::new_in(&arena));
            user.put_text("name", name);
            user.put_text("domain", "LAKESIDE");
            user.put_text("uid", "S-1-5-21-7");
            actor.put("user", Node::Object(user));
            ocsf.put("actor", Node::Object(actor));
            unmapped.put_text("told", name);
            ocsf.put("unmapped", Node::Object(unmapped));
        });
        rows.push(&one, &crate::tables::RowMeta { site: "main", ..meta(*position) });
    }
    rows.finish()
}

fn keyed() -> Accounts {
    Accounts::new(Some(SiteKey::new([5; 32])))
}

impl Bench {
    async fn ask(&self, sql: &str) -> Vec<Value> {
        let mut result = self.queries.query(&self.scope, sql, QueryLimits::default()).await.unwrap();
        let batches = result.collect().await.unwrap();
        batches.iter().flat_map(rows_to_json).map(Value::Object).collect()
    }

    fn pseudonym(&self, name: &str) -> String {
        self.accounts.pseudonym(name).unwrap()
    }
}

const EACH: &str = "SELECT position, actor_user_name AS n, actor_user_domain AS d, actor_user_uid AS u, rest FROM events ORDER BY position";

#[tokio::test]
async fn people_are_read_by_pseudonym_and_machines_by_name() {
    let bench = bench(keyed()).await;
    let (anna, bert) = (bench.pseudonym("anna"), bench.pseudonym("bert"));
    let machine = json!({"position": 3, "n": "SYSTEM", "d": "LAKESIDE", "u": "S-1-5-21-7"});
    let expect = [
        json!({"position": 0, "n": anna}),
        json!({"position": 1, "n": anna}),
        json!({"position": 2, "n": bert}),
        machine.clone(),
    ];
    assert_eq!(bench.ask(EACH).await, expect);
    let counted =
        "SELECT actor_user_name AS n, count(*) AS c FROM identity GROUP BY actor_user_name ORDER BY c DESC LIMIT 1";
    assert_eq!(bench.ask(counted).await, [json!({"n": anna, "c": 2})]);
    let now = Time(0);
    let party = |user: &str, role: Role| Party { user: user.to_owned(), roles: [role].into() };
    let unlock = Unlock {
        pseudonym: anna,
        asked: party("carl", Role::Analyst),
        agreed: party("dora", Role::PrivacyOfficer),
        from: now,
        until: Time(1),
    };
    let unlocked = Bench { scope: bench.scope.clone().unlocking([&unlock], now), ..bench };
    let shown =
        |position: u64, name: &str| json!({"position": position, "n": name, "d": "LAKESIDE", "u": "S-1-5-21-7"});
    let expect = [shown(0, "anna"), shown(1, "Anna"), json!({"position": 2, "n": bert}), machine];
    assert_eq!(unlocked.ask(EACH).await, expect);
}

#[tokio::test]
async fn without_a_key_nobody_is_shown() {
    let bench = bench(Accounts::default()).await;
    let expect = [
        json!({"position": 0}),
        json!({"position": 1}),
        json!({"position": 2}),
        json!({"position": 3, "n": "SYSTEM", "d": "LAKESIDE", "u": "S-1-5-21-7"}),
    ];
    assert_eq!(bench.ask(EACH).await, expect);
}

#[tokio::test]
async fn texts_of_an_event_do_not_name_its_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(crate::disk::FileDisk);
    let tables = Tables::open(disk, &folder.path().join("tables"), TablesOptions::default()).await.unwrap();
    let (arena, mut rows) = (Arena::new(), Rows::new());
    let one = event(1007, &arena, |ocsf| {
        let (mut actor, mut user) = (Object::new_in(&arena), Object::new_in(&arena));
        user.put_text("name", "anna");
        actor.put("user", Node::Object(user));
        ocsf.put("actor", Node::Object(actor));
        let mut process = Object::new_in(&arena);
        process.put_text("cmd_line", r"run ANNA.exe C:\Users\bert\x");
        process.put_text("name", "run.exe");
        ocsf.put("process", Node::Object(process));
    });
    rows.push(&one, &crate::tables::RowMeta { site: "main", ..meta(0) });
    tables.append(1, rows.finish()).await.unwrap();
    let accounts = keyed();
    let options = QueryOptions { accounts: accounts.clone(), ..QueryOptions::spilling_to(folder.path().join("spill")) };
    let (queries, scope) = (Queries::new(tables, options).unwrap(), analyst());
    let bench = Bench { queries, accounts, scope, _folder: folder };
    let (anna, bert) = (bench.pseudonym("anna"), bench.pseudonym("bert"));
    let told = format!(r"run {anna}.exe C:\Users\{bert}\x");
    let read = "SELECT process_cmd_line AS c, process_name AS p FROM events";
    assert_eq!(bench.ask(read).await, [json!({"c": told, "p": "run.exe"})]);
    for (condition, expect) in [("LIKE '%ANNA%'", 0), ("LIKE '%bert%'", 0), ("LIKE 'run%'", 1)] {
        let sql = format!("SELECT count(*) AS n FROM process WHERE process_cmd_line {condition}");
        assert_eq!(bench.ask(&sql).await, [json!({"n": expect})], "{condition}");
    }
}

#[tokio::test]
async fn no_shape_of_a_question_sees_a_name() {
    let bench = bench(keyed()).await;
    let anna = bench.pseudonym("anna");
    for (condition, expect) in [
        ("actor_user_name = 'anna'", 0),
        ("actor_user_name IN ('anna', 'bert')", 0),
        ("actor_user_name LIKE '%nn%'", 0),
        ("lower(actor_user_name) = 'anna'", 0),
        ("actor_user_name || '' = 'anna'", 0),
        ("actor_user_name <> 'anna'", 4),
        ("actor_user_name IS NOT NULL", 4),
        ("actor_user_domain = 'LAKESIDE'", 1),
        ("rest IS NOT NULL", 0),
        (&*format!("actor_user_name = '{anna}'"), 2),
        (&*format!("actor_user_name IN ('{anna}')"), 2),
    ] {
        for shape in [
            "SELECT count(*) AS n FROM events WHERE {}",
            "SELECT count(*) AS n FROM identity AS e WHERE {}",
            "SELECT count(*) AS n FROM (SELECT * FROM events) WHERE {}",
            "WITH x AS (SELECT * FROM identity) SELECT count(*) AS n FROM x WHERE {}",
            "SELECT count(*) AS n FROM events WHERE position IN (SELECT position FROM identity WHERE {})",
            "SELECT sum(CASE WHEN {} THEN 1 ELSE 0 END) AS n FROM events",
        ] {
            let sql = shape.replace("{}", condition);
            assert_eq!(bench.ask(&sql).await, [json!({"n": expect})], "{sql}");
        }
    }
    for sql in [
        "SELECT max(actor_user_name) AS a, min(actor_user_name) AS b FROM events WHERE actor_user_name <> 'SYSTEM'",
        "SELECT a.* FROM events a JOIN identity b ON a.actor_user_name = b.actor_user_name",
        "SELECT actor_user_name FROM events UNION SELECT actor_user_uid FROM identity",
        "EXPLAIN SELECT * FROM events WHERE actor_user_name = 'x'",
    ] {
        let said = Value::Array(bench.ask(sql).await).to_string().to_lowercase();
        assert!(!said.contains("anna") && !said.contains("bert"), "{sql}: {said}");
    }
}
