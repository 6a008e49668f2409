//! Sample records: the shapes in which Windows writes events, each with made-up content.

use super::{Element, Given, Part, Records, utf16};

/// The value types of MS-EVEN6 section 2.2.12 with bytes of each: number, name, bytes.
pub const TYPES: [(u8, &str, &[u8]); 22] = [
    (0x01, "String", b"a\0\xE4\0b\0"),
    (0x02, "AnsiString", b"ansi"),
    (0x03, "Int8", &[0xFF]),
    (0x04, "UInt8", &[0xFE]),
    (0x05, "Int16", &[0xFE, 0xFF]),
    (0x06, "UInt16", &[1, 2]),
    (0x07, "Int32", &[0xFD, 0xFF, 0xFF, 0xFF]),
    (0x08, "UInt32", &[1, 2, 3, 4]),
    (0x09, "Int64", &[0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
    (0x0A, "UInt64", &[1, 2, 3, 4, 5, 6, 7, 8]),
    (0x0B, "Real32", &[0, 0, 0x20, 0x40]),
    (0x0C, "Real64", &[0, 0, 0, 0, 0, 0, 0xF8, 0xBF]),
    (0x0D, "Bool", &[1, 0, 0, 0]),
    (0x0E, "Binary", &[0xDE, 0xAD, 0xBE]),
    (0x0F, "Guid", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    (0x10, "Size", &[1, 0, 0, 0, 0, 0, 0, 0]),
    (0x11, "FileTime", &[0x00, 0x80, 0x3E, 0xD5, 0xDE, 0xB1, 0x9D, 0x01]),
    (0x12, "SystemTime", &[0xE9, 7, 12, 0, 3, 0, 10, 0, 4, 0, 47, 0, 28, 0, 250, 0]),
    (0x13, "Sid", &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]),
    (0x14, "HexInt32", &[0x10, 0, 0, 0]),
    (0x15, "HexInt64", &[0x10, 0, 0, 0, 0, 0, 0, 0x80]),
    (0x81, "Strings", b"a\0\0\0b\0c\0\0\0"),
];

/// The channel of every sample.
const CHANNEL: &str = "Microsoft-Windows-Sysmon/Operational";

/// An element without attributes around one part.
const fn around<'a>(name: &'a str, children: &'a [Part<'a>]) -> Part<'a> {
    Part::Element(Element { name, depends: None, attributes: &[], children })
}

/// `System` with the event's number in value 0 and its time in value 1.
const SYSTEM: Part<'static> = around(
    "System",
    &[
        Part::Element(Element {
            name: "Provider",
            depends: None,
            attributes: &[("Name", Part::Text("Microsoft-Windows-Sysmon"))],
            children: &[],
        }),
        around("EventID", &[Part::Slot(0, 0x06)]),
        Part::Element(Element {
            name: "TimeCreated",
            depends: None,
            attributes: &[("SystemTime", Part::Slot(1, 0x11))],
            children: &[],
        }),
        around("Channel", &[Part::Text(CHANNEL)]),
        around("Computer", &[Part::Text("ws-0117.lakeside.example")]),
    ],
);

const EVENT_ID: Given<'static> = Given::Bytes(0x06, &[1, 0]);
const CREATED: Given<'static> = Given::Bytes(0x11, &[0x00, 0x80, 0x3E, 0xD5, 0xDE, 0xB1, 0xDC, 0x01]);

/// Adds an event with these named values in `EventData`.
pub fn push_data(records: &mut Records, data: &[(&str, u8, &[u8])]) {
    let parts: Vec<[Part<'_>; 1]> = (2u16..).zip(data).map(|(slot, (_, kind, _))| [Part::Slot(slot, *kind)]).collect();
    let names: Vec<[(&str, Part<'_>); 1]> = data.iter().map(|(name, ..)| [("Name", Part::Text(name))]).collect();
    let element = |(attributes, children)| Element { name: "Data", depends: None, attributes, children };
    let children: Vec<Part<'_>> =
        names.iter().zip(&parts).map(|(name, part)| Part::Element(element((name, part)))).collect();
    let event = [SYSTEM, around("EventData", &children)];
    let mut values = vec![EVENT_ID, CREATED];
    values.extend(data.iter().map(|(_, kind, bytes)| Given::Bytes(*kind, bytes)));
    records.push(Element { name: "Event", depends: None, attributes: &[], children: &event }, &values);
}

/// Adds one event of each shape: named values of every type, values left out, unnamed values, a template in `EventData` and one in `UserData`.
pub fn push(records: &mut Records) {
    push_types(records);
    push_usual(records);
}

/// The contents of small chunks: one for each type and each shape.
#[must_use]
pub fn contents() -> Vec<Vec<u8>> {
    let content = |push: &dyn Fn(&mut Records)| {
        let mut records = Records::default();
        push(&mut records);
        records.content()
    };
    let mut contents: Vec<_> = TYPES
        .iter()
        .map(|(kind, name, bytes)| content(&|records| push_data(records, &[(name, *kind, bytes)])))
        .collect();
    let shapes: [&dyn Fn(&mut Records); 6] = [
        &push_types,
        &push_usual,
        &push_optional,
        &push_unnamed,
        &|records| push_nested(records, "EventData"),
        &|records| push_nested(records, "UserData"),
    ];
    contents.extend(shapes.iter().map(|push| content(push)));
    contents
}

/// Adds one event with named values of every type.
pub fn push_types(records: &mut Records) {
    let data: Vec<(&str, u8, &[u8])> = TYPES.iter().map(|(kind, name, bytes)| (*name, *kind, *bytes)).collect();
    push_data(records, &data);
}

/// Adds events of every shape that have values of the usual types only.
pub fn push_usual(records: &mut Records) {
    push_optional(records);
    push_unnamed(records);
    push_nested(records, "EventData");
    push_nested(records, "UserData");
}

/// Adds two events of one template whose only value in `EventData` the second leaves out.
pub fn push_optional(records: &mut Records) {
    let image = [Part::Slot(2, 0x01)];
    let data = [Part::Element(Element {
        name: "Data",
        depends: Some(2),
        attributes: &[("Name", Part::Text("Image"))],
        children: &image,
    })];
    let event = [SYSTEM, around("EventData", &data)];
    let root = Element { name: "Event", depends: None, attributes: &[], children: &event };
    records.push(root, &[EVENT_ID, CREATED, Given::Bytes(0x01, &utf16(r"C:\Windows\System32\cmd.exe"))]);
    records.again(&[EVENT_ID, CREATED, Given::Bytes(0x00, &[])]);
}

/// Adds an event with two unnamed values.
pub fn push_unnamed(records: &mut Records) {
    let data = [around("Data", &[Part::Slot(2, 0x81)])];
    let event = [SYSTEM, around("EventData", &data)];
    let root = Element { name: "Event", depends: None, attributes: &[], children: &event };
    records.push(root, &[EVENT_ID, CREATED, Given::Bytes(0x81, b"o\0n\0e\0\0\0t\0w\0o\0\0\0")]);
}

/// Adds an event whose `section` is a template in a value.
pub fn push_nested(records: &mut Records, section: &str) {
    let inner = [around("Param", &[Part::Slot(0, 0x08)]), around("Note", &[Part::Text("fixed")])];
    let inner =
        Element { name: "Inner", depends: None, attributes: &[("xmlns", Part::Text("urn:x"))], children: &inner };
    let nested = [Part::Slot(2, 0x21)];
    let event = [SYSTEM, around(section, &nested)];
    let root = Element { name: "Event", depends: None, attributes: &[], children: &event };
    records.push(root, &[EVENT_ID, CREATED, Given::Nested(inner, &[Given::Bytes(0x08, &[7, 0, 0, 0])])]);
}
