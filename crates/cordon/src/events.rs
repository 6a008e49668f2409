//! `cordon events`: prints what was understood of the inputs.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use cordon_collect::SourceInfo;
use cordon_model::{Anomaly, Arena, Record};
use cordon_normalize::{Mask, Normalizer, Origin};
use cordon_seal::SiteKey;

use crate::cli::{EventsArgs, EventsFormat};
use crate::progress::Bar;
use crate::summary::Summary;
use crate::{Exit, inputs, output};

/// Runs the command.
pub(crate) fn run(args: &EventsArgs) -> Result<Exit> {
    let started = Instant::now();
    let options = inputs::street_options(&args.inputs)?;
    let sources = inputs::sources(&args.inputs)?;
    let bar = Bar::new(sources.meter(), args.inputs.no_progress);
    let (mut out, pending) = output::open(args.inputs.output.as_deref(), &args.inputs.paths)?;
    let progress = Arc::clone(&bar.progress);
    let consume = |lines: Vec<u8>| {
        bar.update(None);
        out.write_all(&lines)
    };
    let table = Arc::clone(&options.decode.log_sources);
    let walked = match args.format {
        EventsFormat::Record => {
            let record = |record: &Record<'_>, source: &SourceInfo, arena: &Arena, out: &mut Vec<u8>| {
                let mask = if args.mask { Mask::of(record) } else { None };
                output::record::record(out, record, source, &table, mask.as_ref(), arena);
            };
            let fault = |source: &SourceInfo, offset: u64, anomaly: Anomaly, out: &mut Vec<u8>| {
                output::record::fault(out, source, offset, anomaly);
            };
            cordon_node::walk_each(sources, &options, &progress, record, fault, consume)
        }
        EventsFormat::Ocsf => {
            let mappings = Arc::clone(&options.decode.csv_mappings);
            let normalizer = Normalizer::new(Arc::clone(&table), SiteKey::of_scan(), mappings);
            let record = |record: &Record<'_>, source: &SourceInfo, arena: &Arena, out: &mut Vec<u8>| {
                let origin = Origin { source: &source.id, received: source.received };
                normalizer.normalize(record, origin, arena).ocsf.write_json(out);
                out.push(b'\n');
            };
            // bytes that gave no record have no event: the summary counts them
            let fault = |_: &SourceInfo, _: u64, _: Anomaly, _: &mut Vec<u8>| {};
            cordon_node::walk_each(sources, &options, &progress, record, fault, consume)
        }
    };
    bar.finish();
    let tally = match walked.and_then(|tally| out.flush().map(|()| tally)) {
        Ok(tally) => tally,
        Err(error) => return output::quiet_pipe(Err(error)).map(|()| Exit::Clean),
    };
    drop(out);
    pending.commit()?;
    Summary {
        tally: &tally,
        table: &options.decode.log_sources,
        elapsed: started.elapsed(),
        detailed: args.inputs.stats,
        engine: None,
    }
    .print();
    Ok(if tally.input_lost() || tally.nothing_read() { Exit::InputLost } else { Exit::Clean })
}
