//! Writes event tables for other engines to read meanwhile: `cargo run --example write_tables -- FOLDER FLUSHES`. Event number n stands at position n, in the table
//! n modulo 3 of `identity`, `network`, `process`, so a reader that finds c events in a table knows what their positions sum up to. Prints a line for each flush.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a peer for a test in Python"
)]

use std::path::PathBuf;
use std::sync::Arc;

use cordon_model::{Arena, Digest, Event, EventId, Node, Object, Position, RawRecord, Record, SourceSet, Time, When};
use cordon_store::disk::FileDisk;
use cordon_store::tables::{RowMeta, Rows, Tables, TablesOptions};

/// 2026-11-22T06:00:00Z.
const RECEIVED: Time = Time(1_795_327_200_000_000);
const CLASSES: [i64; 3] = [3002, 4001, 1007];
/// Events of one flush.
const EVENTS: u64 = 600;

fn rows(positions: std::ops::Range<u64>) -> Rows {
    let (arena, mut rows) = (Arena::new(), Rows::new());
    for position in positions {
        let record = Record {
            raw: RawRecord { position: Position::Offset(position), bytes: b"" },
            index: 0,
            format: "test",
            when: When::Missing,
            sources: SourceSet::default(),
            fields: &[],
            anomalies: &[],
            patient_spans: &[],
        };
        let mut endpoint = Object::new_in(&arena);
        endpoint.put_text("ip", "10.0.0.5");
        let mut ocsf = Object::new_in(&arena);
        ocsf.put("src_endpoint", Node::Object(endpoint));
        let mut patient_refs = bumpalo::collections::Vec::new_in(&arena);
        patient_refs.extend_from_slice(&["p1", "p2"]);
        let event = Event {
            class_uid: CLASSES.get(position as usize % 3).copied().unwrap(),
            activity_id: 1,
            time: Time(RECEIVED.0 + position as i64),
            received: RECEIVED,
            severity_id: 1,
            patient_refs,
            ocsf,
            record,
        };
        let event_id = EventId(u128::from(position).to_be_bytes());
        rows.push(
            &event,
            &RowMeta { event_id, record_sha256: Digest([0; 32]), site: "main", source: "s", position, index: 0 },
        );
    }
    rows
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap());
    let flushes: u64 = arguments.next().unwrap().parse().unwrap();
    let tables = Tables::open(Arc::new(FileDisk), &folder, TablesOptions::default()).await.unwrap();
    for flush in 0..flushes {
        let through = (flush + 1) * EVENTS;
        tables.append(through, rows(flush * EVENTS..through).finish()).await.unwrap();
        tables.flush().await.unwrap();
        println!("{through}");
        if flush % 10 == 9 {
            tables.compact(0).await.unwrap();
        }
    }
}
