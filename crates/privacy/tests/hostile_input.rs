//! Hostile input: what the review says of broken files.
#![cfg(test)]

mod hostile;

#[test]
fn every_variant_has_ten_files_and_a_sentence_of_its_own() {
    let all = hostile::all();
    let sentences: std::collections::BTreeSet<&str> = all.iter().map(|one| one.sentence.as_str()).collect();
    assert_eq!(sentences.len(), all.len());
    for one in &all {
        assert_eq!(one.files.len(), 10, "{}", one.sentence);
        assert!(one.reported.iter().all(|row| !one.either.contains(row)), "{}", one.sentence);
    }
    println!("{} variants", all.len());
}
