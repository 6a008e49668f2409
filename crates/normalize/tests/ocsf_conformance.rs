//! Every event made of every fixture and of the outside samples meets OCSF 1.8.0 and our extension, and names no patient.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordon_decode::{DecodeOptions, Framed, Sink, Unit, detect_format};
use cordon_model::{Anomaly, Arena, Record, Time};
use cordon_normalize::{Normalizer, Origin};
use cordon_seal::SiteKey;
use cordon_testkit::ocsf::Schema;
use serde_json::Value;

/// Units of one file that are normalised: samples repeat themselves.
const UNITS_MAX: usize = 150;
/// Files of one folder of the outside samples.
const FILES_MAX: usize = 400;
/// Bytes of a file that are read.
const FILE_BYTES_MAX: usize = 4 << 20;

fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        eprintln!("NOT TESTED: {} is absent", path.display());
        return None;
    }
    Some(path)
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if found.len() < FILES_MAX {
            found.push(path);
        }
    }
}

struct Conformance<'s> {
    schema: &'s Schema,
    normalizer: Normalizer,
    events: usize,
    classes: BTreeMap<String, usize>,
    /// What is broken, with the first event that breaks it.
    faults: BTreeMap<String, String>,
}

struct Taker<'a, 't, 's> {
    conformance: &'t mut Conformance<'s>,
    arena: &'a Arena,
    file: &'t str,
}

impl<'a> Sink<'a> for Taker<'a, '_, '_> {
    fn record(&mut self, record: Record<'a>) {
        let origin = Origin { source: self.file, received: Time(1_790_000_000_000_000) };
        let event = self.conformance.normalizer.normalize(&record, origin, self.arena);
        let mut json = Vec::new();
        event.ocsf.write_json(&mut json);
        let value: Value = serde_json::from_slice(&json).expect("an event is JSON");
        let conformance = &mut *self.conformance;
        conformance.events += 1;
        *conformance.classes.entry(value["class_name"].as_str().unwrap_or("none").to_owned()).or_default() += 1;
        for fault in conformance.schema.check(&value) {
            let first = format!("{} {}: {}", self.file, record.raw.position, String::from_utf8_lossy(&json));
            conformance.faults.entry(fault).or_insert(first);
        }
    }

    fn fault(&mut self, _: u64, _: Anomaly) {}
}

impl Conformance<'_> {
    fn file(&mut self, path: &Path) {
        let mut bytes = std::fs::read(path).unwrap();
        bytes.truncate(FILE_BYTES_MAX);
        let options = Arc::new(DecodeOptions::new(Time(1_790_000_000_000_000)));
        let Some(format) = detect_format(&bytes, true) else { return };
        let mut framer = format.framer(&options);
        let (mut at, mut units) = (0, 0);
        while at < bytes.len() && units < UNITS_MAX {
            let rest = &bytes[at..];
            at += match framer.next(rest, true) {
                Framed::More => break,
                Framed::Unit { start, end, next } => {
                    units += 1;
                    self.unit(&*framer.decoder(), Unit { offset: at as u64, bytes: &rest[start..end] }, path);
                    next
                }
                Framed::Skip { next } | Framed::Header { next } | Framed::Fault { next, .. } => next,
            };
        }
    }

    fn unit(&mut self, decoder: &dyn cordon_decode::Decoder, unit: Unit<'_>, path: &Path) {
        let arena = Arena::new();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        decoder.decode(unit, &arena, &mut Taker { conformance: self, arena: &arena, file: &file });
    }
}

#[test]
fn every_event_meets_the_schema() {
    let Some(root) = shared("ocsf-1.8.0") else { return };
    let schema = Schema::read(&root, &[&own("docs/specs/ocsf-healthcare")]).unwrap();
    let options = DecodeOptions::new(Time(0));
    let normalizer = Normalizer::new(options.log_sources, SiteKey::of_scan(), options.csv_mappings);
    let mut conformance =
        Conformance { schema: &schema, normalizer, events: 0, classes: BTreeMap::new(), faults: BTreeMap::new() };
    let outside = ["evtx-attack-samples", "sigma-regression", "zeek", "hl7v2", "health", "learning/loghub"];
    for folder in [Some(own("fixtures"))].into_iter().chain(outside.map(shared)).flatten() {
        let mut found = Vec::new();
        files(&folder, &mut found);
        found.iter().for_each(|path| conformance.file(path));
    }
    eprintln!("{} events: {:?}", conformance.events, conformance.classes);
    let faults: Vec<String> =
        conformance.faults.iter().take(60).map(|(fault, event)| format!("{fault}\n    {event:.700}")).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", conformance.faults.len(), faults.join("\n"));
    assert!(conformance.events > 2_000 && conformance.classes.len() >= 15, "{:?}", conformance.classes);
}

#[test]
fn the_check_finds_what_breaks_the_schema() {
    let Some(root) = shared("ocsf-1.8.0") else { return };
    let schema = Schema::read(&root, &[&own("docs/specs/ocsf-healthcare")]).unwrap();
    let good = serde_json::json!({
        "activity_id": 1, "activity_name": "Logon", "category_uid": 3, "class_uid": 3002, "type_uid": 300_201, "severity_id": 1, "time": 1,
        "metadata": {"version": "1.8.0", "product": {"name": "x"}}, "user": {"name": "kim"}, "service": {"name": "sshd"}
    });
    let check = |at: &str, value: Value, expect: &[&str]| {
        let mut event = good.clone();
        match (at.rsplit_once('/'), value) {
            (Some((above, name)), Value::Null) => {
                event.pointer_mut(above).unwrap().as_object_mut().unwrap().remove(name);
            }
            (Some((above, name)), value) => event.pointer_mut(above).unwrap()[name] = value,
            (None, _) => {}
        }
        assert_eq!(schema.check(&event), expect, "{at}");
    };
    check("", Value::Null, &[]);
    check("/user", Value::Null, &["authentication: lacks user"]);
    check("/metadata/version", Value::Null, &["authentication.metadata: lacks version"]);
    check("/user/name", Value::Null, &["authentication.user: breaks at_least_one [\"account\",\"name\",\"uid\"]"]);
    check("/service", Value::Null, &["authentication: breaks at_least_one [\"service\",\"dst_endpoint\"]"]);
    check("/severity_id", 7.into(), &["authentication.severity_id: 7 is not in the enumeration"]);
    check("/time", "now".into(), &["authentication.time: \"now\" is no timestamp_t"]);
    check("/process", serde_json::json!({"pid": 1}), &["authentication.process: is not known"]);
    check(
        "/device",
        serde_json::json!({"ip": "10.0.0.1", "type_id": 0}),
        &["authentication.device: belongs to a profile that the event does not name"],
    );
    check(
        "/src_endpoint",
        serde_json::json!({"ip": "router"}),
        &["authentication.src_endpoint.ip: \"router\" is no ip_t"],
    );
    check(
        "/src_endpoint",
        serde_json::json!({"ip": "10.0.0.1", "port": 65_536}),
        &["authentication.src_endpoint.port: 65536 is outside [Number(0), Number(65535)]"],
    );
    check("/activity_name", "Logoff".into(), &["activity_name: \"Logoff\" is not \"Logon\""]);
    check("/type_uid", 1.into(), &["type_uid: is not class_uid * 100 + activity_id"]);
}
