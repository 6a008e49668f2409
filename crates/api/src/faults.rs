//! Faults of other rooms as problems. What the store says of itself goes to the log; what it says of the request goes to who asked.

use cordon_store::state::StateError;

use crate::control::ControlError;
use crate::problem::{Problem, ProblemKind};

impl From<StateError> for Problem {
    fn from(fault: StateError) -> Self {
        let kind = match &fault {
            StateError::NotFound(_) => return Self::not_found(),
            StateError::Changed(_) => ProblemKind::PreconditionFailed,
            StateError::Exists(_) | StateError::AuditBroken { .. } => ProblemKind::Conflict,
            StateError::TooMany { .. } | StateError::Refused(_) | StateError::Incident(_) => ProblemKind::Unprocessable,
            StateError::Busy => return Self::new(ProblemKind::Unavailable, "the state is busy").retry_after(5),
            StateError::Full(_) => {
                tracing::error!(%fault, "a request could not be kept");
                return Self::new(ProblemKind::Unavailable, "the disk is full; nothing was kept").retry_after(60);
            }
            StateError::Newer { .. }
            | StateError::Foreign { .. }
            | StateError::File { .. }
            | StateError::Database(_)
            | StateError::Damaged(_)
            | StateError::NoRandomness => return Self::internal(&fault),
        };
        Self::new(kind, fault.to_string())
    }
}

impl From<ControlError> for Problem {
    fn from(fault: ControlError) -> Self {
        match fault {
            ControlError::Unknown(_) => Self::not_found(),
            ControlError::Refused(reason) => Self::new(ProblemKind::Unprocessable, reason),
            ControlError::Unavailable(reason) => Self::new(ProblemKind::Unavailable, reason).retry_after(10),
            ControlError::Failed(reason) => Self::internal(&reason),
        }
    }
}
