//! Which fields of a message identify a patient or a relative (45 CFR 164.514(b)(2), applied to HL7 v2.5.1 chapters 3, 5 and 6).

/// Field numbers within a segment: `from..=to`.
type Fields = &'static [(usize, usize)];

/// All of a segment.
const ALL: Fields = &[(1, usize::MAX)];

/// Segments and the fields that identify. What is not listed holds care, not identity.
const IDENTITY: [(&str, Fields); 16] = [
    ("PID", &[(2, 7), (9, 9), (11, 14), (18, 21), (23, 23), (29, 29)]),
    ("PD1", &[(3, 3)]),
    ("NK1", &[(2, usize::MAX)]),
    ("MRG", ALL),
    ("GT1", &[(2, usize::MAX)]),
    ("IN1", &[(2, 2), (16, 16), (18, 19), (36, 36), (43, 44), (49, 49), (52, 52)]),
    ("IN2", ALL),
    ("PV1", &[(5, 5), (19, 19), (50, 50)]),
    ("NTE", &[(3, 3)]),
    ("QPD", &[(3, usize::MAX)]),
    ("QRD", &[(8, 8)]),
    ("QRF", &[(5, 5)]),
    ("ACC", &[(2, 3)]),
    ("CSR", &[(4, 5)]),
    // prose of receipts: whom they could not place
    ("MSA", &[(3, 3)]),
    ("ERR", &[(7, 8)]),
];

/// Value types of OBX-5 that hold prose or documents: a name can stand in them.
const PROSE: [&[u8]; 5] = [b"TX", b"FT", b"ST", b"ED", b"RP"];

/// Whether a field identifies a patient. `value_type` is OBX-2 of the same segment.
pub(super) fn identifies(segment: &str, number: usize, value_type: &[u8]) -> bool {
    if segment == "OBX" {
        return number == 5 && PROSE.contains(&value_type);
    }
    // local segments (Z..) may hold anything: what a site put there is not known here
    segment.starts_with('Z')
        || IDENTITY
            .iter()
            .filter(|(name, _)| *name == segment)
            .flat_map(|(_, fields)| *fields)
            .any(|(from, to)| (*from..=*to).contains(&number))
}
