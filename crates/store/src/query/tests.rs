//! Queries from the outside: what the scope allows and nothing else, within their bounds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cordon_model::{Arena, Time};
use cordon_policy::AccessScope;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::tables::tests::{RECEIVED, event, meta};
use crate::tables::{Rows, Tables, TablesOptions};

const SITES: [&str; 3] = ["main", "north", "south"];
const CLASSES: [i64; 4] = [3002, 1007, 4001, 87_006_001];

struct Bench {
    queries: Queries,
    tables: Tables,
    folder: tempfile::TempDir,
}

/// Events of all sites and classes: some in files, some in memory.
async fn bench(events: u64) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let tables = Tables::open(Arc::new(crate::disk::FileDisk), &folder.path().join("tables"), TablesOptions::default())
        .await
        .unwrap();
    let half = events / 2;
    tables.append(half, rows(0..half)).await.unwrap();
    tables.flush().await.unwrap();
    tables.append(events, rows(half..events)).await.unwrap();
    let options = QueryOptions::spilling_to(folder.path().join("spill"));
    Bench { queries: Queries::new(tables.clone(), options).unwrap(), tables, folder }
}

fn rows(positions: std::ops::Range<u64>) -> Vec<(crate::tables::Family, datafusion::arrow::array::RecordBatch)> {
    let (arena, mut rows) = (Arena::new(), Rows::new());
    for position in positions {
        let [site, class] = [position % 3, position / 3 % 4].map(|place| usize::try_from(place).unwrap());
        let user = arena.alloc_str(&format!("user{}", position % 5));
        let mut one = event(CLASSES[class], &arena, |ocsf| {
            let mut actor = cordon_model::Object::new_in(&arena);
            let mut account = cordon_model::Object::new_in(&arena);
            account.put_text("name", user);
            actor.put("user", cordon_model::Node::Object(account));
            ocsf.put("actor", cordon_model::Node::Object(actor));
        });
        one.time = Time(RECEIVED.0 + i64::try_from(position).unwrap() * 1_000_000);
        rows.push(&one, &crate::tables::RowMeta { site: SITES[site], ..meta(position) });
    }
    rows.finish()
}

impl Bench {
    async fn ask(&self, scope: &AccessScope, sql: &str) -> Result<Vec<Value>, QueryError> {
        self.ask_within(scope, sql, QueryLimits::default()).await
    }

    async fn ask_within(&self, scope: &AccessScope, sql: &str, limits: QueryLimits) -> Result<Vec<Value>, QueryError> {
        let mut result = self.queries.query(scope, sql, limits).await?;
        let batches = result.collect().await?;
        Ok(batches.iter().flat_map(rows_to_json).map(Value::Object).collect())
    }
}

fn node() -> AccessScope {
    AccessScope::of_the_node()
}

#[tokio::test]
async fn events_in_files_and_in_memory_are_one() {
    let bench = bench(24).await;
    let node = node();
    let count = |sql: &'static str| bench.ask(&node, sql);
    assert_eq!(count("SELECT count(*) AS n FROM events").await.unwrap(), [json!({"n": 24})]);
    assert_eq!(count("SELECT count(*) AS n FROM identity").await.unwrap(), [json!({"n": 6})]);
    let sums = "SELECT event_table, sum(position) AS n FROM events GROUP BY event_table ORDER BY event_table";
    let found = count(sums).await.unwrap();
    let total: i64 = found.iter().map(|row| row["n"].as_i64().unwrap()).sum();
    assert_eq!((found.len(), total), (4, (0..24).sum::<i64>()));
    bench.tables.flush().await.unwrap();
    assert_eq!(count(sums).await.unwrap(), found);
}

#[tokio::test]
async fn a_row_comes_as_it_was_put() {
    let bench = bench(4).await;
    let sql = "SELECT * FROM events WHERE position = 1";
    let row = bench.ask(&node(), sql).await.unwrap().pop().unwrap();
    assert_eq!(row["event_id"], "00000000-0000-0000-0000-000000000001");
    assert_eq!((&row["time"], &row["site"]), (&json!("2026-11-22T06:00:01.000000Z"), &json!("north")));
    assert_eq!((&row["actor_user_name"], &row["event_day"]), (&json!("user1"), &json!("2026-11-22")));
    assert_eq!((&row["event_table"], row.get("rest")), (&json!("identity"), None));
}

#[tokio::test]
async fn a_file_whose_ranges_leave_no_room_for_an_answer_is_not_opened() {
    let bench = bench(24).await;
    bench.tables.flush().await.unwrap();
    let tables = bench.tables.snapshot();
    let files = tables.iter().flat_map(|table| table.files().map(|file| (file.holds_positions((0, 12)), file.path())));
    let (older, newer): (Vec<_>, Vec<_>) = files.partition(|(is_older, _)| *is_older);
    assert_eq!((older.len(), newer.len()), (4, 4));
    let place = bench.folder.path().join("tables");
    older.iter().for_each(|(_, path)| std::fs::remove_file(place.join(path.as_ref())).unwrap());
    let node = node();
    for ask in
        ["position = 20", "position IN (20, 21) AND record_index = 0", "time > TIMESTAMP '2026-11-22T06:00:11.5Z'"]
    {
        let found = bench.ask(&node, &format!("SELECT position FROM events WHERE {ask}")).await;
        assert!(found.unwrap().contains(&json!({"position": 20})), "{ask}");
    }
    assert_eq!(bench.ask(&node, "SELECT position FROM events WHERE position = 30").await.unwrap(), [] as [Value; 0]);
    bench.ask(&node, "SELECT position FROM events WHERE position = 3").await.unwrap_err();
}

#[tokio::test]
async fn what_is_no_question_is_refused() {
    let bench = bench(4).await;
    for sql in [
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/etc'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "INSERT INTO events SELECT * FROM events",
        "DELETE FROM events",
        "DROP TABLE events",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN VERBOSE SELECT 1",
        "PREPARE x AS SELECT 1",
        "SHOW TABLES",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM generate_series(1, 1000000000)",
        "SELECT repeat('x', 1000000000)",
        "SELECT 1; SELECT 2",
        "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) SELECT * FROM x",
        "SELECT no_such_column FROM events",
        "nonsense",
    ] {
        let error = bench.ask(&node(), sql).await.unwrap_err();
        let refused = matches!(error, QueryError::NotAQuestion { .. } | QueryError::NotUnderstood { .. });
        assert!(refused, "{sql}: {error:?}");
    }
    assert_eq!(bench.ask(&node(), &"x".repeat(70_000)).await, Err(QueryError::TooLong));
}

#[tokio::test]
async fn explain_tells_nothing_of_what_lies_beneath_the_scope() {
    let bench = bench(12).await;
    let scope = node().narrowed_to_sites(&BTreeSet::from(["north".to_owned()])).masking("actor_user_name");
    let plan = bench.ask(&scope, "EXPLAIN SELECT * FROM events WHERE site = 'x'").await.unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert!(text.contains("TableScan") && !text.contains("north") && !text.contains(".parquet"), "{text}");
    let described = bench.ask(&scope, "DESCRIBE identity").await.unwrap();
    assert!(described.len() > 30, "{described:?}");
}

#[tokio::test]
async fn an_answer_ends_at_its_most_rows_and_says_so() {
    let bench = bench(24).await;
    for (rows_max, expect) in [(5, (5, true)), (24, (24, false)), (0, (0, true))] {
        let limits = QueryLimits { rows_max: Some(rows_max), ..QueryLimits::default() };
        let mut result = bench.queries.query(&node(), "SELECT position FROM events", limits).await.unwrap();
        let rows: usize = result.collect().await.unwrap().iter().map(|batch| batch.num_rows()).sum();
        assert_eq!((rows, result.is_cut()), expect);
    }
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up() {
    let bench = bench(24).await;
    let endless = "SELECT count(*) FROM events a, events b, events c, events d, events e, events f, events g WHERE a.position < b.position + g.position";
    let limits = QueryLimits { rows_max: None, time_max: Duration::from_millis(300) };
    assert_eq!(bench.ask_within(&node(), endless, limits).await, Err(QueryError::TimedOut { seconds: 0 }));
    // and what runs on is stopped: the next one has the threads
    assert_eq!(bench.ask(&node(), "SELECT count(*) AS n FROM events").await.unwrap(), [json!({"n": 24})]);
}

/// Scopes of every kind that narrowing can make.
fn scopes() -> impl Strategy<Value = (BTreeSet<String>, BTreeSet<i64>, AccessScope)> {
    let sites = proptest::sample::subsequence(SITES.to_vec(), 0..=3);
    let classes = proptest::sample::subsequence(CLASSES.to_vec(), 0..=4);
    (sites, classes).prop_map(|(sites, classes)| {
        let sites: BTreeSet<String> = sites.into_iter().map(str::to_owned).collect();
        let classes: BTreeSet<i64> = classes.into_iter().collect();
        let scope = node().narrowed_to_sites(&sites).narrowed_to_classes(&classes).masking("actor_user_name");
        (sites, classes, scope)
    })
}

/// Queries that give positions of rows, in every shape that SQL has.
const SHAPES: [&str; 12] = [
    "SELECT position FROM events WHERE {}",
    "SELECT e.position FROM events AS e WHERE {}",
    "SELECT position FROM (SELECT * FROM events) WHERE {}",
    "SELECT position FROM events WHERE position IN (SELECT position FROM events WHERE {})",
    "SELECT position FROM identity WHERE {} UNION ALL SELECT position FROM process WHERE {} UNION ALL SELECT position FROM network WHERE {} UNION ALL SELECT position FROM record_access WHERE {}",
    "WITH x AS (SELECT position, site, class_uid, actor_user_name, time FROM events) SELECT position FROM x WHERE {}",
    "SELECT a.position FROM events a JOIN events b ON a.position = b.position WHERE a.position IN (SELECT position FROM events WHERE {})",
    "SELECT position FROM events WHERE {} ORDER BY time DESC",
    "SELECT max(position) AS position FROM events WHERE {} GROUP BY position",
    "SELECT position FROM events WHERE {} AND EXISTS (SELECT 1 FROM events)",
    "SELECT DISTINCT position FROM events WHERE {}",
    "SELECT position FROM events WHERE {} EXCEPT SELECT position FROM events WHERE position < 0",
];
type Holds = fn(u64) -> bool;
/// Conditions, and what they say of a row whose user is masked.
const CONDITIONS: [(&str, Holds); 7] = [
    ("true", |_| true),
    ("site = 'main' OR site <> 'main'", |_| true),
    ("class_uid IN (3002, 4001)", |position| matches!(position / 3 % 4, 0 | 2)),
    ("actor_user_name = 'user1'", |_| false),
    ("actor_user_name IS NULL", |_| true),
    ("coalesce(actor_user_name, 'none') = 'none'", |_| true),
    ("position % 7 = 3", |position| position % 7 == 3),
];

#[test]
fn rows_through_the_scope_are_the_rows_admitted_one_by_one() {
    const EVENTS: u64 = 36;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime.block_on(bench(EVENTS));
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let cases = (scopes(), 0..SHAPES.len(), 0..CONDITIONS.len());
    proptest!(config, |(((sites, classes, scope), shape, condition) in cases)| {
        let (condition, holds) = CONDITIONS[condition];
        let sql = SHAPES[shape].replace("{}", &format!("({condition})"));
        let found = runtime.block_on(bench.ask(&scope, &sql)).unwrap();
        let mut found: Vec<u64> = found.iter().map(|row| row["position"].as_u64().unwrap()).collect();
        found.sort_unstable();
        let admitted = |position: &u64| {
            let site = SITES[usize::try_from(position % 3).unwrap()];
            let class = CLASSES[usize::try_from(position / 3 % 4).unwrap()];
            prop_assert_eq!(scope.admits(site, class), sites.contains(site) && classes.contains(&class));
            Ok(scope.admits(site, class) && holds(*position))
        };
        let mut expect = Vec::new();
        for position in 0..EVENTS {
            if admitted(&position)? {
                expect.push(position);
            }
        }
        prop_assert_eq!(found, expect, "{}", sql);
    });
}

fn request(filter: &str) -> SearchRequest {
    SearchRequest {
        filter: filter::Filter::parse(filter).unwrap(),
        now: Time(RECEIVED.0 + 60_000_000),
        from: None,
        until: None,
    }
}

#[tokio::test]
async fn pages_of_a_search_join_without_gap_or_overlap() {
    let bench = bench(24).await;
    bench.tables.append(25, rows(23..24)).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = bench.queries.search(&node(), &request(""), after, 7, QueryLimits::default()).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row["position"].as_i64().unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    // one event twice: the same time and id; a page may end between the two
    seen.dedup();
    assert_eq!(seen, (0..24).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let bench = bench(24).await;
    for (filter, expect) in [
        ("user:USER1", vec![1, 6, 11, 16, 21]),
        ("user=USER1", vec![]),
        ("user:user1 site:north", vec![1, 16]),
        ("user:user1 -site:north", vec![6, 11, 21]),
        ("table:identity user:(user0 or user1)", vec![0, 1]),
        ("class_uid:87006001 or event:00000000000000000000000000000003", vec![3, 9, 10, 11, 21, 22, 23]),
        ("\"ser1\" last:45s", vec![16, 21]),
        ("time<2026-11-22T06:00:02Z", vec![0, 1]),
        ("logon_type_id:3", vec![]),
        ("-logon_type_id:3 user:user2", vec![2, 7, 12, 17, 22]),
        ("src_ip:10.0.0.0/8", vec![]),
        ("patient:x", vec![]),
    ] {
        let page = bench.queries.search(&node(), &request(filter), None, 100, QueryLimits::default()).await.unwrap();
        let mut found: Vec<i64> = page.rows.iter().map(|row| row["position"].as_i64().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, expect, "{filter}");
    }
}

#[tokio::test]
async fn facets_and_histogram_count_what_the_scope_admits() {
    let bench = bench(24).await;
    let scope = node().narrowed_to_sites(&BTreeSet::from(["north".to_owned()])).masking("actor_user_uid");
    let facet = |column: &'static str| {
        let (queries, scope) = (&bench.queries, &scope);
        async move { queries.facet(scope, &request(""), column, 2, QueryLimits::default()).await }
    };
    let value = |value: &str, count| FacetValue { value: json!(value), count };
    assert_eq!(facet("site").await.unwrap().values, [value("north", 8)]);
    assert_eq!(facet("actor_user_name").await.unwrap().values, [value("user1", 2), value("user2", 2)]);
    assert_eq!(facet("actor_user_uid").await.unwrap().values, [FacetValue { value: Value::Null, count: 8 }]);
    assert!(facet("no_such_column").await.is_err());
    let span = (RECEIVED, Time(RECEIVED.0 + 24_000_000));
    let counted = bench.queries.histogram(&scope, &request(""), span, 3, QueryLimits::default()).await.unwrap();
    let bucket = |second: i64, count| Bucket { start: Time(RECEIVED.0 + second * 1_000_000), seconds: 10, count };
    assert_eq!(counted, [bucket(0, 3), bucket(10, 4), bucket(20, 1)]);
}
