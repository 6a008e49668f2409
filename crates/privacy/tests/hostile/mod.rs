//! Hostile input: five people, three patients, eight accesses, and the same again broken in every way in which files of hospitals are broken.
//!
//! Each variant says which rows must be reported, and what must be found of the rest as if nothing had happened.

/// Files by name.
pub(crate) type Files = Vec<(&'static str, Vec<u8>)>;

/// One way of being broken.
#[derive(Clone, Debug)]
pub(crate) struct Hostile {
    /// What is wrong with the files, as a sentence.
    pub(crate) sentence: String,
    pub(crate) files: Files,
    /// Row of accesses.csv, from 1, and an explanation that it must have; none: it has no explanation.
    pub(crate) rows: Vec<(usize, &'static str)>,
    /// Rows that must be reported, each once.
    pub(crate) reported: Vec<(&'static str, usize)>,
    /// Rows that may be reported or used; both can be defended.
    pub(crate) either: Vec<(&'static str, usize)>,
    /// The file that cannot be used at all, and a word that the fault must hold.
    pub(crate) refused: Option<(&'static str, &'static str)>,
    /// A file that may be refused as a whole, or taken for one without rows.
    pub(crate) may_refuse: Option<&'static str>,
}

const ACCESSES: &str = "\
time,user,patient,action,object,section,workstation,ip,application,location,encounter,purpose,break_glass,outcome,duration_ms
2026-03-02T09:15:20+01:00,alder,P1,read,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,1200
2026-03-02T09:40:07+01:00,birch,P1,update,,notes,W1-WS2,10.1.1.2,ehr,MAIN/W1,E1,,0,success,90000
2026-03-02T10:01:44+01:00,cedar,P2,read,,coding,HIM-WS1,10.1.2.1,ehr,MAIN/HIM,,,0,success,4000
2026-03-02T10:30:00+01:00,alder,P3,read,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,2000
2026-03-02T11:12:31+01:00,elm,P1,update,,laboratory,LAB-WS1,10.1.3.1,ehr,MAIN/LAB,,,0,success,700
2026-03-02T11:45:09+01:00,fir,P3,read,,summary,IT-WS1,10.1.4.1,ehr,MAIN/IT,,,0,success,800
2026-03-02T12:20:55+01:00,birch,P2,read,,summary,W1-WS2,10.1.1.2,ehr,MAIN/W1,,,0,success,650
2026-03-02T13:05:12+01:00,alder,P2,read,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,650
";
const STAFF: &str = "\
user,person_id,surname,given,birth_date,street,house_number,postcode,city,phone,role,department,unit,manager,employed_from,employed_to
alder,M1,Müller,Anna,1980-04-01,Torstraße,1,10115,Berlin,030 1,nurse,Internal Medicine,W1,,2015-01-01,
birch,M2,Birch,Ben,1975-02-11,Seeweg,7,10117,Berlin,030 2,physician,Internal Medicine,W1,,2012-01-01,
cedar,M3,Cedar,Cleo,1969-07-21,Am Tor,9,10119,Berlin,030 3,coding,Health Information,HIM,,2001-01-01,
elm,M4,Elm,Enno,1990-12-24,Ostweg,3,10121,Berlin,030 4,laboratory technician,Laboratory,LAB,,2019-01-01,
fir,M5,Fir,Fee,1991-10-03,Westweg,5,10123,Berlin,030 5,IT,IT,IT,,2020-01-01,
";
const SHIFTS: &str = "\
user,start,end,unit
alder,2026-03-02T06:00:00+01:00,2026-03-02T14:00:00+01:00,W1
birch,2026-03-02T08:00:00+01:00,2026-03-02T16:30:00+01:00,W1
elm,2026-03-02T06:00:00+01:00,2026-03-02T14:00:00+01:00,LAB
cedar,2026-03-02T08:00:00+01:00,2026-03-02T16:30:00+01:00,HIM
fir,2026-03-02T08:00:00+01:00,2026-03-02T16:30:00+01:00,IT
";
const PATIENTS: &str = "\
patient,person_id,surname,given,birth_date,death_time,street,house_number,postcode,city,phone,flags
P1,N1,Quitt,Lore,1950-05-05,,Nordweg,11,10131,Berlin,030 11,
P2,N2,Rast,Milo,1961-06-06,,Südstraße,12,10133,Berlin,030 12,
P3,N3,Saum,Nils,1972-07-07,,Waldweg,13,10135,Berlin,030 13,
";
const CONTACTS: &str = "\
patient,relation,surname,given,phone,birth_date
P1,spouse,Quitt,Karl,030 11,
";
const ENCOUNTERS: &str = "\
encounter,patient,kind,department,unit,start,end
E1,P1,inpatient,Internal Medicine,W1,2026-03-01T10:00:00+01:00,
E2,P2,inpatient,Surgery,W2,2026-02-20T10:00:00+01:00,2026-02-27T11:00:00+01:00
E3,P3,outpatient,Ophthalmology,EYE,2026-02-25T10:00:00+01:00,2026-02-25T10:30:00+01:00
";
const PARTICIPANTS: &str = "\
encounter,user,role,start,end
E1,birch,attending,2026-03-01T10:00:00+01:00,
";
const APPOINTMENTS: &str = "\
appointment,patient,user,department,start,end,status
A1,P2,birch,Internal Medicine,2026-03-03T09:00:00+01:00,2026-03-03T09:30:00+01:00,booked
A2,P3,alder,Internal Medicine,2026-03-03T09:00:00+01:00,2026-03-03T09:30:00+01:00,cancelled
";
const ORDERS: &str = "\
order,patient,encounter,ordered_by,performed_by,department,time,kind
O1,P1,E1,birch,elm,Laboratory,2026-03-02T10:50:00+01:00,laboratory
";
const MESSAGES: &str = "\
time,from_user,to_user,to_pool,patient
2026-03-02T11:00:00+01:00,birch,,IT,P3
";

/// What must be found where nothing is broken: row of accesses.csv, explanation.
const FOUND: [(usize, &str); 8] = [(1, "E2"), (2, "E1"), (3, "E3"), (4, ""), (5, "E1"), (6, "E4"), (7, "E1"), (8, "")];

fn texts() -> Vec<(&'static str, &'static str)> {
    vec![
        ("accesses.csv", ACCESSES),
        ("staff.csv", STAFF),
        ("shifts.csv", SHIFTS),
        ("patients.csv", PATIENTS),
        ("contacts.csv", CONTACTS),
        ("encounters.csv", ENCOUNTERS),
        ("participants.csv", PARTICIPANTS),
        ("appointments.csv", APPOINTMENTS),
        ("orders.csv", ORDERS),
        ("messages.csv", MESSAGES),
    ]
}

/// All files changed by the same hand; everything must be found as before.
fn each(sentence: &str, change: impl Fn(&str) -> Vec<u8>) -> Hostile {
    let files = texts().into_iter().map(|(name, text)| (name, change(text))).collect();
    Hostile {
        sentence: sentence.to_owned(),
        files,
        rows: FOUND.to_vec(),
        reported: Vec::new(),
        either: Vec::new(),
        refused: None,
        may_refuse: None,
    }
}

/// One file is another one; everything else must be found as before.
fn one(sentence: &str, file: &'static str, text: impl Into<Vec<u8>>) -> Hostile {
    let mut hostile = each(sentence, |text| text.into());
    let text = text.into();
    for (name, content) in &mut hostile.files {
        if *name == file {
            content.clone_from(&text);
        }
    }
    hostile
}

impl Hostile {
    fn reports(mut self, file: &'static str, row: usize) -> Self {
        self.reported.push((file, row));
        self
    }

    fn may_report(mut self, file: &'static str, row: usize) -> Self {
        self.either.push((file, row));
        self
    }

    fn finds(mut self, rows: &[(usize, &'static str)]) -> Self {
        self.rows = rows.to_vec();
        self
    }

    fn may_refuse(mut self, file: &'static str) -> Self {
        self.may_refuse = Some(file);
        self
    }

    /// These rows are no longer of interest.
    fn without(mut self, rows: &[usize]) -> Self {
        self.rows.retain(|(row, _)| !rows.contains(row));
        self
    }

    fn refuses(mut self, file: &'static str, word: &'static str) -> Self {
        self.refused = Some((file, word));
        self
    }

    /// Accesses from this row on stand one row later, because a row was put before them.
    fn later_from(mut self, from: usize) -> Self {
        for (row, _) in self.rows.iter_mut().filter(|(row, _)| *row >= from) {
            *row += 1;
        }
        self
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.split(',').collect()
}

fn lines(text: &str, change: impl Fn(&[&str]) -> String) -> Vec<u8> {
    text.lines().map(|line| change(&cells(line)) + "\n").collect::<String>().into_bytes()
}

/// The file without one column.
fn without_column(text: &str, column: &str) -> String {
    let at = cells(text.lines().next().unwrap()).iter().position(|name| *name == column).unwrap();
    let mut shorter = String::new();
    for line in text.lines() {
        let mut cells = cells(line);
        cells.remove(at);
        shorter.push_str(&cells.join(","));
        shorter.push('\n');
    }
    shorter
}

/// The file with one more row in front of data row `row`, or at its end.
fn with_row(text: &str, row: usize, new: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(row.min(lines.len()), new);
    lines.join("\n") + "\n"
}

/// A row of accesses with another time.
fn access_at(time: &str) -> String {
    format!("{time},alder,P1,read,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,1200")
}

/// All variants.
pub(crate) fn all() -> Vec<Hostile> {
    let mut all = shapes();
    all.extend(encodings());
    all.extend(rows());
    all.extend(times());
    all.extend(sizes());
    all
}

/// Columns that move, come and go.
fn shapes() -> Vec<Hostile> {
    let reversed = |text: &str| lines(text, |cells| cells.iter().rev().copied().collect::<Vec<&str>>().join(","));
    let wider = |text: &str| {
        let mut first = true;
        let mut wide = String::new();
        for line in text.lines() {
            wide.push_str(&if first { format!("site,{line},remark") } else { format!("north,{line},\"a, b\"") });
            wide.push('\n');
            first = false;
        }
        wide.into_bytes()
    };
    let narrow = ["duration_ms", "ip", "application", "object", "purpose", "encounter"]
        .iter()
        .fold(ACCESSES.to_owned(), |text, column| without_column(&text, column));
    let staff = ["manager", "phone", "person_id", "birth_date"]
        .iter()
        .fold(STAFF.to_owned(), |text, column| without_column(&text, column));
    vec![
        each("the files are as they should be", |text| text.into()),
        each("the columns stand in another order", reversed),
        each("there are more columns than the contract has", wider),
        one("accesses without the columns that nobody needs", "accesses.csv", narrow),
        one("staff without manager, phone, person and birthday", "staff.csv", staff),
        one("accesses without the column of users", "accesses.csv", without_column(ACCESSES, "user"))
            .refuses("accesses.csv", "user"),
        one("accesses without the column of times", "accesses.csv", without_column(ACCESSES, "time"))
            .refuses("accesses.csv", "time"),
        one("a roster without the column of users", "shifts.csv", without_column(SHIFTS, "user"))
            .refuses("shifts.csv", "user"),
        one("encounters without the column of patients", "encounters.csv", without_column(ENCOUNTERS, "patient"))
            .refuses("encounters.csv", "patient"),
        one("accesses with semicolons for commas", "accesses.csv", ACCESSES.replace(',', ";")),
        one("accesses with tabs for commas", "accesses.csv", ACCESSES.replace(',', "\t"))
            .refuses("accesses.csv", "time"),
    ]
}

fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}

/// Bytes before, between and within the cells.
fn encodings() -> Vec<Hostile> {
    let quoted = |text: &str| {
        lines(text, |cells| cells.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<String>>().join(","))
    };
    let broken_cell = PATIENTS.replace("Nordweg", "\"Haus \"\"am\nSee\"\", hinten\"");
    let broken_purpose =
        ACCESSES.replace("MAIN/W1,E1,,0", "MAIN/W1,E1,\"first line\nsecond, \"\"line\"\"\r\nthird\",0");
    vec![
        each("the files begin with a byte order mark", |text| [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        each("the files are Windows-1252", windows_1252),
        each("the lines end as in Windows", |text| text.replace('\n', "\r\n").into_bytes()),
        each("every cell stands in quotes", quoted),
        each("the files do not end with a line end", |text| text.trim_end().into()),
        each("the files end with empty lines", |text| format!("{text}\n\n").into_bytes()),
        one("an address has quotes, a comma and a line break", "patients.csv", broken_cell),
        one("a purpose has line breaks, so that lines are not rows", "accesses.csv", broken_purpose),
        one(
            "a given name has bytes of no encoding",
            "staff.csv",
            [STAFF.as_bytes(), b"gum,M6,G\xff\xfe\x81m,G,,,,,,,nurse,Surgery,W2,,,\n"].concat(),
        )
        .may_report("staff.csv", 6),
        one("a zero byte stands in a cell", "patients.csv", PATIENTS.replace("Waldweg", "Wald\0weg"))
            .may_report("patients.csv", 3),
        one(
            "the last row opens a quote and never closes it",
            "accesses.csv",
            format!("{ACCESSES}\"2026-03-02T13:30:00+01:00,alder,P1"),
        )
        .reports("accesses.csv", 9),
    ]
}

/// Rows that say too little, too much, or nonsense.
fn rows() -> Vec<Hostile> {
    let ghost = "2026-03-02T10:05:00+01:00,ghost,P1,read,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,5";
    let nobody = "2026-03-02T10:05:00+01:00,fir,P999,read,,summary,IT-WS1,10.1.4.1,ehr,MAIN/IT,,,0,success,5";
    let dances = "2026-03-02T10:05:00+01:00,alder,P1,dance,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,5";
    let faceless = "2026-03-02T10:05:00+01:00,,P1,read,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,5";
    let negative = "2026-03-02T10:05:00+01:00,alder,P1,read,,summary,W1-WS1,10.1.1.1,ehr,MAIN/W1,,,0,success,-5";
    let first = ACCESSES.lines().nth(1).unwrap();
    let overlap = "alder,2026-03-02T07:00:00+01:00,2026-03-02T12:00:00+01:00,ICU";
    let backward = "fir,2026-03-02T14:00:00+01:00,2026-03-02T06:00:00+01:00,W1";
    let untimely = "E9,P3,inpatient,Internal Medicine,W1,2026-03-04T10:00:00+01:00,2026-03-01T10:00:00+01:00";
    vec![
        one("a row ends after two cells", "accesses.csv", with_row(ACCESSES, 3, "2026-03-02T10:00:00+01:00,alder"))
            .later_from(3)
            .reports("accesses.csv", 3),
        one("an access without a user", "accesses.csv", with_row(ACCESSES, 3, faceless))
            .later_from(3)
            .reports("accesses.csv", 3),
        one("an action that nobody knows", "accesses.csv", with_row(ACCESSES, 3, dances))
            .later_from(3)
            .reports("accesses.csv", 3),
        // HR does not know the user: no reason in the data, and no reason to stop.
        one("an access by somebody whom no file knows", "accesses.csv", with_row(ACCESSES, 3, ghost)).later_from(3),
        one("an access to a patient whom no file knows", "accesses.csv", with_row(ACCESSES, 3, nobody)).later_from(3),
        one("a negative duration", "accesses.csv", with_row(ACCESSES, 3, negative))
            .later_from(3)
            .may_report("accesses.csv", 3),
        one("the same access twice", "accesses.csv", with_row(ACCESSES, 2, first)).finds(&[
            (1, "E2"),
            (2, "E2"),
            (3, "E1"),
            (4, "E3"),
            (5, ""),
            (6, "E1"),
            (7, "E4"),
            (8, "E1"),
            (9, ""),
        ]),
        one("the same person twice", "staff.csv", with_row(STAFF, 2, STAFF.lines().nth(1).unwrap()))
            .may_report("staff.csv", 2),
        one("two duties of one person at the same time", "shifts.csv", with_row(SHIFTS, 1, overlap)),
        one("a duty that ends before it starts", "shifts.csv", with_row(SHIFTS, 1, backward)).reports("shifts.csv", 1),
        one("an encounter that ends before it starts", "encounters.csv", with_row(ENCOUNTERS, 1, untimely))
            .reports("encounters.csv", 1),
        one("the rows stand in no order of time", "accesses.csv", {
            let mut lines: Vec<&str> = ACCESSES.lines().collect();
            lines.swap(1, 8);
            lines.join("\n")
        })
        .finds(&[(8, "E2"), (2, "E1"), (3, "E3"), (4, ""), (5, "E1"), (6, "E4"), (7, "E1"), (1, "")]),
    ]
}

/// Times.
fn times() -> Vec<Hostile> {
    let at = |sentence: &str, time: &str| {
        one(sentence, "accesses.csv", with_row(ACCESSES, 3, &access_at(time))).later_from(3)
    };
    let mut all: Vec<Hostile> = [
        ("a time without an offset", "2026-03-02T10:00:00"),
        ("a date without a time", "2026-03-02"),
        ("a thirteenth month", "2026-13-02T10:00:00+01:00"),
        ("a time in words", "yesterday"),
        ("a time as a number", "1772445600"),
        ("no time", ""),
        ("an offset of forty hours", "2026-03-02T10:00:00+40:00"),
    ]
    .into_iter()
    .map(|(sentence, time)| at(sentence, time).reports("accesses.csv", 3))
    .collect();
    all.extend([
        at("midnight as the end of a day", "2026-03-02T24:00:00+01:00").may_report("accesses.csv", 3),
        at("a second of sixty", "2026-03-02T10:59:60+01:00").may_report("accesses.csv", 3),
        at("the year one", "0001-01-01T00:00:00+00:00").may_report("accesses.csv", 3),
        at("the year 9999", "9999-12-31T23:59:59+00:00").may_report("accesses.csv", 3),
        at("the year 10000 and more", "99999-01-01T00:00:00+00:00").reports("accesses.csv", 3),
    ]);
    let far =
        ENCOUNTERS.replace("2026-03-01T10:00:00+01:00,\n", "2026-03-01T10:00:00+01:00,9999-12-31T23:59:59+00:00\n");
    let utc = ACCESSES.replace("2026-03-02T09:15:20+01:00", "2026-03-02T08:15:20Z");
    let other = ACCESSES.replace("2026-03-02T11:12:31+01:00", "2026-03-02T05:12:31.250-05:00");
    // The clock of the record system is four minutes behind that of the roster and of the messages. Nobody is asked why for four minutes.
    let early = ACCESSES.replace("2026-03-02T09:15:20+01:00", "2026-03-02T05:56:20+01:00");
    let before = MESSAGES.replace("2026-03-02T11:00:00+01:00", "2026-03-02T11:49:00+01:00");
    // Two hours in one system: whatever it explained is not explained then, and the rest is as before.
    let hours = MESSAGES.replace("2026-03-02T11:00:00+01:00", "2026-03-02T13:00:00+01:00");
    all.extend([
        one("an encounter without an end is written as the year 9999", "encounters.csv", far),
        one("one system writes its times as UTC", "accesses.csv", utc),
        one("one system writes its times as those of New York, with fractions", "accesses.csv", other),
        one("the clock of the record system is four minutes behind the roster", "accesses.csv", early),
        one("the clock of the messages is four minutes ahead", "messages.csv", before),
        one("the clock of the messages is two hours ahead", "messages.csv", hours).without(&[6]),
    ]);
    all
}

/// Nothing, and too much.
fn sizes() -> Vec<Hostile> {
    let header = |text: &str| text.lines().next().unwrap().to_owned() + "\n";
    let huge = ACCESSES.replace("MAIN/W1,E1,,0", &format!("MAIN/W1,E1,{},0", "x".repeat(10 << 20)));
    let silent = |sentence: &str, text: &dyn Fn(&str) -> String| {
        let mut hostile = each(sentence, |text| text.into());
        for (name, content) in &mut hostile.files {
            if *name != "accesses.csv" {
                *content = text(&String::from_utf8(content.clone()).unwrap()).into_bytes();
            }
        }
        hostile.finds(&FOUND.map(|(row, _)| (row, "")))
    };
    vec![
        one("a cell of ten megabytes", "accesses.csv", huge).may_report("accesses.csv", 2).without(&[2]),
        one("accesses with a header only", "accesses.csv", header(ACCESSES)).finds(&[]),
        one("a roster with a header only", "shifts.csv", header(SHIFTS)).without(&[1]),
        silent("all context has headers only", &|text| header(text)),
        one("messages of no bytes", "messages.csv", "").without(&[6]).may_refuse("messages.csv"),
        one("accesses of no bytes", "accesses.csv", "").refuses("accesses.csv", "accesses.csv"),
        one("accesses of a header that is not one", "accesses.csv", "PK\x03\x04\x14\0\x06\0\x08\0\n\0\0\n")
            .refuses("accesses.csv", "time"),
    ]
}
