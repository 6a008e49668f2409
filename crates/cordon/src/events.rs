//! `cordon events`: prints what was understood of the inputs.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use cordon_collect::SourceInfo;
use cordon_model::{Anomaly, Arena, LogSourceTable, Record};
use cordon_node::Stage;
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
    let decode = &options.decode;
    let walked = match args.format {
        EventsFormat::Record => {
            let stage = Records { table: Arc::clone(&decode.log_sources), mask: args.mask };
            cordon_node::walk(sources, &options, &stage, &progress, consume)
        }
        EventsFormat::Ocsf => {
            let (table, mappings) = (Arc::clone(&decode.log_sources), Arc::clone(&decode.csv_mappings));
            let stage = OcsfEvents { normalizer: Normalizer::new(table, SiteKey::of_scan(), mappings) };
            cordon_node::walk(sources, &options, &stage, &progress, consume)
        }
    };
    bar.finish();
    let tally = match walked.and_then(|tally| out.flush().map(|()| tally)) {
        Ok(tally) => tally,
        Err(error) => return output::quiet_pipe(Err(error)).map(|()| Exit::Clean),
    };
    drop(out);
    pending.commit()?;
    let lost = tally.input_lost();
    Summary {
        tally: &tally,
        table: &options.decode.log_sources,
        elapsed: started.elapsed(),
        detailed: args.inputs.stats,
    }
    .print();
    Ok(if lost { Exit::InputLost } else { Exit::Clean })
}

/// Prints records in the source's own names.
struct Records {
    table: Arc<LogSourceTable>,
    /// Whether what names a patient is hidden.
    mask: bool,
}

impl Stage for Records {
    type Scratch = ();
    type Out = Vec<u8>;

    fn scratch(&self) {}

    fn record<'a>(
        &self,
        record: &Record<'a>,
        source: &Arc<SourceInfo>,
        arena: &'a Arena,
        (): &mut (),
        out: &mut Vec<u8>,
    ) {
        let mask = if self.mask { Mask::of(record) } else { None };
        output::record::record(out, record, source, &self.table, mask.as_ref(), arena);
    }

    fn fault(&self, source: &Arc<SourceInfo>, offset: u64, anomaly: Anomaly, out: &mut Vec<u8>) {
        output::record::fault(out, source, offset, anomaly);
    }
}

/// Prints OCSF events. Bytes that gave no record have no event: the summary counts them.
struct OcsfEvents {
    normalizer: Normalizer,
}

impl Stage for OcsfEvents {
    type Scratch = ();
    type Out = Vec<u8>;

    fn scratch(&self) {}

    fn record<'a>(
        &self,
        record: &Record<'a>,
        source: &Arc<SourceInfo>,
        arena: &'a Arena,
        (): &mut (),
        out: &mut Vec<u8>,
    ) {
        let origin = Origin { source: &source.id, received: source.received };
        self.normalizer.normalize(record, origin, arena).ocsf.write_json(out);
        out.push(b'\n');
    }

    fn fault(&self, _: &Arc<SourceInfo>, _: u64, _: Anomaly, _: &mut Vec<u8>) {}
}
