//! What the node itself has to say about its sources: silence and loss are findings like any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_collect::live::{DropReason, LiveSource, silent_sources};
use cordon_model::{Level, Time};
use cordon_store::state::NewFinding;

use super::own_finding::{OwnRule, OwnWords};

/// Losses of one source for one reason are told at most this often; what came since is in the next.
const LOSS_EVERY_US: i64 = 60 * 1_000_000;

/// Which losses were told: by source and reason the count and when.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    told: Told,
}

type Told = BTreeMap<(Arc<str>, DropReason), (u64, Time)>;

/// What there is to say, and what will have been told once it is kept.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) found: Vec<NewFinding>,
    told: Told,
}

impl Alarms {
    /// What is to be said `now` of sources of a node that `started` then. A silence has the same identity however often it is seen.
    pub(super) fn look(&self, sources: &[Arc<LiveSource>], started: Time, now: Time) -> Looked {
        let silent = silent_sources(sources, started, now);
        let mut found: Vec<NewFinding> =
            silent.iter().map(|silence| silent_finding(&silence.source, silence.since, now)).collect();
        let mut told = Told::new();
        let dropped = sources.iter().flat_map(|source| source.counts.drops().map(move |drop| (source, drop)));
        for (source, (reason, count)) in dropped {
            let key = (Arc::clone(&source.declaration.id), reason);
            let (before, at) = self.told.get(&key).copied().unwrap_or((0, Time(i64::MIN)));
            if count > before && now.0.saturating_sub(at.0).saturating_abs() >= LOSS_EVERY_US {
                found.push(loss(source, reason, count - before, now));
                told.insert(key, (count, now));
            }
        }
        Looked { found, told }
    }

    /// Losses of this number were told before the node started.
    pub(super) fn recall(&mut self, source: &str, reason: DropReason, told: u64) {
        self.told.insert((source.into(), reason), (told, Time(i64::MIN)));
    }

    /// The losses of a source that were told, by the name of their reason.
    pub(super) fn told_of(&self, source: &Arc<str>) -> BTreeMap<String, u64> {
        let reasons = DropReason::ALL.into_iter();
        let told = reasons.filter_map(|reason| Some((reason, self.told.get(&(Arc::clone(source), reason))?.0)));
        told.map(|(reason, count)| (reason.name().to_owned(), count)).collect()
    }

    /// The findings were kept.
    pub(super) fn kept(&mut self, looked: Looked) {
        self.told.extend(looked.told);
    }
}

fn loss(source: &Arc<LiveSource>, reason: DropReason, lost: u64, now: Time) -> NewFinding {
    let words = format!("{lost} records were not kept: {}", meaning(reason));
    finding(&LOSS, source, group(source, Some(reason)), (now, now), lost.to_string(), words)
}

fn silent_finding(source: &Arc<LiveSource>, since: Time, now: Time) -> NewFinding {
    let seconds = (now.0 - since.0) / 1_000_000;
    let words =
        format!("nothing was received for {seconds} s; at most {} s are expected", source.declaration.silence_seconds);
    finding(&SILENCE, source, group(source, None), (since, now), seconds.to_string(), words)
}

const fn meaning(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Overload => "more arrived than could be written, and the sender does not wait",
        DropReason::RateLimit => "the source is above its rate limit",
        DropReason::TooLong => "they are longer than a record may be",
        DropReason::Malformed => "they are not in the form that the listener speaks",
        DropReason::Unwritable => "the log could not be written",
        DropReason::Kernel => "the kernel lost them before they were read",
    }
}

const SILENCE: OwnRule = OwnRule {
    id: "cordon-source-silent",
    title: "A source has fallen silent",
    level: Level::Medium,
    description: "A source has sent nothing for longer than it may. What happens there is not seen meanwhile.",
};

const LOSS: OwnRule = OwnRule {
    id: "cordon-records-lost",
    title: "Records of a source were not kept",
    level: Level::High,
    description: "Records arrived and were not kept. What they said is lost here; the source may still have it.",
};

fn group(source: &LiveSource, reason: Option<DropReason>) -> Vec<(String, String)> {
    let mut group = vec![("source".to_owned(), source.declaration.id.to_string())];
    group.extend(reason.map(|reason| ("reason".to_owned(), reason.name().to_owned())));
    group
}

fn finding(
    rule: &OwnRule,
    source: &Arc<LiveSource>,
    group: Vec<(String, String)>,
    (start, end): (Time, Time),
    value: String,
    words: String,
) -> NewFinding {
    let declaration = &source.declaration;
    let (source, site) = (Arc::clone(&declaration.id), Arc::clone(&declaration.site));
    rule.finding(OwnWords { source, site, group, start, end, value, words })
}

#[cfg(test)]
mod tests {
    use cordon_collect::live::{SourceDeclaration, SourceRegistry};
    use cordon_model::FindingOrigin;

    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_loss_is_told_once_it_could_be_kept_and_then_what_came_since() {
        let registry = SourceRegistry::new("main".into(), []);
        let source = registry.source("syslog_udp", "10.0.0.1");
        source.counts.dropped(DropReason::Overload, 3);
        let mut alarms = Alarms::default();
        let mut look = |now: i64, is_kept: bool| -> Vec<String> {
            let looked = alarms.look(&registry.all(), Time(0), Time(now * SECOND));
            let value = |finding: &NewFinding| match &finding.finding.origin {
                FindingOrigin::Correlation { value, .. } => value.clone(),
                FindingOrigin::Event => String::new(),
            };
            let values = looked.found.iter().map(value).collect();
            if is_kept {
                alarms.kept(looked);
            }
            values
        };
        assert_eq!(look(10, false), ["3"]);
        assert_eq!(look(15, true), ["3"]);
        assert_eq!(look(20, true), [""; 0]);
        source.counts.dropped(DropReason::Overload, 2);
        assert_eq!(look(30, true), [""; 0]);
        source.counts.dropped(DropReason::Overload, 4);
        assert_eq!(look(75, true), ["6"]);
        source.counts.dropped(DropReason::Overload, 1);
        // the clock was set back meanwhile
        assert_eq!(look(5, true), ["1"]);
    }

    #[test]
    fn one_silence_is_one_finding_however_long_it_lasts() {
        let declared = SourceDeclaration {
            id: "ehr".into(),
            site: "main".into(),
            listener: "mllp".into(),
            sender: "10.0.0.1".into(),
            format: "".into(),
            care: false,
            events_per_second_max: 0,
            silence_seconds: 60,
        };
        let registry = SourceRegistry::new("main".into(), [declared]);
        let alarms = Alarms::default();
        let ids = |now: i64| -> Vec<cordon_model::FindingId> {
            let looked = alarms.look(&registry.all(), Time(0), Time(now * SECOND));
            looked.found.iter().map(|found| found.finding.finding_id).collect()
        };
        assert_eq!(ids(59), []);
        let first = ids(60);
        assert_eq!(first.len(), 1);
        assert_eq!(ids(3_600), first);
    }
}
