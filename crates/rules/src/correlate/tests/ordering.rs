//! The external merge sort, over runs in memory.

use cordon_model::{Position, Time};
use proptest::prelude::*;

use crate::correlate::order::{OrderError, OrderKey, OrderedMatches, Spill};
use crate::correlate::{EventRef, Match};

/// Runs in memory that come back a few bytes at a time.
#[derive(Debug, Default)]
struct Memory {
    runs: Vec<Vec<u8>>,
    forgotten: Vec<usize>,
    fails: bool,
    cut: bool,
}

impl Spill for &mut Memory {
    type Error = &'static str;

    fn begin(&mut self) -> Result<(), Self::Error> {
        self.runs.push(Vec::new());
        if self.fails { Err("disk full") } else { Ok(()) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.runs.last_mut().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn read(&mut self, run: usize, offset: u64, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        assert!(!self.forgotten.contains(&run));
        let offset = usize::try_from(offset).unwrap();
        let run = &self.runs[run];
        let end = if self.cut { run.len() - 1 } else { run.len() };
        let rest = &run[offset.min(end)..end];
        let len = rest.len().min(buffer.len()).min(1_000);
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn forget(&mut self, run: usize) {
        self.forgotten.push(run);
        self.runs[run].clear();
    }
}

fn key(time: i64, source: u32, position: u64, index: u32) -> OrderKey {
    OrderKey { time: Time(time), source, position: Position::Offset(position), index }
}

fn sorted(memory: &mut Memory, bytes_max: usize, records: &[(OrderKey, Vec<u8>)]) -> Vec<(OrderKey, Vec<u8>)> {
    let mut order = OrderedMatches::new(memory, bytes_max);
    for (key, record) in records {
        order.push(*key, record).unwrap();
    }
    let mut out = Vec::new();
    order.finish(|key, record| out.push((key, record.to_vec()))).unwrap();
    out
}

fn records() -> impl Strategy<Value = Vec<(OrderKey, Vec<u8>)>> {
    let position = prop_oneof![
        (0_u64..4).prop_map(Position::Offset),
        (0_u32..3, 0_u64..3).prop_map(|(chunk, record)| Position::Chunk { chunk, record }),
    ];
    let key = (-3_i64..3, 0_u32..3, position, 0_u32..2);
    let key = key.prop_map(|(time, source, position, index)| OrderKey { time: Time(time), source, position, index });
    proptest::collection::vec((key, proptest::collection::vec(any::<u8>(), 0..30)), 0..200)
}

proptest! {
    #[test]
    fn whatever_the_memory_the_order_is_that_of_a_plain_sort(records in records(), bytes_max in 1_usize..5_000) {
        let mut memory = Memory::default();
        let out = sorted(&mut memory, bytes_max, &records);
        let mut expect = records;
        expect.sort();
        prop_assert_eq!(out, expect);
        prop_assert!(memory.runs.iter().all(Vec::is_empty), "every run is forgotten at the end");
    }

    #[test]
    fn a_match_reads_back_as_it_was_written(
        rule in any::<u32>(), time in any::<i64>(), event in any::<u64>(), values in proptest::collection::vec(proptest::option::of(".{0,20}"), 0..5),
    ) {
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        let found = Match { rule, time: Time(time), event: EventRef(event), values: &values };
        let mut bytes = Vec::new();
        found.write(&mut bytes);
        let mut read = Vec::new();
        let back = Match::read(&bytes, &mut read).unwrap();
        prop_assert_eq!((back.rule, back.time, back.event, back.values), (rule, Time(time), EventRef(event), &values[..]));
        for cut in 0..bytes.len() {
            prop_assert!(Match::read(&bytes[..cut], &mut Vec::new()).is_none());
        }
    }
}

#[test]
fn few_records_never_leave_memory_and_many_are_merged_in_passes() {
    let records: Vec<(OrderKey, Vec<u8>)> = (0..3_000).map(|n| (key(3_000 - n, 0, 0, 0), vec![0; 10])).collect();
    let mut memory = Memory::default();
    assert_eq!(sorted(&mut memory, 1 << 20, &records).len(), 3_000);
    assert_eq!(memory.runs.len(), 0);
    assert!(sorted(&mut memory, 1_000, &records).is_sorted());
    assert!(memory.runs.len() > 2 * OrderedMatches::<&mut Memory>::RUNS_MAX, "{}", memory.runs.len());
}

#[test]
fn records_larger_than_a_read_come_through_and_too_large_ones_are_refused() {
    let large = OrderedMatches::<&mut Memory>::READ_BYTES * 3;
    let records: Vec<(OrderKey, Vec<u8>)> = (0..4).map(|n| (key(4 - n, 0, 0, 0), vec![1; large])).collect();
    let mut memory = Memory::default();
    assert!(sorted(&mut memory, 1_000, &records).iter().all(|(_, record)| record.len() == large));
    let mut order = OrderedMatches::new(&mut memory, 1_000);
    let bytes = OrderedMatches::<&mut Memory>::RECORD_BYTES_MAX + 1;
    assert_eq!(order.push(key(0, 0, 0, 0), &vec![0; bytes]), Err(OrderError::TooLarge(bytes)));
}

#[test]
fn a_failing_or_damaged_spill_is_told() {
    let mut memory = Memory { fails: true, ..Memory::default() };
    let mut order = OrderedMatches::new(&mut memory, 1);
    assert_eq!(order.push(key(0, 0, 0, 0), b"x"), Err(OrderError::Spill("disk full")));
    let mut memory = Memory { cut: true, ..Memory::default() };
    let mut order = OrderedMatches::new(&mut memory, 1);
    order.push(key(0, 0, 0, 0), b"x").unwrap();
    assert_eq!(order.finish(|_, _| ()), Err(OrderError::Damaged));
}
