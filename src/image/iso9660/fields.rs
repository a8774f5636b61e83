//! How numbers, dates and characters are recorded in the descriptors' and records' fields (ECMA-119, 7 and 8.4.26).

use super::{super::ImageError, MAX_SOURCE_DATE_EPOCH};

/// A 16-bit number, least and most significant byte first (ECMA-119, 7.2.3).
#[derive(Clone, Copy)]
pub struct Both16(pub u16);

impl Both16 {
    pub fn bytes(self) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.0.to_le_bytes(), self.0.to_be_bytes());
        [a, b, c, d]
    }
}

/// A 32-bit number, least and most significant byte first (ECMA-119, 7.3.3).
#[derive(Clone, Copy)]
pub struct Both32(pub u32);

impl Both32 {
    pub fn bytes(self) -> [u8; 8] {
        let ([a, b, c, d], [e, f, g, h]) = (self.0.to_le_bytes(), self.0.to_be_bytes());
        [a, b, c, d, e, f, g, h]
    }
}

/// A second between 1970 and 2155 in Greenwich, which every date field can tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Date {
    years_since_1900: u8,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Date {
    pub fn new(source_date_epoch: u64) -> Result<Self, ImageError> {
        if source_date_epoch > MAX_SOURCE_DATE_EPOCH {
            return Err(ImageError::Date { source_date_epoch });
        }
        let (days, seconds) = (source_date_epoch / 86_400, source_date_epoch % 86_400);
        // Counted from 1600-03-01 a leap day is its year's last, and months have 153 days in every five.
        let days = days + DAYS_FROM_1600_03_01_TO_1970;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_since_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
        let month = if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
        let year = 1600 + 400 * era + year_of_era + u64::from(month <= 2);
        // The check above leaves 70 to 255 for the year.
        Ok(Self {
            years_since_1900: (year - 1900) as u8,
            month: month as u8,
            day: day as u8,
            hour: (seconds / 3_600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
        })
    }

    /// As directory records and Rock Ridge have it (ECMA-119, 9.1.5).
    pub fn short(self) -> [u8; 7] {
        [self.years_since_1900, self.month, self.day, self.hour, self.minute, self.second, 0]
    }

    /// As volume descriptors have it (ECMA-119, 8.4.26.1): digits, the last two hundredths of a second, and the offset
    /// from Greenwich.
    pub fn long(self) -> [u8; 17] {
        let year = 1900 + u16::from(self.years_since_1900);
        let mut field = [b'0'; 17];
        let numbers =
            [(year / 100) as u8, (year % 100) as u8, self.month, self.day, self.hour, self.minute, self.second];
        for (digits, number) in field.chunks_exact_mut(2).zip(numbers) {
            digits.copy_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
        }
        field[16] = 0;
        field
    }
}

/// "Not specified" (ECMA-119, 8.4.26.1).
pub const NO_DATE: [u8; 17] = *b"0000000000000000\0";

const DAYS_FROM_1600_03_01_TO_1970: u64 = 135_080;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_told_in_both_forms() {
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
    fn a_date_behind_2155_is_refused() {
        let source_date_epoch = MAX_SOURCE_DATE_EPOCH + 1;
        assert_eq!(Date::new(source_date_epoch), Err(ImageError::Date { source_date_epoch }));
        assert!(Date::new(u64::MAX).is_err());
    }
}
