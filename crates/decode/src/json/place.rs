//! Where in a document the walker stands, and which name a member gets there. Windows events come in several shapes (evtx_dump's `Event`, bare `System` and
//! `EventData`, winlogbeat); this file is what makes them one: Sigma's flat names.

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// The record itself.
    Top,
    /// Inside `Event`.
    Event,
    /// Inside `Event.System`.
    System,
    /// Inside one element of `System`, for example `Provider`.
    SystemElement(&'a str),
    /// Inside the attributes of the element named.
    Attributes(&'a str),
    /// Inside `EventData` or the one element of `UserData`: children under their own names. Names the section.
    Data(&'static str),
    /// Inside one element of these.
    DataElement(&'a str),
    /// Inside `UserData`.
    UserData,
    /// Inside winlogbeat's `winlog`.
    Winlog,
    /// Inside any other object, by its dotted name.
    Under(&'a str),
    /// What rules never ask for (XML name spaces).
    Ignored,
}

/// What a member is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// As it stands.
    Plain(&'a str),
    /// `parent`, a separator, `child`.
    Joined(&'a str, char, &'a str),
    /// The `Name` attribute of a `Data` element: it names its text.
    NamesData,
    /// Not a field.
    Ignored,
}

impl<'a> Place<'a> {
    /// The place inside the object that is member `name` here. `None`: an ordinary object, [`Place::Under`] its dotted name.
    pub(crate) fn inside(self, name: &'a str) -> Option<Self> {
        Some(match (self, name) {
            (Self::Top, "Event") => Self::Event,
            (Self::Top | Self::Event, "System") => Self::System,
            (Self::Top | Self::Event, "EventData") => Self::Data("EventData"),
            (Self::Top | Self::Event, "UserData") => Self::UserData,
            (Self::Event, "ProcessingErrorData") => Self::Data("ProcessingErrorData"),
            (Self::Top, "winlog") => Self::Winlog,
            (Self::Top, "_source") => Self::Top,
            (Self::Top, "event_data") => Self::Data("EventData"),
            (Self::Event, "#attributes" | "Event_attributes") => Self::Ignored,
            (Self::System, _) => name.strip_suffix("_attributes").map_or(Self::SystemElement(name), Self::Attributes),
            (Self::SystemElement(element), _) => Self::Attributes(element),
            (Self::Data(section), "#attributes") => Self::Attributes(section),
            (Self::Data(_), _) => Self::DataElement(name),
            (Self::DataElement(element), "#attributes") => Self::Attributes(element),
            (Self::UserData, "#attributes") | (Self::Ignored, _) => Self::Ignored,
            (Self::UserData, _) => Self::Data("UserData"),
            (Self::Winlog, "event_data" | "user_data") => Self::Data("EventData"),
            _ => return None,
        })
    }

    /// The name under which a value of member `name` is a field.
    pub(crate) fn field(self, name: &'a str) -> Name<'a> {
        match self {
            Self::Top => winlog_key(name).map_or(Name::Plain(name), Name::Plain),
            Self::Event | Self::System | Self::Data(_) | Self::UserData => match name {
                "#text" => Name::Plain("Data"),
                "xmlns" | "xml_name" => Name::Ignored,
                _ => Name::Plain(name),
            },
            Self::SystemElement(element) if matches!(name, "#text" | "Value") => Name::Plain(element),
            Self::DataElement(element) if name == "#text" => Name::Plain(element),
            Self::SystemElement(element) | Self::Attributes(element) => {
                attribute(element, name.strip_prefix('@').unwrap_or(name))
            }
            Self::DataElement(element) => match name.strip_prefix('@') {
                Some(name) => attribute(element, name),
                None => Name::Joined(element, '.', name),
            },
            Self::Winlog => winlog_name(name).map_or(Name::Joined("winlog", '.', name), Name::Plain),
            Self::Under(prefix) => Name::Joined(prefix, '.', name),
            Self::Ignored => Name::Ignored,
        }
    }

    /// Whether a null here says nothing: absent elements of `System` are written as null.
    pub(crate) const fn drops_null(self) -> bool {
        matches!(self, Self::Event | Self::System | Self::SystemElement(_))
    }

    /// Whether this is a part of a Windows event that gets flat names.
    pub(super) const fn is_windows(self) -> bool {
        !matches!(self, Self::Top | Self::Under(_))
    }
}

fn attribute<'a>(element: &'a str, name: &'a str) -> Name<'a> {
    match (element, name) {
        ("Data" | "ComplexData", "Name") => Name::NamesData,
        ("Provider", "Name") => Name::Plain("Provider_Name"),
        ("Provider", "Guid") => Name::Plain("Provider_Guid"),
        ("TimeCreated", "SystemTime") => Name::Plain("TimeCreated_SystemTime"),
        ("Execution", "ProcessID") => Name::Plain("Execution_ProcessID"),
        ("Execution", "ThreadID") => Name::Plain("Execution_ThreadID"),
        ("Security", "UserID") => Name::Plain("Security_UserID"),
        ("Correlation", "ActivityID") => Name::Plain("Correlation_ActivityID"),
        ("EventID", "Qualifiers") => Name::Plain("EventID_Qualifiers"),
        _ if name == "xmlns" || name.starts_with("xmlns:") => Name::Ignored,
        _ => Name::Joined(element, '_', name),
    }
}

/// The flat name of a key that was flattened by the shipper (`winlog.event_data.Image`).
fn winlog_key(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("winlog.")?;
    rest.strip_prefix("event_data.").or_else(|| rest.strip_prefix("user_data.")).or_else(|| winlog_name(rest))
}

/// Winlogbeat's word for an element of `System` (Elastic Common Schema, winlog fields).
fn winlog_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "channel" => "Channel",
        "event_id" => "EventID",
        "computer_name" => "Computer",
        "provider_name" => "Provider_Name",
        "provider_guid" => "Provider_Guid",
        "record_id" => "EventRecordID",
        "task" => "Task",
        "opcode" => "Opcode",
        "version" => "Version",
        "keywords" => "Keywords",
        "level" => "Level",
        "activity_id" => "Correlation_ActivityID",
        _ => return None,
    })
}

/// The flat name of a top-level field of a flat export: NXLog, `Get-WinEvent | ConvertTo-Json`, winlogbeat before version 7.
pub(super) fn flat_name(name: &str) -> Option<&'static str> {
    FLAT_NAMES.iter().find(|(written, _)| *written == name).map(|(_, flat)| *flat)
}

/// What flat exports write, and what it is called here.
pub(super) const FLAT_NAMES: [(&str, &str); 18] = [
    ("LogName", "Channel"),
    ("log_name", "Channel"),
    ("channel", "Channel"),
    ("Id", "EventID"),
    ("EventId", "EventID"),
    ("event_id", "EventID"),
    ("SourceName", "Provider_Name"),
    ("ProviderName", "Provider_Name"),
    ("source_name", "Provider_Name"),
    ("Provider", "Provider_Name"),
    ("ProviderGuid", "Provider_Guid"),
    ("MachineName", "Computer"),
    ("Hostname", "Computer"),
    ("ComputerName", "Computer"),
    ("computer_name", "Computer"),
    ("RecordNumber", "EventRecordID"),
    ("RecordId", "EventRecordID"),
    ("record_number", "EventRecordID"),
];
