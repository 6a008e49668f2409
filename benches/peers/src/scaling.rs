//! What more rules cost: a seeded half against all, and ten times the rules (literals changed, log sources kept).

use anyhow::Result;

use crate::corpus::RuleText;
use crate::{cpu, ours};

/// Every second rule by a seeded coin.
fn half(rules: &[RuleText], seed: u64) -> Vec<RuleText> {
    let mut state = seed | 1;
    let mut coin = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 40 & 1 == 1
    };
    rules.iter().filter(|_| coin()).map(copy).collect()
}

fn copy(rule: &RuleText) -> RuleText {
    RuleText { path: rule.path.clone(), text: rule.text.clone() }
}

/// Ten copies: the first as it stands, the others with every letter run of the values in `detection` changed, so that they look for other texts.
fn tenfold(rules: &[RuleText]) -> Vec<RuleText> {
    (0..10u8).flat_map(|copy| rules.iter().map(move |rule| mutated(rule, copy))).collect()
}

fn mutated(rule: &RuleText, copy: u8) -> RuleText {
    if copy == 0 {
        return RuleText { path: rule.path.clone(), text: rule.text.clone() };
    }
    let suffix = char::from(b'a' + copy);
    let mut in_detection = false;
    let lines = rule.text.lines().map(|line| {
        if !line.starts_with(' ') {
            in_detection = line.starts_with("detection");
        }
        let is_value = in_detection && !line.contains("condition") && !line.contains("EventID") && line.contains('\'');
        if is_value { line.replacen(".exe", &format!(".e{suffix}e"), 8).replacen('\'', &format!("'{suffix}q"), 1) } else { line.to_owned() }
    });
    let text: Vec<String> = lines.map(|line| if line.starts_with("id: ") { format!("{}{copy}", &line[..line.len() - 1]) } else { line }).collect();
    RuleText { path: rule.path.clone(), text: text.join("\n") }
}

fn median(ours: &ours::Contender, lines: &[String], rounds: usize) -> f64 {
    ours.find(lines);
    let mut seconds: Vec<f64> = (0..rounds).map(|_| cpu(|| ours.find(lines))).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Prints the cost of half, all and ten times the rules.
pub fn run(rules: &[RuleText], lines: &[String], rounds: usize) -> Result<()> {
    let all = ours::Contender::new(rules)?;
    let base = median(&all, lines, rounds);
    println!("\nrules: all {} cost {base:.3} s", rules.len());
    for seed in 1..=3 {
        let some = half(rules, seed);
        let seconds = median(&ours::Contender::new(&some)?, lines, rounds);
        println!("| half, seed {seed}: {} rules | {seconds:.3} s | all cost {:.2} times as much |", some.len(), base / seconds);
    }
    let many = tenfold(rules);
    let ten = ours::Contender::lenient(&many);
    let seconds = median(&ten, lines, rounds);
    println!("| ten times: {} rules loaded | {seconds:.3} s | {:.2} times all |", ten.rule_count(), seconds / base);
    Ok(())
}
