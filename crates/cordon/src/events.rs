//! `cordon events`: prints what was understood of the inputs.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use cordon_collect::SourceInfo;
use cordon_model::{Anomaly, Arena, LogSourceTable, Record};
use cordon_node::Stage;

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
    let mut out = output::open(args.inputs.output.as_deref())?;
    let stage = match args.format {
        EventsFormat::Record => Records { table: Arc::clone(&options.decode.log_sources) },
    };
    let progress = Arc::clone(&bar.progress);
    let walked = cordon_node::walk(sources, &options, &stage, &progress, |lines: Vec<u8>| {
        bar.update(None);
        out.write_all(&lines)
    });
    bar.finish();
    let tally = match walked.and_then(|tally| out.flush().map(|()| tally)) {
        Ok(tally) => tally,
        Err(error) => return output::quiet_pipe(Err(error)).map(|()| Exit::Clean),
    };
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
        output::record::record(out, record, source, &self.table, arena);
    }

    fn fault(&self, source: &Arc<SourceInfo>, offset: u64, anomaly: Anomaly, out: &mut Vec<u8>) {
        output::record::fault(out, source, offset, anomaly);
    }
}
