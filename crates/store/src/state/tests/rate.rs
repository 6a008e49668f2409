//! How many findings a second are kept, on a real file with every commit on the disk. A measurement, not a test: it decides nothing.
//! `cargo nextest run -p cordon-store --run-ignored only findings_a_second --no-capture`

use std::time::Instant;

use super::*;

#[tokio::test]
#[ignore = "a measurement"]
async fn findings_a_second() {
    for batch in [1_u32, 50, 500, 5_000] {
        let Kept { state, folder } = state().await;
        let count = (batch * 200).min(50_000);
        let rules: Vec<String> = (0..50).map(|rule| format!("rule-{rule}")).collect();
        let make = |number: u32| {
            let user = format!("user-{}", number % 977);
            finding(number, &rules[number as usize % 50], &user, i64::from(number) * 1_000)
        };
        let findings: Vec<NewFinding> = (0..count).map(make).collect();
        let start = Instant::now();
        for part in findings.chunks(batch as usize) {
            state.record_findings(Some(("findings", 1)), part).await.unwrap();
        }
        let seconds = start.elapsed().as_secs_f64();
        state.close().await;
        let bytes = std::fs::metadata(folder.path().join("state.db")).unwrap().len();
        println!(
            "batches of {batch}: {:.0} findings/s, {} bytes each",
            f64::from(count) / seconds,
            bytes / u64::from(count)
        );
        let state = State::open(&folder.path().join("state.db"), StateOptions::default()).await.unwrap();
        let start = Instant::now();
        let filter = GroupFilter { quiet_at: Some(Time(0)), ..GroupFilter::default() };
        let rows = state.groups(&only("main"), &filter, GroupOrder::Worst, None, 50).await.unwrap().rows.len();
        println!("  first page of {rows} groups: {} us", start.elapsed().as_micros());
    }
}
