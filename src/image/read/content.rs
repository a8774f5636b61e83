//! The content of a file, as extents of the image.

use alloc::{borrow::Cow, vec::Vec};
use core::cmp::Ordering;

/// The content of a file on a drive: any number of extents of the image. Contents are equal if their extents are in the same
/// places; the same bytes elsewhere are different content.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Content<'i> {
    /// The extents in the file's order; none of them is empty.
    extents: Vec<Extent<'i>>,
}

impl<'i> Content<'i> {
    /// Returns the size of the file, in bytes.
    pub fn size(&self) -> u64 {
        self.extents.iter().map(|extent| extent.bytes.len() as u64).fold(0, u64::saturating_add)
    }

    /// Returns the extents' bytes in the file's order.
    pub fn parts(&self) -> impl Iterator<Item = &'i [u8]> {
        self.extents.iter().map(|extent| extent.bytes)
    }

    /// Returns all bytes, copied if the file has several extents.
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

    /// Appends an extent.
    pub(super) fn push(&mut self, offset: usize, bytes: &'i [u8]) {
        if !bytes.is_empty() {
            self.extents.push(Extent { offset, bytes });
        }
    }
}

/// Consecutive bytes of the image.
#[derive(Clone, Copy, Debug)]
pub struct Extent<'i> {
    /// Offset in the image, in bytes.
    pub offset: usize,
    pub bytes: &'i [u8],
}

impl Extent<'_> {
    pub fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }

    /// Returns the place, which identifies an extent: comparing bytes would be slow for large files.
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
    fn bytes_are_copied_only_from_several_extents() {
        assert!(matches!(content(&[]).bytes(), Cow::Borrowed([])));
        assert!(matches!(content(&[(5, b"abc")]).bytes(), Cow::Borrowed(b"abc")));
        let two = content(&[(5, b"abc"), (9, b""), (1, b"de")]);
        assert!(matches!(two.bytes(), Cow::Owned(bytes) if bytes == b"abcde"));
        assert_eq!((two.size(), two.parts().collect::<Vec<_>>()), (5, vec![&b"abc"[..], b"de"]));
    }

    #[test]
    fn contents_are_equal_if_they_are_in_the_same_place() {
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
