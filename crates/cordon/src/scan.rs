//! `cordon scan`: logs in, findings out. The main job.

use std::io;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use cordon_detect::DetectOptions;
use cordon_node::StreetOptions;
use cordon_seal::SiteKey;

use crate::cli::{FindingsFormat, ScanArgs};
use crate::output::{
    self, FindingOutput, Pending,
    csv::Csv,
    html::{self, Html},
    ndjson::Ndjson,
    ocsf::Ocsf,
    table::Table,
};
use crate::profile::Chosen;
use crate::progress::Bar;
use crate::rule_cache::RuleCache;
use crate::rule_set::RuleSet;
use crate::rule_sources::RulesFrom;
use crate::summary::{ScanSummary, Summary};
use crate::terminal::Look;
use crate::{Exit, inputs};

/// Runs the command.
pub(crate) fn run(args: &ScanArgs) -> Result<Exit> {
    let started = Instant::now();
    let mut options = inputs::street_options(&args.inputs)?;
    options.count_times = args.format == FindingsFormat::Html;
    let sources = inputs::sources(&args.inputs)?;
    let chosen = args.profile.as_deref().map(Chosen::of).transpose()?;
    let profile = chosen.as_ref();
    let from = RulesFrom { directories: &args.rules, data_dir: args.data_dir.as_deref(), profile };
    let cache = RuleCache::new(args.rules_cache.as_deref());
    let rules = RuleSet::load(from, cache.as_ref(), &options, detect_options(args, &options))?;
    rules.ensure_some()?;
    let (mut out, pending) = findings_output(args, &rules)?;
    let bar = Bar::new(sources.meter(), args.inputs.no_progress);
    let progress = Arc::clone(&bar.progress);
    let mut findings = 0;
    let scanned = cordon_node::scan::scan(sources, &options, &rules.detector, &progress, |found| {
        findings += 1;
        bar.update(Some(findings));
        out.finding(&found)
    });
    bar.finish();
    let report = match scanned.and_then(|report| out.finish(&report).map(|()| report)) {
        Ok(report) => report,
        Err(error) => return output::quiet_pipe(Err(error)).map(|()| Exit::Clean),
    };
    drop(out);
    pending.commit()?;
    let table = &options.decode.log_sources;
    let rules = ManuallyDrop::new(rules); // the process ends: giving back each of a million pieces of memory takes longer than a small scan
    let engine = Some(rules.detector.engine());
    let summary =
        Summary { tally: &report.tally, table, elapsed: started.elapsed(), detailed: args.inputs.stats, engine };
    ScanSummary { summary, report: &report, rules: &rules }.print();
    Ok(if report.tally.input_lost() || report.tally.nothing_read() {
        Exit::InputLost
    } else if report.findings_from(args.fail_level) > 0 {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

fn detect_options(args: &ScanArgs, street: &StreetOptions) -> DetectOptions {
    DetectOptions {
        level_min: args.level,
        mask: args.mask,
        keep_record: args.with_raw || args.format == FindingsFormat::Html,
        ..DetectOptions::new(&street.decode, SiteKey::of_scan())
    }
}

fn findings_output<'r>(args: &ScanArgs, rules: &'r RuleSet) -> Result<(Box<dyn FindingOutput + 'r>, Pending)> {
    let path = args.inputs.output.as_deref();
    let (out, pending) = output::open(path, &args.inputs.paths)?;
    let output: Box<dyn FindingOutput + 'r> = match args.format {
        FindingsFormat::Table => {
            let look = if path.is_some() { Look::PLAIN } else { Look::of_stdout() };
            Box::new(Table::new(out, look, args.level))
        }
        FindingsFormat::Ndjson => Box::new(Ndjson::new(out)),
        FindingsFormat::Ocsf => Box::new(Ocsf::new(out, inputs::now())),
        FindingsFormat::Csv => {
            let csv: io::Result<Csv> = Csv::new(out, args.with_raw);
            Box::new(csv.context("cannot write the output")?)
        }
        FindingsFormat::Html => {
            let paths = args.inputs.paths.iter().map(|path| path.display().to_string()).collect();
            Box::new(Html::new(out, html::Context { paths, rules, is_masked: args.mask, level_min: args.level }))
        }
    };
    Ok((output, pending))
}
