//! What leaves the state once its time is over: findings with their groups, ended jobs and mutes. The audit log never does; letters have a purge of their own.

use cordon_model::Time;

use super::{State, StateError};

/// Most rows of a kind that leave in one transaction: others wait for the writer meanwhile.
const ROWS_MAX: i64 = 5_000;

/// What is older than this leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgeBefore {
    /// Findings received before, groups of which no finding is left, and what they cite.
    pub findings: Time,
    /// Jobs that ended before, and mutes that did and made nothing quiet; others go with the findings that name them.
    pub ended: Time,
}

/// How much left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Findings.
    pub findings: u64,
    /// Groups.
    pub groups: u64,
    /// Jobs.
    pub jobs: u64,
    /// Mutes.
    pub mutes: u64,
}

impl Purged {
    /// Whether nothing left.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl State {
    /// Removes what is older than stated, at most some thousand rows of each kind: call again until nothing leaves.
    ///
    /// # Errors
    /// The state cannot be written; nothing left then.
    pub async fn remove_over(&self, before: &PurgeBefore) -> Result<Purged, StateError> {
        let steps = [
            (
                "DELETE FROM findings WHERE seq IN
                 (SELECT seq FROM findings WHERE received < ?1 ORDER BY received LIMIT ?2)",
                before.findings,
            ),
            (
                "DELETE FROM finding_groups WHERE group_id IN
                 (SELECT group_id FROM finding_groups WHERE window_end < ?1
                  AND NOT EXISTS (SELECT 1 FROM findings WHERE findings.group_id = finding_groups.group_id) LIMIT ?2)",
                before.findings,
            ),
            (
                "DELETE FROM jobs WHERE job_id IN
                 (SELECT job_id FROM jobs WHERE state IN ('done', 'failed', 'stopped') AND changed < ?1 LIMIT ?2)",
                before.ended,
            ),
            (
                "DELETE FROM mutes WHERE mute_id IN
                 (SELECT mute_id FROM mutes WHERE ends < ?1 AND hits = 0 LIMIT ?2)",
                before.ended,
            ),
            (
                "DELETE FROM mutes WHERE mute_id IN (SELECT mute_id FROM mutes WHERE ends < ?1 LIMIT ?2)",
                before.findings,
            ),
            (
                "DELETE FROM cited_evidence WHERE position IN
                 (SELECT position FROM cited_evidence WHERE received < ?1 LIMIT ?2)",
                before.findings,
            ),
        ];
        let mut tx = self.begin().await?;
        let mut left = [0; 6];
        for ((step, before), left) in steps.into_iter().zip(&mut left) {
            *left = sqlx::query(step).bind(before.0).bind(ROWS_MAX).execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        let [findings, groups, jobs, idle, told, _cited] = left;
        Ok(Purged { findings, groups, jobs, mutes: idle + told })
    }
}
