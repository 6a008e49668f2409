//! The filter language: what it reads, what it refuses and where, and that no typed text ever becomes a part of a query.

use cordon_model::Time;
use proptest::prelude::*;

use super::*;

const NOW: Time = Time(1_795_327_200_000_000);

fn check(filter: &str, expect: &str) {
    let found = Filter::parse(filter).map(|filter| filter.expression(NOW).to_string());
    assert_eq!(found.as_deref().map_err(ToString::to_string), Ok(expect), "{filter}");
}

fn refuse(filter: &str, at: &str, message: &str, hint: Option<&str>) {
    let error = Filter::parse(filter).unwrap_err();
    assert_eq!(
        (filter.get(error.at.clone()).unwrap_or("?"), error.message.as_str(), error.hint.as_deref()),
        (at, message, hint)
    );
}

#[test]
fn a_filter_reads_as_people_mean_it() {
    check("", "Boolean(true)");
    check("code=4625", r#"metadata_event_code = Utf8View("4625")"#);
    check("actor:j*e", r#"actor_user_name ILIKE Utf8View("j%e")"#);
    check("actor:\"j*e_%\"", r#"actor_user_name ILIKE Utf8View("j*e\_\%")"#);
    check("site:main code=1", r#"site = Utf8View("main") AND metadata_event_code = Utf8View("1")"#);
    check(
        "site:main and code=1 or site:b",
        r#"site = Utf8View("main") AND metadata_event_code = Utf8View("1") OR site = Utf8View("b")"#,
    );
    check("site:(a or b c)", r#"site = Utf8View("a") OR site = Utf8View("b") OR site = Utf8View("c")"#);
    check("-site:a", r#"NOT coalesce(site = Utf8View("a"), Boolean(false))"#);
    check("not (site:a or site:b)", r#"NOT coalesce(site = Utf8View("a") OR site = Utf8View("b"), Boolean(false))"#);
    check("site!=a", r#"NOT coalesce(site = Utf8View("a"), Boolean(false))"#);
    check("severity>=high", "severity_id >= Int32(4) AND severity_id <= Int32(6)");
    check("src_port<1024", "src_endpoint_port < Int64(1024)");
    check("reg_path:HKLM\\x", r#"reg_path ILIKE Utf8View("HKLM\\x")"#);
    check(
        "hash:aB",
        r#"file_hash_sha256 IN ([Utf8View("ab"), Utf8View("AB")]) OR file_hash_sha1 IN ([Utf8View("ab"), Utf8View("AB")]) OR file_hash_md5 IN ([Utf8View("ab"), Utf8View("AB")])"#,
    );
    let day = |time: &str| format!("time >= TimestampMicrosecond({time}, Some(\"UTC\"))");
    check("last:24h", &day("1795240800000000"));
    check("since:2026-11-22", &day("1795305600000000"));
    check("since:2026-11-22T06:00", &day("1795327200000000"));
    check("time>=2026-11-22T06:00:00+01:00", &day("1795323600000000"));
}

#[test]
fn a_network_is_a_range_of_its_addresses() {
    let text = |filter: &str| Filter::parse(filter).unwrap().expression(NOW).to_string();
    assert!(text("src_ip:10.0.0.0/8").contains(">= Binary(\"0,0,0,0,0,0,0,0,0,0,255,255,10,0,0,0\") AND"));
    assert!(text("src_ip:10.0.0.0/8").contains("<= Binary(\"0,0,0,0,0,0,0,0,0,0,255,255,10,255,255,255\")"));
    assert!(text("src_ip:fe80::1").contains("src_endpoint_ip_bytes = Binary("));
    assert!(text("src_ip:::/0").contains("<= Binary(\"255,255"));
}

#[test]
fn what_does_not_read_is_refused_with_its_place_and_a_hint() {
    refuse("usr:jdoe", "usr", "there is no field `usr`", Some("did you mean `user`?"));
    refuse("user:a severty:high", "severty", "there is no field `severty`", Some("did you mean `severity`?"));
    refuse("xyzzyx:1", "xyzzyx", "there is no field `xyzzyx`", None);
    refuse(
        "severity:hgh",
        "hgh",
        "`hgh` is no value of `severity`",
        Some("write informational, low, medium, high, critical or fatal"),
    );
    refuse(
        "src_ip:10.0.0.0/33",
        "10.0.0.0/33",
        "`10.0.0.0/33` is no value of `src_ip`",
        Some("write an address as 10.0.0.5 or a network as 10.0.0.0/8"),
    );
    refuse("user>a", "a", "`user` has no order", Some("write `user:VALUE`"));
    refuse("user:", "", "a value is missing here", None);
    refuse("(a", "(", "this parenthesis is never closed", None);
    refuse("a)", ")", "there is nothing that this closes", None);
    refuse("a or", "", "something is missing here", None);
    refuse("\"a", "\"a", "this quote is never closed", None);
    refuse(":a", ":", "a field is missing before this", None);
    refuse("last:yesterday", "yesterday", "`yesterday` is no time", Some("write a length as 15m, 24h or 7d"));
    refuse(&"(".repeat(100), "(", "a filter nests at most 24 deep", None);
    assert!(Filter::parse(&"a ".repeat(300)).unwrap_err().message.contains("256 conditions"));
    assert!(Filter::parse(&"a".repeat(9_000)).unwrap_err().message.contains("8192 bytes"));
}

#[test]
fn every_field_is_about_columns_of_events() {
    let columns = crate::query::schema::all_columns();
    for field in fields() {
        for column in &field.columns {
            assert!(columns.field_with_name(column).is_ok(), "{}: {column}", field.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_reads_or_is_refused_at_a_place_within_it(text in r#"[ -~äß"():=<>!*/\-\\]{0,60}"#) {
        match Filter::parse(&text) {
            Ok(filter) => drop(filter.expression(NOW)),
            Err(error) => prop_assert!(text.get(error.at.clone()).is_some(), "{error:?}"),
        }
    }

    #[test]
    fn what_is_quoted_stays_a_value(value in r#"[ -~äß'";%_*()\\]{1,40}"#) {
        let quoted = format!("code=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        let filter = Filter::parse(&quoted).unwrap();
        let expect = datafusion::prelude::col("metadata_event_code").eq(datafusion::prelude::lit(
            datafusion::common::ScalarValue::Utf8View(Some(value)),
        ));
        prop_assert_eq!(filter.expression(NOW), expect);
    }
}
