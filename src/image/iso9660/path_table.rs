//! Path tables: all directories by number, for readers that do not walk the hierarchy.

use alloc::vec::Vec;

/// Path table record (ECMA-119, 9.4).
pub struct PathTableRecord<'r> {
    pub extent_location: u32,
    pub parent_directory_number: u16,
    pub directory_identifier: &'r [u8],
}

impl PathTableRecord<'_> {
    /// Writes the record as in a type L or a type M path table (ECMA-119, 6.9.2).
    pub fn write(&self, byte_order: ByteOrder, out: &mut Vec<u8>) {
        let (location, parent) = match byte_order {
            ByteOrder::L => (self.extent_location.to_le_bytes(), self.parent_directory_number.to_le_bytes()),
            ByteOrder::M => (self.extent_location.to_be_bytes(), self.parent_directory_number.to_be_bytes()),
        };
        // The identifier's length fits, because `directory_record` asserts that it fits a longer record.
        out.push(self.directory_identifier.len() as u8);
        out.push(0); // extended attribute record length
        out.extend(location);
        out.extend(parent);
        out.extend(self.directory_identifier);
        out.extend((self.directory_identifier.len() % 2 == 1).then_some(0));
    }
}

/// Returns the length of a record, in bytes.
pub const fn length(identifier: usize) -> usize {
    8 + identifier.next_multiple_of(2)
}

/// Little-endian (type L) or big-endian (type M).
#[derive(Clone, Copy)]
pub enum ByteOrder {
    L,
    M,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_padded_to_an_even_length() {
        let record =
            PathTableRecord { extent_location: 0x0102, parent_directory_number: 3, directory_identifier: b"abc" };
        let (mut l, mut m) = (Vec::new(), Vec::new());
        record.write(ByteOrder::L, &mut l);
        record.write(ByteOrder::M, &mut m);
        assert_eq!(l, b"\x03\0\x02\x01\0\0\x03\0abc\0");
        assert_eq!(m, b"\x03\0\0\0\x01\x02\0\x03abc\0");
        assert_eq!(l.len(), length(3));
    }
}
