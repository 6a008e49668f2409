//! The tables from the outside: what is appended is there once, whatever happens in between.

use std::sync::Arc;

use cordon_decode::{DecodeOptions, Framed, Sink, Unit, detect_format};
use cordon_model::{Anomaly, Arena, Event, EventId, Node, Object, Position, RawRecord, Record, SourceSet, Time, When};
use cordon_normalize::{Normalizer, Origin};
use cordon_seal::SiteKey;
use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;

use super::*;

/// 2026-11-22T06:00:00Z.
pub(crate) const RECEIVED: Time = Time(1_795_327_200_000_000);

/// An event of a class as a decoder and the normaliser would make it, with what `fill` puts.
pub(crate) fn event<'a>(class_uid: i64, arena: &'a Arena, fill: impl FnOnce(&mut Object<'a>)) -> Event<'a> {
    let mut ocsf = Object::new_in(arena);
    ocsf.put_integer("class_uid", class_uid);
    fill(&mut ocsf);
    Event {
        id: EventId([0; 16]),
        class_uid,
        activity_id: 1,
        time: RECEIVED,
        received: RECEIVED,
        severity_id: 1,
        patient_refs: bumpalo::collections::Vec::new_in(arena),
        ocsf,
        record: Record {
            raw: RawRecord { position: Position::Offset(0), bytes: b"" },
            index: 0,
            format: "test",
            when: When::Missing,
            sources: SourceSet::default(),
            fields: &[],
            anomalies: &[],
            patient_spans: &[],
        },
    }
}

pub(crate) fn meta(position: u64) -> RowMeta<'static> {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&position.to_be_bytes());
    RowMeta {
        event_id: EventId(id),
        record_sha256: cordon_model::Digest([7; 32]),
        site: "main",
        source: "s",
        position,
        index: 0,
    }
}

/// Sign-ins and connections, one at each position.
fn some(positions: std::ops::Range<u64>) -> Vec<(Family, RecordBatch)> {
    let arena = Arena::new();
    let mut rows = Rows::new();
    for position in positions {
        let class = if position % 2 == 0 { 3002 } else { 4001 };
        rows.push(&event(class, &arena, |_| {}), &meta(position));
    }
    rows.finish()
}

fn positions(batches: impl IntoIterator<Item = RecordBatch>) -> Vec<i64> {
    let mut all = Vec::new();
    for batch in batches {
        all.extend(batch.column_by_name("position").unwrap().as_primitive::<Int64Type>().values());
    }
    all.sort_unstable();
    all
}

/// Positions in the files of all tables, read by Parquet alone from what the logs name.
pub(crate) fn in_files(folder: &Path, tables: &Tables) -> Vec<i64> {
    use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let state = tables.inner.read();
    let mut batches = Vec::new();
    for (family, table) in Family::all().zip(&state.tables) {
        for file in table.files.iter() {
            let file = std::fs::File::open(folder.join(family.name()).join(&file.path)).unwrap();
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            batches.extend(reader.map(Result::unwrap));
        }
    }
    positions(batches)
}

fn in_memory(tables: &Tables) -> Vec<i64> {
    positions(tables.inner.read().tables.iter().flat_map(|table| table.hot.batches().cloned().collect::<Vec<_>>()))
}

async fn open(folder: &Path) -> Tables {
    Tables::open(Arc::new(crate::disk::FileDisk), folder, TablesOptions::default()).await.unwrap()
}

fn text(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(column).unwrap_or_else(|| panic!("no column {column}"));
    column.as_string::<i32>().iter().map(|value| value.map(str::to_owned)).collect()
}

#[test]
fn attributes_go_into_their_columns_and_the_rest_stays_json() {
    let arena = Arena::new();
    let mut rows = Rows::new();
    let process = event(1007, &arena, |ocsf| {
        let mut file = Object::new_in(&arena);
        file.put_text("path", r"C:\a\b.exe");
        let mut hash = Object::new_in(&arena);
        hash.put_integer("algorithm_id", 3);
        hash.put_text("value", "ABCD");
        file.put("hashes", Node::list_in([Node::Object(hash)], &arena));
        let mut process = Object::new_in(&arena);
        process.put_text("name", "b.exe");
        process.put_integer("pid", 5_000_000_000);
        process.put_text("working_directory", r"C:\a");
        process.put("file", Node::Object(file));
        ocsf.put("process", Node::Object(process));
        let mut source = Object::new_in(&arena);
        source.put_text("ip", "10.0.0.5");
        source.put_text("port", "443");
        ocsf.put("src_endpoint", Node::Object(source));
        ocsf.put_text("message", "the patient Quillfeather was seen");
        let mut unmapped = Object::new_in(&arena);
        unmapped.put_text("Comment", "x");
        unmapped.put_text("LogonGuid", "{1}");
        unmapped.put_text("Prose", "one two three four five six seven");
        ocsf.put("unmapped", Node::Object(unmapped));
    });
    rows.push(&process, &meta(1));
    let (family, batch) = rows.finish().pop().unwrap();
    assert_eq!(family.name(), "process");
    let one = |column: &str| text(&batch, column)[0].clone().unwrap_or_default();
    assert_eq!(one("process_name"), "b.exe");
    assert_eq!(one("process_file_path"), r"C:\a\b.exe");
    assert_eq!(one("file_hash_sha256"), "ABCD");
    assert_eq!(one("src_endpoint_ip"), "10.0.0.5");
    let bytes = batch.column_by_name("src_endpoint_ip_bytes").unwrap().as_binary::<i32>().value(0).to_vec();
    assert_eq!(bytes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 5]);
    assert_eq!(batch.column_by_name("process_pid").unwrap().as_primitive::<Int64Type>().value(0), 5_000_000_000);
    assert_eq!(one("rest"), r#"{"process":{"working_directory":"C:\\a"},"unmapped":{"LogonGuid":"{1}"}}"#);
}

#[test]
fn several_patients_stand_in_a_list_and_one_alone() {
    let arena = Arena::new();
    let mut rows = Rows::new();
    for refs in [&["p1"][..], &["p1", "p2"], &[]] {
        let mut one = event(87_006_001, &arena, |_| {});
        one.patient_refs.extend_from_slice(refs);
        rows.push(&one, &meta(1));
    }
    let (_, batch) = rows.finish().pop().unwrap();
    assert_eq!(text(&batch, "patient_ref"), [Some("p1".to_owned()), Some("p1".to_owned()), None]);
    let lists = batch.column_by_name("patient_refs").unwrap().as_list::<i32>().clone();
    let lists: Vec<Option<usize>> = lists.iter().map(|list| list.map(|list| list.len())).collect();
    assert_eq!(lists, [None, Some(2), None]);
}

#[tokio::test]
async fn what_was_flushed_is_there_once_after_any_replay() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).await;
    tables.append(10, some(0..10)).await.unwrap();
    tables.flush().await.unwrap();
    assert_eq!((tables.applied(), tables.through()), (10, 10));
    tables.append(20, some(10..20)).await.unwrap();
    assert_eq!((tables.applied(), tables.through()), (10, 20));
    assert_eq!(in_memory(&tables), (10..20).collect::<Vec<_>>());
    drop(tables);

    let tables = open(folder.path()).await;
    assert_eq!((tables.applied(), tables.through()), (10, 10));
    // the replay starts earlier than it had to
    tables.append(15, some(5..15)).await.unwrap();
    tables.append(20, some(15..20)).await.unwrap();
    assert_eq!(in_memory(&tables), (10..20).collect::<Vec<_>>());
    tables.flush().await.unwrap();
    assert_eq!(in_files(folder.path(), &tables), (0..20).collect::<Vec<_>>());
    assert!(in_memory(&tables).is_empty());
}

#[tokio::test]
async fn a_table_that_got_nothing_new_does_not_hold_the_offset_back() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).await;
    tables.append(1_000, some(4..5)).await.unwrap();
    tables.flush().await.unwrap();
    assert_eq!(tables.applied(), 1_000);
    assert_eq!(open(folder.path()).await.applied(), 1_000);
}

#[tokio::test]
async fn a_crash_between_two_commits_repeats_only_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).await;
    tables.append(10, some(0..10)).await.unwrap();
    tables.flush().await.unwrap();
    tables.append(20, some(10..20)).await.unwrap();
    tables.flush().await.unwrap();
    drop(tables);
    // as if the node had died after the commit of `identity` and before that of `network`
    std::fs::remove_file(folder.path().join("network/_delta_log/00000000000000000002.json")).unwrap();
    std::fs::write(folder.path().join("applied.json"), r#"{"through":10}"#).unwrap();

    let tables = open(folder.path()).await;
    assert_eq!(tables.applied(), 10);
    tables.append(20, some(10..20)).await.unwrap();
    assert_eq!(in_memory(&tables), [11, 13, 15, 17, 19]);
    tables.flush().await.unwrap();
    assert_eq!(in_files(folder.path(), &tables), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn files_without_a_commit_are_removed_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).await;
    tables.append(10, some(0..10)).await.unwrap();
    tables.flush().await.unwrap();
    drop(tables);
    let day = folder.path().join("identity/event_day=2026-11-22");
    for name in ["orphan.parquet", "half.parquet.unfinished"] {
        std::fs::write(day.join(name), "x").unwrap();
    }
    let tables = open(folder.path()).await;
    let left: Vec<_> = std::fs::read_dir(&day).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["00000000000000000010.parquet"]);
    assert_eq!(in_files(folder.path(), &tables), (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_memory_makes_the_next_append_wait_for_files() {
    let folder = tempfile::tempdir().unwrap();
    let options = TablesOptions { hot_bytes_max: 1, flush_bytes: 1, ..TablesOptions::default() };
    let tables = Tables::open(Arc::new(crate::disk::FileDisk), folder.path(), options).await.unwrap();
    tables.append(10, some(0..10)).await.unwrap();
    assert_eq!(tables.applied(), 0);
    tables.append(20, some(10..20)).await.unwrap();
    assert_eq!(tables.applied(), 10);
    assert_eq!(in_memory(&tables), (10..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn single_events_are_joined_as_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).await;
    for position in 0..200 {
        tables.append(position + 1, some(position..position + 1)).await.unwrap();
    }
    let batches: Vec<usize> =
        tables.inner.read().tables.iter().map(|table| table.hot.batches().count()).filter(|count| *count > 0).collect();
    assert!(batches.iter().all(|count| *count < 20), "{batches:?}");
    assert_eq!(in_memory(&tables), (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_files_of_a_day_lie_in_its_partition() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).await;
    let arena = Arena::new();
    let mut rows = Rows::new();
    for day in 0..2 {
        let mut one = event(3002, &arena, |_| {});
        one.received = Time(RECEIVED.0 + day * rows::DAY_MICROS);
        rows.push(&one, &meta(day.unsigned_abs()));
    }
    tables.append(2, rows.finish()).await.unwrap();
    tables.flush().await.unwrap();
    let days: Vec<_> = tables.inner.read().tables[0].files.iter().map(|file| (file.path.clone(), file.rows)).collect();
    let name = "00000000000000000002.parquet";
    assert_eq!(days, [(format!("event_day=2026-11-22/{name}"), 1), (format!("event_day=2026-11-23/{name}"), 1)]);
    let before = tables.inner.read().tables[0].files.clone();
    assert_eq!(open(folder.path()).await.inner.read().tables[0].files, before);
}

/// Flushes so often, ten events each time.
async fn flushed(folder: &Path, times: u64) -> Tables {
    let tables = open(folder).await;
    for time in 0..times {
        tables.append((time + 1) * 10, some(time * 10..time * 10 + 10)).await.unwrap();
        tables.flush().await.unwrap();
    }
    tables
}

fn files(tables: &Tables) -> Vec<usize> {
    tables.counts().iter().map(|table| usize::try_from(table.files).unwrap()).filter(|files| *files > 0).collect()
}

const TODAY: i32 = 20_779;

#[tokio::test]
async fn compaction_joins_small_files_and_changes_nothing_else() {
    assert_eq!(day_text(TODAY), "2026-11-22");
    let folder = tempfile::tempdir().unwrap();
    let tables = flushed(folder.path(), 9).await;
    assert_eq!(files(&tables), [9, 9]);
    let before = tables.snapshot();
    assert_eq!(tables.compact(TODAY).await.unwrap(), (18, 2));
    assert_eq!(files(&tables), [1, 1]);
    assert_eq!(in_files(folder.path(), &tables), (0..90).collect::<Vec<_>>());
    assert_eq!(tables.compact(TODAY).await.unwrap(), (0, 0));
    let expect = TablesVerified { files: 2, hashed: 2, rows: 90, faults: Vec::new(), is_cut_short: false };
    assert_eq!(tables.verify().await.unwrap(), expect);
    // who began before still finds the old files, until they are vacuumed
    let exists = |file: SnapshotFile<'_>| folder.path().join(file.path().as_ref()).exists();
    assert!(before.iter().flat_map(TableSnapshot::files).all(exists));
    assert_eq!(tables.vacuum(Duration::from_secs(3_600)).await.unwrap(), 0);
    assert!(before.iter().flat_map(TableSnapshot::files).all(exists));
    assert_eq!(tables.vacuum(Duration::ZERO).await.unwrap(), 18);
    drop(tables);
    let tables = open(folder.path()).await;
    assert_eq!((tables.applied(), files(&tables)), (90, vec![1, 1]));
    assert_eq!(in_files(folder.path(), &tables), (0..90).collect::<Vec<_>>());
}

#[tokio::test]
async fn files_of_past_days_are_joined_however_few() {
    let folder = tempfile::tempdir().unwrap();
    let tables = flushed(folder.path(), 3).await;
    assert_eq!(tables.compact(TODAY).await.unwrap(), (0, 0));
    assert_eq!(tables.compact(TODAY + 1).await.unwrap(), (6, 2));
    assert_eq!(in_files(folder.path(), &tables), (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_dropped_day_is_gone_and_the_offset_stays() {
    let folder = tempfile::tempdir().unwrap();
    let tables = flushed(folder.path(), 2).await;
    let [identity, network] = ["identity", "network"].map(|name| Family::from_name(name).unwrap());
    let days: Vec<_> = tables.days().iter().map(|day| (day.family, day.day, day.rows)).collect();
    assert_eq!(days, [(identity, TODAY, 10), (network, TODAY, 10)]);
    assert_eq!(tables.drop_day(identity, TODAY - 1).await.unwrap(), 0);
    assert_eq!(tables.drop_day(identity, TODAY).await.unwrap(), 10);
    assert_eq!(in_files(folder.path(), &tables), (0..20).filter(|position| position % 2 == 1).collect::<Vec<_>>());
    drop(tables);
    let tables = open(folder.path()).await;
    assert_eq!(tables.applied(), 20);
    // what was dropped does not come back with a replay
    tables.append(20, some(0..20)).await.unwrap();
    assert!(in_memory(&tables).is_empty());
}

#[tokio::test]
async fn offsets_and_files_survive_a_checkpoint_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let tables = flushed(folder.path(), 66).await;
    let checkpoint = folder.path().join("identity/_delta_log/_last_checkpoint");
    assert!(checkpoint.exists());
    let before =
        tables.snapshot().iter().flat_map(|table| table.files().map(|file| file.path()).collect::<Vec<_>>()).count();
    drop(tables);
    std::fs::remove_file(folder.path().join("applied.json")).unwrap();
    let tables = open(folder.path()).await;
    let counts: Vec<_> = tables.counts().iter().map(|table| table.rows).filter(|rows| *rows > 0).collect();
    assert_eq!(counts, [330, 330]);
    assert_eq!(tables.snapshot().iter().map(|table| table.files().count()).sum::<usize>(), before);
    assert_eq!(tables.inner.read().tables[0].applied, 660);
    assert!(tables.snapshot()[0].files().all(|file| file.has_ranges()));
}

#[tokio::test]
async fn verify_names_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let tables = flushed(folder.path(), 2).await;
    let day = folder.path().join("identity/event_day=2026-11-22");
    std::fs::write(day.join("stranger.parquet"), "x").unwrap();
    std::fs::write(day.join("00000000000000000010.parquet"), "short").unwrap();
    std::fs::remove_file(day.join("00000000000000000020.parquet")).unwrap();
    let verified = tables.verify().await.unwrap();
    assert_eq!((verified.files, verified.rows, verified.faults.len()), (4, 10, 3));
    let says = |words: &str| verified.faults.iter().any(|fault| fault.contains(words));
    assert!(says("stranger.parquet: no commit names this file") && says("is 5 bytes long"), "{:?}", verified.faults);
}

/// The log of a table with other columns than the catalogue has.
fn rewrite_schema(folder: &Path, change: impl Fn(&mut Vec<serde_json::Value>)) {
    let path = folder.join("identity/_delta_log/00000000000000000000.json");
    let rewrite = |line: &str| {
        let mut action: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(text) = action.pointer_mut("/metaData/schemaString") {
            let mut schema: serde_json::Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
            change(schema["fields"].as_array_mut().unwrap());
            *text = schema.to_string().into();
        }
        action.to_string()
    };
    let lines: Vec<String> = std::fs::read_to_string(&path).unwrap().lines().map(rewrite).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

/// Puts ten events of the table of identities into a file and its log as an older version wrote them.
async fn put_old_file(folder: &Path, written: impl Fn(&RecordBatch) -> RecordBatch) {
    let identity = Family::from_name("identity").unwrap();
    let objects: Shared = Arc::new(Objects::open(Arc::new(crate::disk::FileDisk), folder).unwrap());
    let (_, batch) = some(0..10).remove(0);
    let mut old = file::encode(identity, TODAY, std::slice::from_ref(&batch), "old").unwrap();
    old.bytes = {
        use datafusion::parquet::arrow::ArrowWriter;
        let batch = written(&batch.project(&(0..batch.num_columns() - 1).collect::<Vec<_>>()).unwrap());
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    };
    (old.size, old.sha256) = (old.bytes.len(), cordon_seal::digest(&old.bytes));
    let add = deltalake::kernel::Action::Add(old.add(0, true));
    let path = object_store::path::Path::from(format!("identity/{}", old.path));
    object_store::ObjectStoreExt::put(&objects, &path, old.bytes.clone().into()).await.unwrap();
    let log = folder.join("identity/_delta_log/00000000000000000001.json");
    std::fs::write(log, serde_json::to_string(&add).unwrap()).unwrap();
}

#[tokio::test]
async fn files_with_ids_of_a_fixed_length_are_read_and_joined_with_those_of_today() {
    use datafusion::arrow::compute::cast;
    use datafusion::arrow::datatypes::{DataType, Field, Schema};

    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).await);
    let fixed = |batch: &RecordBatch| {
        let field = |field: &Arc<Field>| match (field.data_type(), field.name().as_str()) {
            (DataType::Binary, "record_sha256") => field.as_ref().clone().with_data_type(DataType::FixedSizeBinary(32)),
            (DataType::Binary, _) => field.as_ref().clone().with_data_type(DataType::FixedSizeBinary(16)),
            _ => field.as_ref().clone(),
        };
        let schema = Arc::new(Schema::new(batch.schema().fields().iter().map(field).collect::<Vec<_>>()));
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(column, field)| cast(column, field.data_type()).unwrap()).collect();
        RecordBatch::try_new(schema, columns).unwrap()
    };
    put_old_file(folder.path(), fixed).await;
    let tables = open(folder.path()).await;
    tables.append(60, some(40..60)).await.unwrap();
    tables.flush().await.unwrap();
    let spill = crate::query::QueryOptions::spilling_to(folder.path().join("spill"));
    let queries = crate::query::Queries::new(tables.clone(), spill).unwrap();
    let ask = async |sql: &str| {
        let scope = cordon_policy::AccessScope::of_the_node();
        let mut result = queries.query(&scope, sql, crate::query::QueryLimits::default()).await.unwrap();
        let batches = result.collect().await.unwrap();
        batches.iter().flat_map(crate::query::rows_to_json).map(serde_json::Value::Object).collect::<Vec<_>>()
    };
    let all = "SELECT event_id, record_sha256, position FROM identity ORDER BY position";
    let before = ask(all).await;
    assert!(before.len() > 10 && before.iter().all(|row| row["event_id"].is_string()), "{before:?}");
    let id = before[3]["event_id"].as_str().unwrap().replace('-', "");
    let one = format!("SELECT event_id FROM identity WHERE event_id = X'{id}'");
    let found = ask(&one).await;
    assert_eq!(found, [serde_json::json!({"event_id": before[3]["event_id"]})]);
    assert_eq!(tables.compact(TODAY + 1).await.unwrap().0, 2);
    assert_eq!((ask(all).await, ask(&one).await), (before, found));
}

#[tokio::test]
async fn a_column_added_later_still_reads_old_files() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).await);
    // the table as an older version made it, with a file that lacks the column
    rewrite_schema(folder.path(), |fields| fields.retain(|field| field["name"] != "group_name"));
    let without = |batch: &RecordBatch| {
        let keep: Vec<usize> =
            (0..batch.num_columns()).filter(|at| batch.schema().field(*at).name() != "group_name").collect();
        batch.project(&keep).unwrap()
    };
    put_old_file(folder.path(), without).await;

    let tables = open(folder.path()).await;
    tables.append(30, some(20..30)).await.unwrap();
    tables.flush().await.unwrap();
    assert_eq!(tables.verify().await.unwrap().faults, Vec::<String>::new());
    let spill = crate::query::QueryOptions::spilling_to(folder.path().join("spill"));
    let queries = crate::query::Queries::new(tables.clone(), spill).unwrap();
    let count = async || {
        let sql = "SELECT count(*) AS n, count(group_name) AS named FROM identity";
        let scope = cordon_policy::AccessScope::of_the_node();
        let mut result = queries.query(&scope, sql, crate::query::QueryLimits::default()).await.unwrap();
        crate::query::rows_to_json(&result.collect().await.unwrap()[0])[0].clone()
    };
    let expect = serde_json::json!({"n": 10, "named": 0}).as_object().unwrap().clone();
    assert_eq!(count().await, expect);
    assert_eq!(tables.compact(TODAY + 1).await.unwrap().0, 2);
    assert_eq!(count().await, expect);
}

#[tokio::test]
async fn a_table_of_a_newer_version_is_refused_before_it_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).await);
    rewrite_schema(folder.path(), |fields| {
        fields.push(serde_json::json!({"name": "of_tomorrow", "type": "string", "nullable": true, "metadata": {}}));
    });
    let refused = Tables::open(Arc::new(crate::disk::FileDisk), folder.path(), TablesOptions::default()).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the table `identity` has the column `of_tomorrow`, which this version does not know; it was written by a newer one: start that one again"
    );
}

/// What names the patients of Lakeside, in lower case: names in the orders that formats write, numbers, dates of birth, addresses.
fn patients() -> Vec<[String; 4]> {
    let model = include_str!("../../../../fixtures/lakeside/patients.toml");
    let value = |line: &str, name: &str| -> Option<String> {
        let (_, rest) = line.split_once(&format!("{name} = \""))?;
        Some(rest.split_once('"')?.0.to_ascii_lowercase())
    };
    let patient = |line: &str| {
        let [mrn, given, family, address] = ["mrn", "given", "family", "address"].map(|name| value(line, name));
        Some([mrn?, given?, family?, address?])
    };
    model.lines().filter_map(patient).collect()
}

/// What of a text names one of the patients.
fn named<'p>(text: &str, patients: &'p [[String; 4]]) -> Option<&'p [String; 4]> {
    let text = text.to_ascii_lowercase();
    let words: Vec<&str> =
        text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let follow = |one: &str, other: &str| words.windows(2).any(|pair| pair == [one, other]);
    patients.iter().find(|[mrn, given, family, address]| {
        words.contains(&mrn.as_str()) || follow(given, family) || follow(family, given) || text.contains(address)
    })
}

#[test]
fn no_table_names_a_patient_of_lakeside() {
    let patients = patients();
    assert!(patients.len() > 50);
    assert!(named("x FERRIN^Tobias y", &patients).is_some() && named("a=700100;", &patients).is_some());
    let (mut rows, mut position) = (Rows::new(), 0);
    let evening = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/lakeside/evening");
    rows_of_files(&evening, &mut |event, _| {
        position += 1;
        rows.push(event, &meta(position));
    });
    let batches = rows.finish();
    let count: usize = batches.iter().map(|(_, batch)| batch.num_rows()).sum();
    assert_eq!(count as u64, position);
    assert!(position > 2_000 && batches.len() >= 8, "{position} events in {} tables", batches.len());
    let mut leaks = Vec::new();
    for (family, batch) in &batches {
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let Some(texts) = column.as_string_opt::<i32>() else { continue };
            let found = texts.iter().flatten().find(|text| named(text, &patients).is_some());
            leaks.extend(found.map(|text| format!("{}.{}: {text}", family.name(), field.name())));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

/// Every event of the inputs below a folder, as rows.
pub(crate) fn rows_of_files(folder: &Path, push: &mut dyn FnMut(&Event<'_>, &str)) {
    let options = Arc::new(DecodeOptions::new(RECEIVED));
    let normalizer =
        Normalizer::new(Arc::clone(&options.log_sources), SiteKey::of_scan(), Arc::clone(&options.csv_mappings));
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            rows_of_files(&path, push);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let Some(format) = detect_format(&bytes, true) else { continue };
        let mut framer = format.framer(&options);
        let mut at = 0;
        let name = path.to_string_lossy().into_owned();
        while at < bytes.len() {
            at += match framer.next(&bytes[at..], true) {
                Framed::More => break,
                Framed::Unit { start, end, next } => {
                    let unit = Unit { offset: at as u64, bytes: &bytes[at..][start..end] };
                    let arena = Arena::new();
                    let mut taker = Taker { normalizer: &normalizer, arena: &arena, file: &name, push: &mut *push };
                    framer.decoder().decode(unit, &arena, &mut taker);
                    next
                }
                Framed::Skip { next } | Framed::Header { next } | Framed::Fault { next, .. } => next,
            };
        }
    }
}

struct Taker<'a, 't> {
    normalizer: &'t Normalizer,
    arena: &'a Arena,
    file: &'t str,
    push: &'t mut dyn FnMut(&Event<'_>, &str),
}

impl<'a> Sink<'a> for Taker<'a, '_> {
    fn record(&mut self, record: Record<'a>) {
        let origin = Origin { source: self.file, received: RECEIVED };
        (self.push)(&self.normalizer.normalize(&record, origin, self.arena), self.file);
    }

    fn fault(&mut self, _: u64, _: Anomaly) {}
}

#[tokio::test]
async fn one_source_leaves_a_day_without_the_others_and_what_is_held_stays() {
    let folder = tempfile::tempdir().unwrap();
    let tables = open(folder.path()).await;
    let arena = Arena::new();
    let mut rows = Rows::new();
    for position in 0..40 {
        let source = if position % 4 == 0 { "ehr" } else { "firewall" };
        rows.push(&event(4001, &arena, |_| {}), &RowMeta { source, ..meta(position) });
    }
    tables.append(40, rows.finish()).await.unwrap();
    tables.flush().await.unwrap();
    let network = Family::from_name("network").unwrap();
    let counted = async |tables: &Tables| {
        let all = tables.sources().await.unwrap();
        assert_eq!(all.iter().map(|one| one.bytes).sum::<u64>() / 100, tables.days()[0].bytes / 100);
        all.iter().map(|one| (one.source.to_string(), one.rows)).collect::<Vec<_>>()
    };
    assert_eq!(counted(&tables).await, [("ehr".to_owned(), 10), ("firewall".to_owned(), 30)]);
    let firewall: SiteSource = ("main".into(), "firewall".into());
    let which = RowsLeaving { sources: [firewall].into(), keep: Arc::new([5, 6].into()), through: 30 };
    let left = tables.remove_rows(network, TODAY, &which).await.unwrap();
    assert_eq!(left.rows, 20);
    let stay: Vec<i64> = (0..40).filter(|at| at % 4 == 0 || [5, 6].contains(at) || *at >= 30).collect();
    assert_eq!(in_files(folder.path(), &tables), stay);
    assert_eq!(counted(&tables).await, [("ehr".to_owned(), 10), ("firewall".to_owned(), 10)]);
    assert_eq!(tables.remove_rows(network, TODAY, &which).await.unwrap(), RowsLeft::default());
    drop(tables);
    let tables = open(folder.path()).await;
    assert_eq!((tables.applied(), in_files(folder.path(), &tables)), (40, stay));
    let everybody = [("main".into(), "ehr".into()), ("main".into(), "firewall".into())];
    let which = RowsLeaving { sources: everybody.into(), keep: Arc::default(), through: 40 };
    assert_eq!(tables.remove_rows(network, TODAY, &which).await.unwrap().rows, 20);
    assert_eq!((tables.days(), tables.applied()), (vec![], 40));
    assert_eq!(tables.verify().await.unwrap().faults, Vec::<String>::new());
}
