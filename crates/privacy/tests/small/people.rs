//! Who works in the small hospital: fifteen units of thirteen departments, one surname per person.

use super::Hospital;
use super::clock::{date, mix};
use super::tables::{Staff, home};

/// Surnames of the staff, one each.
const SURNAMES: &str = "Albers Bachmann Conrad Dietrich Ebert Falk Gerber Haas Imhof Jansen Kaiser Lang Mertens Neumann \
    Ott Pohl Quast Reuter Seidel Thoma Ulrich Vogt Wolff Zander Arnold Brandt Claus Dorn Engel Frank Graf Horn Iwert \
    Jung Kraft Lorenz Maurer Noll Oswald Peters Raabe Sauer Thiel Urban Voss Winkler Zimmer Adam Beck Christ Decker \
    Erdmann Fink Geiger Heinz Issel Jahn Keller Ludwig Moser Nagel Oppel Pfeiffer Ranke Schuster Tietz Ufer Vetter \
    Weiss Zorn Anders Barth Cordes Diehl Eckert Fuchs Gross Hahn Irle Jost Koch Lenz Marx Nickel Obst Paul Rau Simon \
    Tamm Utz Veit Wirth Zeller Axt Bruns Cramer Drews Esser Franke Giese Hesse Ihde Jordan Kern Link Merz Niemann \
    Olsen Popp Renner Stark Trapp Unger Volk Wendt Zeiss Appel Busch Dahl Emmerich Funk Gabriel Heller Jacobs Kunze \
    Lohmann May Nolte Otto Prinz Riedel Sommer Tiede Uhlig Vollmer Witt Zapf Abel Blum Dressler Eich Fromm Goebel \
    Hoppe Jaeger Kolbe Lutz Metz Naumann Ohm Plank Rahn \
     Sasse Teske Uthoff Vieth Wanke Zech Althaus Bode Clemens Dreyer Ehlers Freitag \
     Gebauer Harms Ilg Jauch Kuhn Lauer Mohr Neubert Opitz Pape Rothe Seitz Timm Ude Voelker Wille Zahn \
     Asmus Buhl Curth Duerr Ernsting Feld Grote Hein Irmer Jakob Kolb Lamm Moll Nadler Oelmann Petri Rabe Sander Thoms Uhde Vater Wulf";

/// Given names of staff and patients.
pub(crate) const GIVEN: [&str; 24] = [
    "Anna", "Bernd", "Carla", "David", "Eva", "Felix", "Greta", "Hannes", "Ines", "Jonas", "Karin", "Leon", "Mara",
    "Nils", "Olga", "Paul", "Rita", "Sven", "Tina", "Udo", "Vera", "Willi", "Yara", "Zeno",
];

/// Streets of the town: nearly everybody lives in one of them.
pub(crate) const STREETS: [&str; 16] = [
    "Hauptstraße",
    "Bahnhofstraße",
    "Gartenweg",
    "Schulstraße",
    "Kirchgasse",
    "Bergstraße",
    "Wiesenweg",
    "Talstraße",
    "Ringstraße",
    "Mühlenweg",
    "Rosenweg",
    "Ahornweg",
    "Birkenallee",
    "Marktplatz",
    "Uferweg",
    "Sonnenhalde",
];

/// Unit, role, how many.
const POSTS: [(&str, &str, usize); 24] = [
    ("ED", "physician", 13),
    ("ED", "nurse", 22),
    ("W1", "physician", 9),
    ("W1", "nurse", 28),
    ("W2", "physician", 8),
    ("W2", "nurse", 30),
    ("OR", "nurse", 6),
    ("ICU", "physician", 4),
    ("ICU", "nurse", 14),
    ("CARD", "physician", 3),
    ("CARD", "nurse", 3),
    ("EYE", "physician", 2),
    ("EYE", "nurse", 2),
    ("PSY", "psychiatrist", 2),
    ("PSY", "psychotherapist", 3),
    ("PSY", "nurse", 4),
    ("LAB", "laboratory technician", 6),
    ("LAB", "pathology", 1),
    ("IMG", "radiographer", 5),
    ("IMG", "radiologist", 2),
    ("PHA", "pharmacist", 3),
    ("HIM", "HIM", 4),
    ("HIM", "coding", 3),
    ("HIM", "billing", 2),
];
const OFFICES: [(&str, &str, usize); 3] = [("REG", "registration", 4), ("IT", "IT", 3), ("RES", "researcher", 2)];

/// How the encounters of a unit are called, and to which department it belongs.
pub(crate) fn kind_and_department(unit: &str) -> (&'static str, &'static str) {
    match unit {
        "ED" => ("emergency", "Emergency"),
        "W1" | "W5" => ("inpatient", "Internal Medicine"),
        "W2" | "OR" => ("inpatient", "Surgery"),
        "ICU" => ("inpatient", "Intensive Care"),
        "CARD" => ("outpatient", "Cardiology"),
        "EYE" => ("outpatient", "Ophthalmology"),
        "PSY" => ("inpatient", "Psychiatry"),
        "LAB" => ("outpatient", "Laboratory"),
        "IMG" => ("outpatient", "Imaging"),
        "PHA" => ("outpatient", "Pharmacy"),
        "HIM" => ("outpatient", "Health Information"),
        "REG" => ("outpatient", "Registration"),
        "IT" => ("outpatient", "IT"),
        "RES" => ("outpatient", "Research"),
        _ => panic!("no unit {unit}"),
    }
}

/// Everybody, with a home in town and the first of each role and unit as manager of the others.
pub(crate) fn hire(hospital: &mut Hospital) {
    let mut surnames = SURNAMES.split_whitespace();
    for (unit, role, count) in POSTS.iter().chain(&OFFICES) {
        let mut manager = String::new();
        for _ in 0..*count {
            let surname = surnames.next().expect("a surname for everybody");
            let user = hire_one(hospital, surname, role, unit, &manager);
            if manager.is_empty() {
                manager = user;
            }
        }
    }
}

/// One more member of staff; the user name is the surname.
pub(crate) fn hire_one(hospital: &mut Hospital, surname: &str, role: &str, unit: &str, manager: &str) -> String {
    let number = i64::try_from(hospital.staff.len()).unwrap() + 1;
    let key = hospital.key();
    let user = surname.to_lowercase();
    let pick = |salt: i64, of: usize| usize::try_from(mix(&[number, salt])).unwrap() % of;
    hospital.staff.push(Staff {
        key,
        user: user.clone(),
        person: format!("M{:06}", 100_000 + number * 11),
        surname: surname.into(),
        given: GIVEN[pick(2, GIVEN.len())].into(),
        born: date(-9_500 - mix(&[number, 3]) % 13_000),
        home: home(STREETS[pick(4, STREETS.len())], &(1 + pick(5, 90)).to_string(), "79098"),
        phone: format!("+49 761 {:06}", 200_000 + number * 17),
        role: role.into(),
        department: kind_and_department(unit).1.into(),
        unit: unit.into(),
        manager: manager.into(),
        from: date(-400 - mix(&[number, 6]) % 6_000),
        to: String::new(),
    });
    user
}
