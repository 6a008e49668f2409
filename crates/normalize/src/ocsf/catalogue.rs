//! What of OCSF events are made of: classes with their activities, which attribute holds which object, and what must never be missing.

use std::collections::BTreeMap;

use cordon_model::{Arena, Node, Object};
use rustc_hash::FxHashMap;

use super::rows::{lines, rows};

/// Objects within objects that are completed; OCSF nests no deeper in what the maps fill.
const DEPTH_MAX: usize = 12;

/// One event class.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) uid: i64,
    pub(super) caption: &'static str,
    pub(super) category_uid: i64,
    pub(super) category: &'static str,
    /// Name of the extension that defines it; empty for OCSF's own.
    pub(super) extension: &'static str,
    activities: BTreeMap<i64, &'static str>,
    /// Attributes that it has through a profile, and the profile.
    profiles: Vec<(&'static str, &'static str)>,
}

impl Class {
    /// Caption of an activity.
    pub(super) fn activity(&self, id: i64) -> &'static str {
        self.activities.get(&id).copied().unwrap_or("Unknown")
    }

    /// The profiles that the attributes of `event` come from, each once.
    pub(super) fn profiles_of(&self, event: &Object<'_>) -> Vec<&'static str> {
        let mut found: Vec<&'static str> = Vec::new();
        for (attribute, profile) in &self.profiles {
            if event.get(attribute).is_some() && !found.contains(profile) {
                found.push(profile);
            }
        }
        found
    }
}

/// One thing that must not be missing: when none of `any` is there, `put` is.
#[derive(Debug)]
struct Fill {
    any: Vec<&'static str>,
    put: &'static str,
    what: &'static str,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Catalogue {
    classes: BTreeMap<&'static str, Class>,
    objects: FxHashMap<&'static str, &'static str>,
    fills: FxHashMap<&'static str, Vec<Fill>>,
}

impl Catalogue {
    /// `class_uid` of every class.
    pub(super) fn uids(&self) -> impl Iterator<Item = i64> {
        self.classes.values().map(|class| class.uid)
    }

    /// Reads the tables.
    pub(super) fn read() -> Self {
        let mut catalogue =
            Self { classes: BTreeMap::new(), objects: FxHashMap::default(), fills: FxHashMap::default() };
        for line in lines(include_str!("../../data/ocsf/catalogue.tsv")) {
            catalogue.line(&line.split('\t').collect::<Vec<_>>());
        }
        for [of, any, put, what] in rows::<4>(include_str!("../../data/ocsf/fills.tsv")) {
            let any = any.split('|').collect();
            catalogue.fills.entry(of).or_default().push(Fill { any, put, what });
        }
        catalogue
    }

    fn line(&mut self, columns: &[&'static str]) {
        let number = |text: &str| text.parse().unwrap_or_default();
        match columns {
            ["class", name, uid, caption, category_uid, category, extension] => {
                let class = self.class_mut(name);
                class.uid = number(uid);
                class.caption = caption;
                class.category_uid = number(category_uid);
                class.category = category;
                class.extension = if *extension == "-" { "" } else { extension };
            }
            ["activity", class, id, caption] => {
                self.class_mut(class).activities.insert(number(id), caption);
            }
            ["object", attribute, object] => {
                self.objects.insert(attribute, object);
            }
            ["profile", class, attribute, profile] => self.class_mut(class).profiles.push((attribute, profile)),
            _ => {}
        }
    }

    fn class_mut(&mut self, name: &'static str) -> &mut Class {
        self.classes.entry(name).or_insert_with(|| Class { name, ..Class::default() })
    }

    /// A class by its name.
    pub(super) fn class(&self, name: &str) -> Option<&Class> {
        self.classes.get(name)
    }

    /// Puts what an object or class of kind `kind` must not lack: enumerations as 0, names that the source does not state as `Unknown`.
    pub(super) fn complete<'a>(&self, kind: &str, object: &mut Object<'a>, arena: &'a Arena) {
        self.complete_at(kind, object, arena, DEPTH_MAX);
    }

    fn complete_at<'a>(&self, kind: &str, object: &mut Object<'a>, arena: &'a Arena, depth: usize) {
        for fill in self.fills.get(kind).into_iter().flatten() {
            if fill.any.iter().all(|name| object.get(name).is_none()) {
                object.push(fill.put, filling(fill.what, arena));
            }
        }
        let Some(depth) = depth.checked_sub(1) else { return };
        for (name, node) in object.members_mut() {
            if !matches!(node, Node::Object(_) | Node::List(_)) {
                continue;
            }
            let Some(kind) = self.objects.get(name) else { continue };
            self.complete_node(kind, node, arena, depth);
        }
    }

    fn complete_node<'a>(&self, kind: &str, node: &mut Node<'a>, arena: &'a Arena, depth: usize) {
        match node {
            Node::Object(inner) => self.complete_at(kind, inner, arena, depth),
            Node::List(items) => items.iter_mut().for_each(|item| self.complete_node(kind, item, arena, depth)),
            _ => {}
        }
    }
}

fn filling<'a>(what: &'static str, arena: &'a Arena) -> Node<'a> {
    match what {
        "{}" => Node::Object(Object::new_in(arena)),
        "[0]" => Node::List(bumpalo::vec![in arena; Node::Integer(0)]),
        _ => what.parse().map_or(Node::Text(what), Node::Integer),
    }
}
