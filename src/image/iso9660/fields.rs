//! Numbers and dates in the fields of descriptors and records (ECMA-119, 7 and 8.4.26).

use super::super::{ImageError, calendar::DateTime};

/// A 16-bit number in both byte orders, little-endian first (ECMA-119, 7.2.3).
#[derive(Clone, Copy)]
pub struct Both16(pub u16);

impl Both16 {
    pub fn bytes(self) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.0.to_le_bytes(), self.0.to_be_bytes());
        [a, b, c, d]
    }
}

/// A 32-bit number in both byte orders, little-endian first (ECMA-119, 7.3.3).
#[derive(Clone, Copy)]
pub struct Both32(pub u32);

impl Both32 {
    pub fn bytes(self) -> [u8; 8] {
        let ([a, b, c, d], [e, f, g, h]) = (self.0.to_le_bytes(), self.0.to_be_bytes());
        [a, b, c, d, e, f, g, h]
    }
}

/// A UTC date between 1970 and 2155, which every date field can represent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Date(DateTime);

impl Date {
    pub fn new(source_date_epoch: u64) -> Result<Self, ImageError> {
        Ok(Self(DateTime::new(source_date_epoch, 0..=MAX_SOURCE_DATE_EPOCH)?))
    }

    /// Returns the form in directory records and Rock Ridge (ECMA-119, 9.1.5).
    pub fn short(self) -> [u8; 7] {
        let DateTime { year, month, day, hour, minute, second } = self.0;
        [(year - 1900) as u8, month, day, hour, minute, second, 0]
    }

    /// Returns the form in volume descriptors (ECMA-119, 8.4.26.1): digits, the last two for hundredths of a second, and the offset
    /// from Greenwich Mean Time.
    pub fn long(self) -> [u8; 17] {
        let DateTime { year, month, day, hour, minute, second } = self.0;
        let mut field = [b'0'; 17];
        let numbers = [(year / 100) as u8, (year % 100) as u8, month, day, hour, minute, second];
        for (digits, number) in field.chunks_exact_mut(2).zip(numbers) {
            digits.copy_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
        }
        field[16] = 0;
        field
    }
}

/// "Not specified" (ECMA-119, 8.4.26.1).
pub const NO_DATE: [u8; 17] = *b"0000000000000000\0";

/// 2155-12-31T23:59:59Z, the last date that a directory record can represent (ECMA-119, 9.1.5).
const MAX_SOURCE_DATE_EPOCH: u64 = 5_869_583_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_two_forms() {
        for (epoch, text) in [
            (0, b"1970010100000000\0"),
            (315_532_800, b"1980010100000000\0"),
            (951_782_399, b"2000022823595900\0"),
            (951_782_400, b"2000022900000000\0"),
            (951_868_800, b"2000030100000000\0"),
            (4_107_542_400, b"2100030100000000\0"),
            (MAX_SOURCE_DATE_EPOCH, b"2155123123595900\0"),
        ] {
            assert_eq!(&Date::new(epoch).unwrap().long(), text);
        }
        assert_eq!(Date::new(MAX_SOURCE_DATE_EPOCH).unwrap().short(), [255, 12, 31, 23, 59, 59, 0]);
    }

    #[test]
    fn a_date_after_2155_is_refused() {
        let (source_date_epoch, range) = (MAX_SOURCE_DATE_EPOCH + 1, 0..=MAX_SOURCE_DATE_EPOCH);
        assert_eq!(Date::new(source_date_epoch), Err(ImageError::Date { source_date_epoch, range }));
        assert!(Date::new(u64::MAX).is_err());
    }
}
