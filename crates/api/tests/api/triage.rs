//! The list that people triage, with what stands around it.

use serde_json::{Value, json};

use crate::played::{Administrator, Answer, Played, request, send, with_cookie, with_token};
use crate::resources::finding;

/// A node with two groups at `main` and `north`, of three findings.
async fn triaged() -> (Played, Administrator) {
    let played = Played::start().await;
    played.kept.record_findings(None, &[finding(1, "main"), finding(2, "main"), finding(3, "north")]).await.unwrap();
    let administrator = played.administrator().await;
    (played, administrator)
}

async fn read(played: &Played, by: &Administrator, path: &str) -> Answer {
    played.ask(with_cookie(request("GET", path), &by.cookie)).await
}

/// The sites of the groups that are listed.
async fn sites(played: &Played, by: &Administrator, query: &str) -> Vec<String> {
    let listed = read(played, by, &format!("/api/v1/finding-groups?{query}")).await;
    assert_eq!(listed.status, 200, "{query}: {}", listed.text);
    let site = |group: &Value| group["site"].as_str().unwrap().to_owned();
    listed.json()["items"].as_array().unwrap().iter().map(site).collect()
}

#[tokio::test]
async fn groups_are_listed_by_what_stands_in_the_address() {
    let (played, root) = triaged().await;
    assert_eq!(sites(&played, &root, "").await.len(), 2);
    for (query, expect) in [
        ("site=north", 1),
        ("level=high&level_min=low", 2),
        ("level=low", 0),
        ("class_uid=3002&entity_kind=user", 2),
        ("class_uid=1007", 0),
        ("entity_kind=patient", 0),
        ("text=oDD&muted=true", 2),
        ("text=%25&limit=1", 0),
        ("state=closed", 0),
        ("state=any&order=latest&limit=1", 1),
        ("rule=rule-1&from=2025-12-10T11:00:00Z&to=2025-12-10T11:00:01Z", 2),
        ("owner_is=me", 0),
        ("owner_is=nobody", 2),
    ] {
        assert_eq!(sites(&played, &root, query).await.len(), expect, "{query}");
    }
}

#[tokio::test]
async fn what_is_going_on_is_told_as_stories_within_the_sites() {
    let (played, root) = triaged().await;
    let told = read(&played, &root, "/api/v1/finding-groups/stories").await.json();
    assert_eq!((&told["total"], &told["is_cut"]), (&json!(1), &json!(false)));
    let story = &told["items"][0];
    assert_eq!((&story["groups"], &story["findings"], &story["entities_total"]), (&json!(2), &json!(3), &json!(1)));
    assert_eq!(story["entities"][0]["kind"], "user");
    assert_eq!(story["worst"]["level"], "high");
    let none = read(&played, &root, "/api/v1/finding-groups/stories?level_min=critical").await.json();
    assert_eq!(none, json!({"items": [], "total": 0, "is_cut": false}));
    assert_eq!(read(&played, &root, "/api/v1/finding-groups/stories?level_min=bad").await.status, 400);
    let north = played.token(&root, &["analyst"], Some(&["north"])).await;
    let told = played.ask(with_token(request("GET", "/api/v1/finding-groups/stories"), &north)).await.json();
    assert_eq!((&told["items"][0]["groups"], &told["items"][0]["began"]["site"]), (&json!(1), &json!("north")));
}

#[tokio::test]
async fn groups_are_ones_own_without_a_name_in_the_address() {
    let (played, root) = triaged().await;
    let listed = read(&played, &root, "/api/v1/finding-groups?site=north").await.json();
    let path = format!("/api/v1/finding-groups/{}", listed["items"][0]["id"].as_str().unwrap());
    let mut take = with_cookie(send("PATCH", &path, &json!({"owner": "root", "state": "acknowledged"})), &root.cookie);
    take.headers_mut().insert("if-match", "\"1\"".parse().unwrap());
    assert_eq!(played.ask(take).await.status, 200);
    assert_eq!(sites(&played, &root, "owner_is=me").await, ["north"]);
    assert_eq!(sites(&played, &root, "owner_is=nobody").await, ["main"]);
    assert_eq!(sites(&played, &root, "state=acknowledged").await, ["north"]);
}

#[tokio::test]
async fn what_an_address_does_not_know_is_refused_by_the_list_and_by_the_summary() {
    let (played, root) = triaged().await;
    for (path, expect) in [
        ("finding-groups?owner=anna", 400),
        ("finding-groups?buckets=9", 400),
        ("finding-groups?state=lost", 400),
        ("finding-groups?site=main&site=north", 400),
        ("finding-groups/summary?limit=9", 400),
        ("finding-groups/summary?buckets=0", 400),
        ("finding-groups/summary?buckets=201", 400),
        ("finding-groups/summary?buckets=200", 200),
        (&format!("finding-groups?text={}", "x".repeat(101)), 422),
        (&format!("finding-groups/summary?text={}", "x".repeat(101)), 422),
        ("findings/histogram?from=2025-12-10T00:00:00Z", 400),
        ("findings/histogram?from=2025-12-10T00:00:00Z&until=yesterday", 400),
    ] {
        let answer = read(&played, &root, &format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, expect, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_summary_counts_groups_as_a_whole_over_time_and_by_each_field() {
    let (played, root) = triaged().await;
    let path = "/api/v1/finding-groups/summary?site=main&from=2025-12-10T00:00:00Z&to=2025-12-11T00:00:00Z&buckets=24";
    let facet = |field: &str, values: Value| json!({"field": field, "values": values});
    let one = |value: &str, label: &str, count: u64| json!({"value": value, "label": label, "count": count});
    let expect = json!({
        "total": 1, "findings": 2, "from": "2025-12-10T00:00:00.000000Z", "until": "2025-12-11T00:00:00.000000Z", "seconds": 3_600,
        "histogram": [{"start": "2025-12-10T11:00:00.000000Z", "level": "high", "count": 1}],
        "facets": [
            facet("level", json!([one("high", "high", 1)])),
            facet("state", json!([one("open", "open", 1)])),
            facet("rule", json!([one("rule-1", "Odd", 1)])),
            facet("site", json!([one("main", "main", 1), one("north", "north", 1)])),
            facet("class_uid", json!([one("3002", "3002", 1)])),
            facet("entity_kind", json!([one("user", "user", 1)])),
        ],
    });
    assert_eq!(read(&played, &root, path).await.json(), expect);
    let none = read(&played, &root, "/api/v1/finding-groups/summary?text=nothing").await.json();
    let now = "2025-12-10T12:00:00.000000Z";
    assert_eq!((&none["total"], &none["from"], &none["until"]), (&json!(0), &json!(now), &json!(now)));
}

#[tokio::test]
async fn findings_are_counted_over_time_by_their_severity() {
    let (played, root) = triaged().await;
    let path = "/api/v1/findings/histogram?from=2025-12-10T10:59:30Z&until=2025-12-10T11:59:30Z";
    let expect = json!({
        "seconds": 60, "histogram": [{"start": "2025-12-10T10:59:30.000000Z", "level": "high", "count": 3}],
    });
    assert_eq!(read(&played, &root, path).await.json(), expect);
    let none = json!({"seconds": 60, "histogram": []});
    assert_eq!(read(&played, &root, &format!("{path}&level_min=critical")).await.json(), none);
    assert_eq!(read(&played, &root, &format!("{path}&rule=rule-2")).await.json(), none);
    let turned = "/api/v1/findings/histogram?from=2025-12-10T12:00:00Z&until=2025-12-10T11:00:00Z";
    assert_eq!(read(&played, &root, turned).await.json(), json!({"seconds": 1, "histogram": []}));
}
