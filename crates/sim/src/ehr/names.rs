//! Invented names of people, streets and towns. Common ones are far more common than rare ones, as in life.

/// First halves of surnames; some stand alone.
const SURNAME_ROOTS: [&str; 56] = [
    "Berg", "Lind", "Hart", "Stein", "Wald", "Brand", "Holz", "Kell", "Mar", "Nord", "Ost", "Roth", "Sand", "Tal",
    "Ul", "Vogt", "Wer", "Zim", "Alt", "Bach", "Dorn", "Eber", "Fried", "Gold", "Hof", "Jan", "Klein", "Lang", "Mont",
    "Neu", "Ober", "Petr", "Quand", "Reich", "Schön", "Tann", "Unter", "Vald", "Win", "Ziel", "Kowal", "Novak", "Ferr",
    "Ross", "Garc", "Lop", "Yild", "Dem", "Ivan", "Horv", "Tóth", "Silv", "Nguy", "Andr", "Han", "Jür",
];
/// Second halves.
const SURNAME_ENDS: [&str; 24] = [
    "er", "mann", "", "sen", "feld", "ski", "inger", "bauer", "son", "hoff", "en", "meister", "ic", "ert", "gren",
    "ini", "as", "ow", "stad", "ez", "am", "holm", "ek", "dahl",
];
const GIVEN: [&str; 96] = [
    "Anna",
    "Maria",
    "Thomas",
    "Michael",
    "Julia",
    "Peter",
    "Laura",
    "Daniel",
    "Sarah",
    "Martin",
    "Eva",
    "Paul",
    "Lena",
    "Jan",
    "Sofia",
    "David",
    "Emma",
    "Lukas",
    "Nina",
    "Felix",
    "Clara",
    "Jonas",
    "Ida",
    "Simon",
    "Marta",
    "Max",
    "Hanna",
    "Leo",
    "Elena",
    "Tim",
    "Mia",
    "Karl",
    "Rosa",
    "Erik",
    "Vera",
    "Oskar",
    "Alma",
    "Viktor",
    "Greta",
    "Anton",
    "Frieda",
    "Emil",
    "Helga",
    "Walter",
    "Ingrid",
    "Horst",
    "Ursula",
    "Werner",
    "Gisela",
    "Heinz",
    "Renate",
    "Dieter",
    "Monika",
    "Klaus",
    "Sabine",
    "Uwe",
    "Petra",
    "Frank",
    "Claudia",
    "Ralf",
    "Andrea",
    "Jörg",
    "Birgit",
    "Stefan",
    "Silke",
    "Oliver",
    "Tanja",
    "Marco",
    "Carla",
    "Luca",
    "Chiara",
    "Pablo",
    "Lucía",
    "Diego",
    "Carmen",
    "Mehmet",
    "Ayşe",
    "Emre",
    "Zeynep",
    "Ivan",
    "Olga",
    "Piotr",
    "Agnieszka",
    "Tomasz",
    "Katarzyna",
    "Milan",
    "Jana",
    "Nguyet",
    "Minh",
    "Ahmed",
    "Fatima",
    "Omar",
    "Layla",
    "Noah",
    "Zoë",
    "Finn",
];
const STREET_ROOTS: [&str; 44] = [
    "Linden",
    "Garden",
    "Station",
    "School",
    "Church",
    "Mill",
    "Castle",
    "River",
    "Forest",
    "Meadow",
    "Market",
    "Bridge",
    "Hill",
    "Lake",
    "Stone",
    "Rose",
    "Birch",
    "Oak",
    "Maple",
    "Cherry",
    "Harbour",
    "Tower",
    "Vine",
    "Field",
    "Spring",
    "Summer",
    "Brook",
    "Abbey",
    "Baker",
    "Weaver",
    "Cooper",
    "Miller",
    "Goethe",
    "Schiller",
    "Mozart",
    "Beethoven",
    "Curie",
    "Kepler",
    "Humboldt",
    "Virchow",
    "Koch",
    "Pasteur",
    "Fleming",
    "Jenner",
];
const STREET_KINDS: [&str; 6] = ["Street", "Road", "Lane", "Avenue", "Way", "Square"];
const TOWNS: [&str; 16] = [
    "Seehafen",
    "Altbruck",
    "Neumarkt",
    "Weidental",
    "Kaltenau",
    "Rosenfeld",
    "Steinach",
    "Obertal",
    "Lindenau",
    "Birkenau",
    "Falkenried",
    "Grünau",
    "Hochwald",
    "Moorbach",
    "Westerau",
    "Zellbach",
];

/// How many surnames there are.
pub(crate) const SURNAMES: usize = SURNAME_ROOTS.len() * SURNAME_ENDS.len();
/// How many given names there are.
pub(crate) const GIVEN_NAMES: usize = GIVEN.len();

/// Surname `n`; neighbours in number share no root.
pub(crate) fn surname(n: u32) -> (&'static str, &'static str) {
    let n = n as usize % SURNAMES;
    let root = SURNAME_ROOTS.get(n % SURNAME_ROOTS.len()).copied().unwrap_or("Berg");
    (root, SURNAME_ENDS.get(n / SURNAME_ROOTS.len()).copied().unwrap_or(""))
}

/// Given name `n`.
pub(crate) fn given(n: u32) -> &'static str {
    GIVEN.get(n as usize % GIVEN.len()).copied().unwrap_or("Anna")
}

/// The name of street `n`; beyond the number of names they repeat in other towns.
pub(crate) fn street(n: u32) -> (&'static str, &'static str) {
    let n = n as usize;
    let root = STREET_ROOTS.get(n % STREET_ROOTS.len()).copied().unwrap_or("Linden");
    (root, STREET_KINDS.get(n / STREET_ROOTS.len() % STREET_KINDS.len()).copied().unwrap_or("Street"))
}

/// The town of street `n`, with its postcode.
pub(crate) fn town(n: u32) -> (&'static str, u32) {
    let names = index_of_names();
    let place = n / names;
    let town = TOWNS.get(place as usize % TOWNS.len()).copied().unwrap_or("Seehafen");
    (town, 81_000 + place * 7 % 9_000)
}

fn index_of_names() -> u32 {
    crate::rng::index(STREET_ROOTS.len() * STREET_KINDS.len())
}
