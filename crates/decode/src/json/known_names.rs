//! A quick no to the question whether a name is one of a few: most fields of most records are none of those that say what the record is.

/// A bit per mix of a name's length, first and last letter: a few hundred names set a few hundred of 4,096 bits.
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
        let (word, bit) = Self::place(name);
        self.0.get_mut(word).into_iter().for_each(|bits| *bits |= bit);
    }

    /// `false`: the name is none of those added.
    #[inline]
    pub(super) fn may_hold(&self, name: &str) -> bool {
        let (word, bit) = Self::place(name);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    #[inline]
    fn place(name: &str) -> (usize, u64) {
        let (Some(first), Some(last)) = (name.as_bytes().first(), name.as_bytes().last()) else { return (0, 1) };
        ((name.len() ^ usize::from(last << 2)) & 63, 1 << ((first ^ last >> 4) & 63))
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
