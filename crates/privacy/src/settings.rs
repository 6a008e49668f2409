//! What a site may set: windows, limits and the words by which its roles are told apart. Defaults are those of the definitions.

use serde::Deserialize;

use crate::score::Taught;

/// Settings of a review.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long before an encounter, order or appointment those who take part may look. Hours.
    pub care_before_hours: u32,
    /// How long after its end. Days.
    pub care_after_days: u32,
    /// How long before admission to a unit those on shift there may look. Hours.
    pub unit_before_hours: u32,
    /// How long after discharge. Days.
    pub unit_after_days: u32,
    /// How long after a transfer to another unit. Hours.
    pub transfer_after_hours: u32,
    /// How long before and after a shift somebody is still at work. Minutes.
    pub shift_margin_minutes: u32,
    /// How long after discharge coding, billing, records and pharmacy have work with a record. Days.
    pub work_after_days: u32,
    /// How long a message or referral is answered. Days.
    pub message_after_days: u32,
    /// How far the clocks of the systems are apart at most. Minutes.
    pub clock_skew_minutes: u32,
    /// How many patients two people must share to be said to treat together.
    pub cotreat_patients_min: u32,
    /// Within how many days.
    pub cotreat_days: u32,
    /// How long an explained access explains the next one where no encounter says so. Hours.
    pub episode_hours: u32,
    /// How long after a downtime what happened during it is entered. Hours.
    pub back_entry_hours: u32,
    /// How long after a silent stretch of a feed accesses are not judged that it could explain. Hours.
    pub late_feed_hours: u32,
    /// How long after death clinicians have no more to do with a record. Days.
    pub deceased_after_days: u32,
    /// How long after discharge a clinician has no more to do with a record. Days.
    pub discharged_after_days: u32,
    /// How far apart house numbers of neighbours are at most.
    pub neighbour_numbers_max: u32,
    /// Score from which something is a case of its own, between 0 and 1.
    pub case_score_min: f64,
    /// Cases a day for each 10,000 staff that somebody has the time to look at, if that is known.
    pub budget: Option<f64>,
    /// Score from which something is a case of its own where the budget has room left, between 0 and 1.
    pub budget_score_min: f64,
    /// Score from which several of one person within 30 days are a serial case, between 0 and 1.
    pub serial_score_min: f64,
    /// Share of unexplained visits that are thought to be improper before anything else is known.
    pub improper_share: f64,
    /// What the privacy office decided of earlier cases, by scenario: moves the order of later cases a little.
    pub taught: Vec<Taught>,
    /// Templates that a person approved, by their ids: each explains accesses.
    pub templates: Vec<String>,
    /// Share of the accesses without a reason that a template explains before it is proposed, between 0 and 1.
    pub template_support_min: f64,
    /// How many times as often as by chance it explains them.
    pub template_lift_min: f64,
    /// How many people's accesses without a reason it explains at least: the habit of one is no template.
    pub template_users_min: u32,
    /// Share of one person among these accesses at most, between 0 and 1.
    pub template_user_share_max: f64,
    /// Words in role or department of those who work on records after discharge.
    pub records_words: Vec<String>,
    /// Words in role or department of pharmacies.
    pub pharmacy_words: Vec<String>,
    /// Words in role or department of pools that everybody shares.
    pub shared_words: Vec<String>,
    /// Words in kinds of orders of medicines.
    pub medicine_words: Vec<String>,
    /// Words in names of sections that deserve more care.
    pub sensitive_words: Vec<String>,
    /// Words in names of sections and of what is opened that are notes: what was observed and done, told in words.
    pub note_words: Vec<String>,
    /// Destinations of image transfers that are known; when empty, those that are usual are.
    pub known_destinations: Vec<String>,
    /// Workstations that move with a session (badge taps, virtual desktops), by the beginning of their names.
    pub roaming_workstations: Vec<String>,
}

fn words(of: &[&str]) -> Vec<String> {
    of.iter().map(|word| (*word).to_owned()).collect()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            care_before_hours: 72,
            care_after_days: 30,
            unit_before_hours: 24,
            unit_after_days: 14,
            transfer_after_hours: 24,
            shift_margin_minutes: 30,
            work_after_days: 120,
            message_after_days: 30,
            clock_skew_minutes: 10,
            cotreat_patients_min: 3,
            cotreat_days: 30,
            episode_hours: 72,
            back_entry_hours: 72,
            late_feed_hours: 48,
            deceased_after_days: 30,
            discharged_after_days: 30,
            neighbour_numbers_max: 10,
            case_score_min: 0.35,
            budget: None,
            budget_score_min: 0.2,
            serial_score_min: 0.05,
            improper_share: 0.002,
            taught: Vec::new(),
            templates: Vec::new(),
            template_support_min: 0.002,
            template_lift_min: 5.0,
            template_users_min: 5,
            template_user_share_max: 0.5,
            records_words: words(&[
                "coding",
                "coder",
                "billing",
                "him",
                "health information",
                "medical records",
                "records",
                "revenue",
                "registry",
            ]),
            pharmacy_words: words(&["pharm"]),
            shared_words: words(&["lab", "pharm", "imaging", "radiol", "patholog"]),
            medicine_words: words(&["med", "pharm", "rde", "drug", "prescription", "infusion"]),
            sensitive_words: words(&[
                "psych",
                "hiv",
                "sud",
                "substance",
                "addiction",
                "minor",
                "adolescent",
                "genetic",
                "abuse",
                "vip",
            ]),
            note_words: words(&["note", "notes", "documentation", "report", "letter", "summary", "narrative"]),
            known_destinations: Vec::new(),
            roaming_workstations: words(&["vdi", "roam", "tap"]),
        }
    }
}

impl Settings {
    /// How far the clocks of the systems are apart at most, in milliseconds.
    pub(crate) fn skew(&self) -> i64 {
        i64::from(self.clock_skew_minutes) * crate::form::MINUTE
    }

    /// Whether a folded text holds one of the words as the beginning of one of its own.
    pub(crate) fn holds(text: &str, words: &[String]) -> bool {
        words.iter().any(|word| {
            text.match_indices(word.as_str())
                .any(|(place, _)| place == 0 || text.as_bytes().get(place - 1) == Some(&b' '))
        })
    }
}
