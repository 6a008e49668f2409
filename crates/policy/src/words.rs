//! The words of a request: roles, actions, purposes. Closed lists, so that a table can show all of them (`docs/specs/access.md`).

/// What somebody is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Finds out what is happening.
    Analyst,
    /// Looks into access to records of patients.
    PrivacyOfficer,
    /// Works on findings.
    Responder,
    /// Checks what was done.
    Auditor,
    /// Runs the node.
    Administrator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Analyst, Self::PrivacyOfficer, Self::Responder, Self::Auditor, Self::Administrator];

    /// Its name in policies, the API and the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Analyst => "analyst",
            Self::PrivacyOfficer => "privacy_officer",
            Self::Responder => "responder",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Why somebody asks. Closed, so that no text about a patient stands in a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Finding out about an attack.
    SecurityInvestigation,
    /// Finding out about access to a record.
    PrivacyInvestigation,
    /// Care of the patient.
    Treatment,
    /// The patient asked.
    PatientRequest,
    /// A law or court asks.
    Legal,
    /// Keeping systems running.
    Operations,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 6] = [
        Self::SecurityInvestigation,
        Self::PrivacyInvestigation,
        Self::Treatment,
        Self::PatientRequest,
        Self::Legal,
        Self::Operations,
    ];

    /// Its name in policies and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecurityInvestigation => "security_investigation",
            Self::PrivacyInvestigation => "privacy_investigation",
            Self::Treatment => "treatment",
            Self::PatientRequest => "patient_request",
            Self::Legal => "legal",
            Self::Operations => "operations",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }
}

/// What an action is done to, which decides what its scope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Rows about what happened: the scope says of which sites and classes.
    Records,
    /// Cases: the scope says of which sites, and by its classes of whom ([`crate::STAFF_CASES`], [`crate::OFFICE_CASES`]).
    Cases,
    /// Things of a site: the scope says of which sites, and admits no row.
    Places,
    /// The node as a whole: the scope admits nothing.
    Node,
}

/// Everything that can be asked of a node. Each operation of the API is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Search events, count them, follow them.
    SearchEvents,
    /// Take events out in bulk.
    ExportEvents,
    /// Read findings and their groups, and follow them.
    ReadFindings,
    /// Change state, owner, verdict and note of groups.
    TriageFindings,
    /// Add and end suppressions, exceptions and maintenance windows.
    MuteFindings,
    /// Read a record in its own bytes, with what names a patient masked.
    ReadEvidence,
    /// Read a record in its own bytes, with what names a patient.
    RevealEvidence,
    /// Read users, hosts, devices and patients (by pseudonym) and their risk.
    ReadEntities,
    /// Try a rule on stored events.
    TestRules,
    /// Read sources and their counts.
    ReadSources,
    /// Declare, change and adopt sources and their tokens.
    ChangeSources,
    /// Load old logs.
    RunImport,
    /// Change the own password and second factor, end own sessions.
    UseOwnAccount,
    /// Read saved searches: one's own and shared ones.
    ReadSavedSearches,
    /// Save, change and remove one's own searches.
    ChangeSavedSearches,
    /// Read rules.
    ReadRules,
    /// Switch rules on and off.
    ChangeRules,
    /// Run a new rule over stored events.
    RunBackfill,
    /// Read jobs and their progress.
    ReadJobs,
    /// Stop jobs.
    StopJobs,
    /// Verify the store.
    RunVerify,
    /// Back the node up.
    RunBackup,
    /// Read settings.
    ReadSettings,
    /// Change settings.
    ChangeSettings,
    /// Read users.
    ReadUsers,
    /// Invite, change and lock users.
    ChangeUsers,
    /// Read tokens (never their secret).
    ReadTokens,
    /// Make and revoke tokens.
    ChangeTokens,
    /// Read and verify the audit log.
    ReadAudit,
    /// Read legal holds.
    ReadHolds,
    /// Add and end legal holds.
    ChangeHolds,
    /// Read how the node is.
    ReadHealth,
    /// Read metrics.
    ReadMetrics,
    /// Read where notifications go and which wait.
    ReadNotifications,
    /// Change where notifications go.
    ChangeNotifications,
    /// Send a test notification.
    TestNotifications,
    /// Read which pseudonyms of accounts are asked to be unlocked, and which are.
    ReadUnlocks,
    /// Ask that a pseudonym of an account be unlocked.
    AskUnlock,
    /// Agree that it is unlocked, refuse it, or end it.
    AgreeUnlock,
    /// Read cases, take one out, and see how reviews went.
    ReadIncidents,
    /// Work on cases: state, owner, comments, tasks, requests, replies, assessment; start a review.
    WorkIncidents,
    /// Approve or refuse a request for a reason.
    ApproveRequests,
    /// Give the verdict of a case.
    DecideIncidents,
    /// See how a person's account behaves beside its own normal and that of its peers.
    ReadStaffBehaviour,
    /// Have what was learnt of one person, machine or device forgotten.
    ForgetBehaviour,
}

/// Each action with its name and target: the one list of them.
const ACTIONS: [(Action, &str, Target); 45] = [
    (Action::SearchEvents, "SearchEvents", Target::Records),
    (Action::ExportEvents, "ExportEvents", Target::Records),
    (Action::ReadFindings, "ReadFindings", Target::Records),
    (Action::TriageFindings, "TriageFindings", Target::Records),
    (Action::MuteFindings, "MuteFindings", Target::Records),
    (Action::ReadEvidence, "ReadEvidence", Target::Records),
    (Action::RevealEvidence, "RevealEvidence", Target::Records),
    (Action::ReadEntities, "ReadEntities", Target::Records),
    (Action::TestRules, "TestRules", Target::Records),
    (Action::ReadSources, "ReadSources", Target::Places),
    (Action::ChangeSources, "ChangeSources", Target::Places),
    (Action::RunImport, "RunImport", Target::Places),
    (Action::UseOwnAccount, "UseOwnAccount", Target::Node),
    (Action::ReadSavedSearches, "ReadSavedSearches", Target::Node),
    (Action::ChangeSavedSearches, "ChangeSavedSearches", Target::Node),
    (Action::ReadRules, "ReadRules", Target::Node),
    (Action::ChangeRules, "ChangeRules", Target::Node),
    (Action::RunBackfill, "RunBackfill", Target::Node),
    (Action::ReadJobs, "ReadJobs", Target::Node),
    (Action::StopJobs, "StopJobs", Target::Node),
    (Action::RunVerify, "RunVerify", Target::Node),
    (Action::RunBackup, "RunBackup", Target::Node),
    (Action::ReadSettings, "ReadSettings", Target::Node),
    (Action::ChangeSettings, "ChangeSettings", Target::Node),
    (Action::ReadUsers, "ReadUsers", Target::Node),
    (Action::ChangeUsers, "ChangeUsers", Target::Node),
    (Action::ReadTokens, "ReadTokens", Target::Node),
    (Action::ChangeTokens, "ChangeTokens", Target::Node),
    (Action::ReadAudit, "ReadAudit", Target::Node),
    (Action::ReadHolds, "ReadHolds", Target::Node),
    (Action::ChangeHolds, "ChangeHolds", Target::Node),
    (Action::ReadHealth, "ReadHealth", Target::Node),
    (Action::ReadMetrics, "ReadMetrics", Target::Node),
    (Action::ReadNotifications, "ReadNotifications", Target::Node),
    (Action::ChangeNotifications, "ChangeNotifications", Target::Node),
    (Action::TestNotifications, "TestNotifications", Target::Node),
    (Action::ReadUnlocks, "ReadUnlocks", Target::Node),
    (Action::AskUnlock, "AskUnlock", Target::Node),
    (Action::AgreeUnlock, "AgreeUnlock", Target::Node),
    (Action::ReadIncidents, "ReadIncidents", Target::Cases),
    (Action::WorkIncidents, "WorkIncidents", Target::Cases),
    (Action::ApproveRequests, "ApproveRequests", Target::Cases),
    (Action::DecideIncidents, "DecideIncidents", Target::Cases),
    (Action::ReadStaffBehaviour, "ReadStaffBehaviour", Target::Places),
    (Action::ForgetBehaviour, "ForgetBehaviour", Target::Node),
];

impl Action {
    /// All actions.
    pub fn all() -> impl Iterator<Item = Self> {
        ACTIONS.iter().map(|(action, _, _)| *action)
    }

    /// Its name in policies, in the scope of tokens and in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it is done to.
    #[must_use]
    pub fn target(self) -> Target {
        self.row().2
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(_, known, _)| *known == name).map(|(action, _, _)| *action)
    }

    /// An action that lacks a row would have no name, and no policy permits that.
    fn row(self) -> (Self, &'static str, Target) {
        let row = ACTIONS.iter().find(|(action, _, _)| *action == self);
        row.copied().unwrap_or((self, "", Target::Node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_under_its_name() {
        for (action, name, _) in ACTIONS {
            assert_eq!(format!("{action:?}"), name);
            assert_eq!(Action::from_name(name), Some(action));
        }
        // the last of the enumeration has the highest number, so none is missing in the list
        assert_eq!(Action::ForgetBehaviour as usize + 1, ACTIONS.len());
    }
}
