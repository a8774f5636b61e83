//! What a file holds, where it lies in the image.

use alloc::{borrow::Cow, vec::Vec};
use core::cmp::Ordering;

/// What a file of a drive holds: one or several stretches of the image. Equal ones lie in the same place; the same bytes in
/// another place are another content.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Content<'i> {
    /// None is empty.
    extents: Vec<Extent<'i>>,
}

impl<'i> Content<'i> {
    /// In bytes.
    pub fn size(&self) -> u64 {
        self.extents.iter().map(|extent| extent.bytes.len() as u64).fold(0, u64::saturating_add)
    }

    /// The stretches of the image that make up the file, in its order.
    pub fn parts(&self) -> impl Iterator<Item = &'i [u8]> {
        self.extents.iter().map(|extent| extent.bytes)
    }

    /// All bytes; they are copied where the file lies in several stretches.
    pub fn bytes(&self) -> Cow<'i, [u8]> {
        match self.extents.as_slice() {
            [] => Cow::Borrowed(&[]),
            [extent] => Cow::Borrowed(extent.bytes),
            _ => Cow::Owned(self.parts().collect::<Vec<_>>().concat()),
        }
    }

    pub(super) fn extents(&self) -> &[Extent<'i>] {
        &self.extents
    }

    /// Appends a stretch of the image.
    pub(super) fn push(&mut self, offset: usize, bytes: &'i [u8]) {
        if !bytes.is_empty() {
            self.extents.push(Extent { offset, bytes });
        }
    }
}

/// A stretch of the image.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'i> {
    /// In the image, in bytes.
    pub offset: usize,
    pub bytes: &'i [u8],
}

impl Extent<'_> {
    pub fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }

    /// By place, not by bytes: comparing is cheap however large the files are.
    fn place(&self) -> (usize, usize) {
        (self.offset, self.bytes.len())
    }
}

impl PartialEq for Extent<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Extent<'_> {}

impl Ord for Extent<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Extent<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn content<'i>(extents: &[(usize, &'i [u8])]) -> Content<'i> {
        let mut content = Content::default();
        extents.iter().for_each(|&(offset, bytes)| content.push(offset, bytes));
        content
    }

    #[test]
    fn bytes_are_copied_where_a_file_lies_in_several_stretches() {
        assert!(matches!(content(&[]).bytes(), Cow::Borrowed([])));
        assert!(matches!(content(&[(5, b"abc")]).bytes(), Cow::Borrowed(b"abc")));
        let two = content(&[(5, b"abc"), (9, b""), (1, b"de")]);
        assert!(matches!(two.bytes(), Cow::Owned(bytes) if bytes == b"abcde"));
        assert_eq!((two.size(), two.parts().collect::<Vec<_>>()), (5, vec![&b"abc"[..], b"de"]));
    }

    #[test]
    fn contents_are_one_where_they_lie_in_one_place() {
        let [a, b, longer] = [(5, &b"abc"[..]), (6, b"abc"), (5, b"abcd")];
        for (one, other, order) in [
            (&[a][..], &[a][..], Ordering::Equal),
            (&[a], &[b], Ordering::Less),
            (&[b], &[longer], Ordering::Greater),
            (&[a], &[longer], Ordering::Less),
            (&[a, b], &[a, b], Ordering::Equal),
            (&[a, b], &[b, a], Ordering::Less),
            (&[], &[a], Ordering::Less),
        ] {
            let (one, other) = (content(one), content(other));
            assert_eq!((one.cmp(&other), one.partial_cmp(&other)), (order, Some(order)), "{one:?} {other:?}");
            assert_eq!(one == other, order.is_eq(), "{one:?} {other:?}");
        }
    }
}
