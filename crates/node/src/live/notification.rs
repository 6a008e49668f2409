//! Notification as the API asks for it.

use cordon_api::{ControlError, LetterStatus, NotificationStatus, SiemStatus, TestedWay};
use cordon_model::Time;
use cordon_store::state::LetterState;

use super::control::failed;
use crate::tell::{LetterKind, Row, RowState, TellHandle};

/// How it is.
pub(super) fn status(tell: &TellHandle) -> NotificationStatus {
    let status = tell.status();
    let siems = status.followers.into_iter().map(|(name, siem)| {
        let error = siem.error.unwrap_or_default();
        (name, SiemStatus { confirmed: siem.confirmed, sent: siem.sent, error })
    });
    NotificationStatus {
        groups: tell.groups(),
        waiting: status.outbox.waiting,
        failing: status.outbox.failing,
        dead: status.outbox.dead,
        sent: status.sent,
        failed: status.failed,
        faults: status.faults,
        siems: siems.collect(),
        heartbeat_error: status.heartbeat_error.unwrap_or_default(),
        outbox_error: status.outbox_error.unwrap_or_default(),
    }
}

/// Letters that stand so, the newest first.
pub(super) async fn letters(
    tell: TellHandle,
    state: LetterState,
    limit: u32,
) -> Result<Vec<LetterStatus>, ControlError> {
    let state = match state {
        LetterState::Waiting => RowState::Waiting,
        LetterState::Sent => RowState::Sent,
        LetterState::Dead => RowState::Dead,
    };
    let rows = tell.letters(state, limit).await.map_err(failed)?;
    Ok(rows.into_iter().map(letter).collect())
}

/// What is said of a letter: not what it says.
fn letter(row: Row) -> LetterStatus {
    let Row { key, channel, letter, attempts, next_attempt, error, .. } = row;
    let kind = match letter.kind {
        LetterKind::News => "news",
        LetterKind::More => "more",
        LetterKind::Test => "test",
    };
    let (group, level, count) = (letter.to, letter.level, letter.count);
    LetterStatus { key, channel, group, kind, level, count, attempts, next_attempt, error }
}

/// Puts a letter that was given up back.
pub(super) async fn put_back(tell: TellHandle, key: String, now: Time) -> Result<(), ControlError> {
    let is_put = tell.revive(&key, now).await.map_err(failed)?;
    if is_put { Ok(()) } else { Err(ControlError::Unknown("letter of this key that was given up".to_owned())) }
}

/// Sends a test message to a group.
pub(super) async fn test(tell: TellHandle, group: String, now: Time) -> Result<Vec<TestedWay>, ControlError> {
    let unknown = || ControlError::Unknown(format!("group {group}"));
    let ways = tell.test(&group, now).await.ok_or_else(unknown)?;
    let way = |(channel, result): (String, Result<(), crate::tell::TellError>)| {
        let error = result.err().map(|error| error.to_string()).unwrap_or_default();
        TestedWay { channel, error }
    };
    Ok(ways.into_iter().map(way).collect())
}
