//! Places in an OCSF event: `process.file.path`, `answers[+].rdata` (a new element of the list), `evidences[].data` (its last).

use cordon_model::{Arena, Node, Object};

/// How an attribute holds its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Many {
    One,
    Last,
    New,
}

/// One name of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: &'static str,
    many: Many,
}

/// A place.
pub(super) type Path = Vec<Step>;

/// Reads a place.
pub(super) fn path(text: &'static str) -> Path {
    let step = |part: &'static str| match (part.strip_suffix("[+]"), part.strip_suffix("[]")) {
        (Some(name), _) => Step { name, many: Many::New },
        (None, Some(name)) => Step { name, many: Many::Last },
        (None, None) => Step { name: part, many: Many::One },
    };
    text.split('.').map(step).collect()
}

/// The step to the attribute beside another.
pub(super) const fn sibling(of: &Step, name: &'static str) -> Step {
    Step { name, many: of.many }
}

/// Puts a value; says whether it was put. What stands at a single place stays.
pub(super) fn put<'a>(object: &mut Object<'a>, path: &[Step], node: Node<'a>, arena: &'a Arena) -> bool {
    let Some((step, rest)) = path.split_first() else { return false };
    if rest.is_empty() && step.many == Many::One {
        return object.put(step.name, node);
    }
    let empty = || match step.many {
        Many::One => Node::Object(Object::new_in(arena)),
        _ => Node::List(bumpalo::collections::Vec::new_in(arena)),
    };
    match object.entry(step.name, empty) {
        Some(Node::Object(inner)) => put(inner, rest, node, arena),
        Some(Node::List(items)) if rest.is_empty() => {
            items.push(node);
            true
        }
        Some(Node::List(items)) => {
            if items.is_empty() || step.many == Many::New {
                items.push(Node::Object(Object::new_in(arena)));
            }
            match items.last_mut() {
                Some(Node::Object(inner)) => put(inner, rest, node, arena),
                _ => false,
            }
        }
        _ => false,
    }
}

/// The object at a place, made where it is not there yet; `None` where something else stands.
pub(super) fn object_at<'o, 'a>(
    object: &'o mut Object<'a>,
    path: &[Step],
    arena: &'a Arena,
) -> Option<&'o mut Object<'a>> {
    let Some((step, rest)) = path.split_first() else { return Some(object) };
    let empty = || match step.many {
        Many::One => Node::Object(Object::new_in(arena)),
        _ => Node::List(bumpalo::collections::Vec::new_in(arena)),
    };
    match object.entry(step.name, empty)? {
        Node::Object(inner) => object_at(inner, rest, arena),
        Node::List(items) => {
            if items.is_empty() || step.many == Many::New {
                items.push(Node::Object(Object::new_in(arena)));
            }
            match items.last_mut()? {
                Node::Object(inner) => object_at(inner, rest, arena),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_where_the_path_says() {
        let arena = Arena::new();
        let mut object = Object::new_in(&arena);
        for (place, text) in [
            ("a.b", "1"),
            ("a.b", "2"),
            ("l[+].x", "3"),
            ("l[].y", "4"),
            ("l[+].x", "5"),
            ("t[]", "6"),
            ("t[]", "7"),
            ("a.b.c", "8"),
        ] {
            put(&mut object, &path(place), Node::Text(text), &arena);
        }
        let mut out = Vec::new();
        object.write_json(&mut out);
        let expect = r#"{"a":{"b":"1"},"l":[{"x":"3","y":"4"},{"x":"5"}],"t":["6","7"]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}
