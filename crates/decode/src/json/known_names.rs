//! A quick no to the question whether a name is one of a few: most fields of most records are none of those that say what the record is.

/// By the length of a name (from 63 on as one): a bit per first letter.
#[derive(Debug)]
pub(super) struct KnownNames([u64; 64]);

impl Default for KnownNames {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl KnownNames {
    pub(super) fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut known = Self::default();
        names.into_iter().for_each(|name| known.add(name));
        known
    }

    pub(super) fn add(&mut self, name: &str) {
        let (length, letter) = Self::place(name);
        self.0.get_mut(length).into_iter().for_each(|letters| *letters |= letter);
    }

    /// `false`: the name is none of those added.
    #[inline]
    pub(super) fn may_hold(&self, name: &str) -> bool {
        let (length, letter) = Self::place(name);
        self.0.get(length).is_some_and(|letters| letters & letter != 0)
    }

    #[inline]
    fn place(name: &str) -> (usize, u64) {
        let letter = name.as_bytes().first().copied().unwrap_or_default();
        (name.len().min(63), 1 << (letter & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_added_is_never_denied() {
        let known = KnownNames::of(["Channel", "", "a rather long name of a field that nobody would give to a field"]);
        assert!(known.may_hold("Channel") && known.may_hold(""));
        assert!(known.may_hold("a rather long name of a field that nobody would give to a field"));
        assert!(!known.may_hold("Image") && !known.may_hold("Ch"));
    }
}
