//! Layers: which room may know which. Arrows point strictly down; rooms of one layer do not know each other.

use super::Problem;
use super::metadata::{Dependency, Metadata, Package};
use super::tree::File;

/// The rooms, lowest layer first.
const LAYERS: [&[&str]; 8] = [
    &["model"],
    &["stats", "seal", "decode", "policy"],
    &["normalize", "rules", "learn", "privacy", "sim", "intel", "risk", "comply", "exchange"],
    &["detect", "incident", "respond"],
    &["store"],
    &["collect", "act", "api", "swarm", "guard"],
    &["node"],
    &["cordon"],
];

/// Rooms that only serve development: they may know every room, and only tests may know them.
const DEVELOPMENT: [&str; 2] = ["testkit", "xtask"];

/// Packages that only one room may name in what it ships, and the room.
const GUARDED: [(&str, &str); 4] = [("argon2", "seal"), ("hmac", "seal"), ("ring", "seal"), ("sha2", "seal")];

/// The first layer that may touch the world: files, clock, environment, network, randomness.
const LAYER_WITH_WORLD: usize = 4;

/// Where a package stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Layer(usize),
    Development,
}

/// Whether a room may touch neither files nor clock nor environment nor network nor randomness.
pub(super) fn is_pure(room: &str) -> bool {
    matches!(place(room), Some(Place::Layer(layer)) if layer < LAYER_WITH_WORLD)
}

/// Every arrow of every manifest of the workspace.
pub(super) fn check(metadata: &Metadata, files: &[File]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in metadata.members() {
        let manifest = metadata.manifest(package);
        let text = files.iter().find(|file| file.path == manifest).map_or("", |file| &file.text);
        for (dependency, sentence) in faults(package) {
            problems.push(Problem::new(manifest, line_of(text, dependency), sentence));
        }
    }
    problems
}

/// What is wrong with a package, and the name of the dependency it is about.
fn faults(package: &Package) -> Vec<(&str, String)> {
    let room = room(&package.name);
    let Some(from) = place(room) else {
        return vec![(
            "name",
            format!("room {room} is in no layer: add it to DESIGN's list in xtask/src/tidy/layers.rs"),
        )];
    };
    let fault = |dependency: &Dependency| {
        if is_ours(&dependency.name) {
            arrow_fault(room, from, dependency)
        } else {
            guard_fault(room, from, dependency)
        }
    };
    let dependencies = package.dependencies.iter();
    dependencies.filter_map(|dependency| Some((dependency.name.as_str(), fault(dependency)?))).collect()
}

fn guard_fault(room: &str, from: Place, dependency: &Dependency) -> Option<String> {
    let (name, keeper) = GUARDED.iter().find(|(name, _)| *name == dependency.name)?;
    let may = room == *keeper || from == Place::Development || dependency.kind.as_deref() == Some("dev");
    (!may).then(|| format!("{room} uses {name}: only room {keeper} may"))
}

fn arrow_fault(room: &str, from: Place, dependency: &Dependency) -> Option<String> {
    let other = self::room(&dependency.name);
    let is_dev = dependency.kind.as_deref() == Some("dev");
    match (from, place(other)) {
        (_, None) => Some(format!("room {other} is in no layer")),
        (Place::Development, Some(_)) => None,
        (Place::Layer(_), Some(Place::Development)) if is_dev => None,
        (Place::Layer(_), Some(Place::Development)) => {
            Some(format!("{room} uses {other} outside its tests: make it a dev-dependency"))
        }
        (Place::Layer(from), Some(Place::Layer(to))) if to < from => None,
        (Place::Layer(from), Some(Place::Layer(to))) => {
            Some(format!("{room} (layer {from}) may not know {other} (layer {to}): arrows point strictly down"))
        }
    }
}

/// `cordon-rules` is room `rules`; the binary `cordon` is a room of its own name.
fn room(package: &str) -> &str {
    package.strip_prefix("cordon-").unwrap_or(package)
}

fn is_ours(package: &str) -> bool {
    package == "cordon" || package == "xtask" || package.starts_with("cordon-")
}

fn place(room: &str) -> Option<Place> {
    if DEVELOPMENT.contains(&room) {
        return Some(Place::Development);
    }
    LAYERS.iter().position(|rooms| rooms.contains(&room)).map(Place::Layer)
}

/// The line of a manifest that starts with `key`.
fn line_of(manifest: &str, key: &str) -> usize {
    manifest.lines().position(|line| line.starts_with(key)).map_or(1, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_arrow(from: &str, to: &str, kind: Option<&str>, expect: &str) {
        let dependency = Dependency { name: to.to_owned(), kind: kind.map(str::to_owned) };
        let package = Package {
            id: "1".to_owned(),
            name: from.to_owned(),
            manifest_path: "/r/crates/a/Cargo.toml".to_owned(),
            dependencies: vec![Dependency { name: "memchr".to_owned(), kind: None }, dependency],
            ..Package::default()
        };
        let metadata = Metadata {
            packages: vec![package],
            workspace_members: vec!["1".to_owned()],
            workspace_root: "/r".to_owned(),
        };
        let manifest = File::new("crates/a/Cargo.toml", &format!("[package]\nname = \"a\"\n{to}.workspace = true\n"));
        let seen: Vec<String> = check(&metadata, &[manifest]).iter().map(ToString::to_string).collect();
        assert_eq!(seen.join("\n"), expect);
    }

    #[test]
    fn arrows_point_strictly_down() {
        check_arrow("cordon-detect", "cordon-rules", None, "");
        check_arrow("cordon", "cordon-model", None, "");
        check_arrow(
            "cordon-decode",
            "cordon-rules",
            None,
            "crates/a/Cargo.toml:3: decode (layer 1) may not know rules (layer 2): arrows point strictly down",
        );
        check_arrow(
            "cordon-rules",
            "cordon-normalize",
            Some("dev"),
            "crates/a/Cargo.toml:3: rules (layer 2) may not know normalize (layer 2): arrows point strictly down",
        );
    }

    #[test]
    fn only_tests_know_the_rooms_of_development() {
        check_arrow("cordon-rules", "cordon-testkit", Some("dev"), "");
        check_arrow("cordon-testkit", "cordon-rules", None, "");
        check_arrow(
            "cordon-rules",
            "cordon-testkit",
            None,
            "crates/a/Cargo.toml:3: rules uses testkit outside its tests: make it a dev-dependency",
        );
    }

    #[test]
    fn only_the_room_of_cryptography_names_a_primitive() {
        check_arrow("cordon-seal", "sha2", None, "");
        check_arrow("cordon-node", "hmac", Some("dev"), "");
        check_arrow("cordon-node", "hmac", None, "crates/a/Cargo.toml:3: node uses hmac: only room seal may");
    }

    #[test]
    fn a_room_in_no_layer_is_refused() {
        check_arrow(
            "cordon-attic",
            "cordon-model",
            None,
            "crates/a/Cargo.toml:2: room attic is in no layer: add it to DESIGN's list in xtask/src/tidy/layers.rs",
        );
        check_arrow("cordon-node", "cordon-attic", None, "crates/a/Cargo.toml:3: room attic is in no layer");
    }

    #[test]
    fn rooms_below_the_store_are_pure() {
        assert!(is_pure("model") && is_pure("detect"));
        assert!(!is_pure("store") && !is_pure("collect") && !is_pure("testkit") && !is_pure("attic"));
    }
}
