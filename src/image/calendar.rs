//! Converts seconds since 1970 to calendar dates.

use core::ops::RangeInclusive;

use super::ImageError;

/// A date and time in UTC, to the second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DateTime {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

impl DateTime {
    /// Returns the date `source_date_epoch` seconds after 1970-01-01T00:00:00Z, if it is in the `range` of the format.
    pub fn new(source_date_epoch: u64, range: RangeInclusive<u64>) -> Result<Self, ImageError> {
        if !range.contains(&source_date_epoch) {
            return Err(ImageError::Date { source_date_epoch, range });
        }
        let (days, seconds) = (source_date_epoch / 86_400, source_date_epoch % 86_400);
        // Counted from 1600-03-01: if years start on March 1, a leap day is the last day of its year, and every five months have
        // 153 days.
        let days = days + DAYS_FROM_1600_03_01_TO_1970;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_since_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
        let month = if months_since_march < 10 { months_since_march + 3 } else { months_since_march - 9 };
        let year = 1600 + 400 * era + year_of_era + u64::from(month <= 2);
        // No format goes beyond the year 2155, so the casts lose nothing.
        Ok(Self {
            year: year as u16,
            month: month as u8,
            day: day as u8,
            hour: (seconds / 3_600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
        })
    }
}

const DAYS_FROM_1600_03_01_TO_1970: u64 = 135_080;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_follows_the_one_before() {
        let days = (1970..=2155_u16).flat_map(|year| {
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let lengths = [31, if is_leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            (1..).zip(lengths).flat_map(move |(month, length)| (1..=length).map(move |day| (year, month, day)))
        });
        for (number, (year, month, day)) in (0..).zip(days) {
            let of_day = number * 7919 % 86_400;
            let [hour, minute, second] = [of_day / 3600, of_day % 3600 / 60, of_day % 60].map(|part| part as u8);
            let found = DateTime::new(number * 86_400 + of_day, 0..=u64::MAX);
            assert_eq!(found, Ok(DateTime { year, month, day, hour, minute, second }));
        }
    }

    #[test]
    fn a_date_outside_the_range_is_refused() {
        let range = 10..=20;
        for source_date_epoch in [9, 21] {
            let error = ImageError::Date { source_date_epoch, range: range.clone() };
            assert_eq!(DateTime::new(source_date_epoch, range.clone()), Err(error));
        }
        assert!([10, 20].into_iter().all(|epoch| DateTime::new(epoch, range.clone()).is_ok()));
    }
}
