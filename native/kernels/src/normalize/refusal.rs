use super::decimal::NoSteps;

/// Why a row is refused: index in `REFUSALS` of `operators/normalize/refusal.ts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Refusal {
    PayloadUnparsable,
    FieldMissing,
    FieldType,
    InstrumentUnknown,
    SideUnknown,
    PriceNotFinite,
    PriceNotPositive,
    PriceOffTick,
    PriceTooLarge,
    SizeNotFinite,
    SizeNotPositive,
    SizeOffLot,
    SizeTooLarge,
    TradeDuplicate,
    QuoteCrossed,
    QuoteStale,
}

impl Refusal {
    pub fn of_price(why: NoSteps) -> Self {
        match why {
            NoSteps::NotFinite => Self::PriceNotFinite,
            NoSteps::NotDecimal => Self::FieldType,
            NoSteps::NotPositive => Self::PriceNotPositive,
            NoSteps::Off => Self::PriceOffTick,
            NoSteps::TooLarge => Self::PriceTooLarge,
        }
    }

    pub fn of_size(why: NoSteps) -> Self {
        match why {
            NoSteps::NotFinite => Self::SizeNotFinite,
            NoSteps::NotDecimal => Self::FieldType,
            NoSteps::NotPositive => Self::SizeNotPositive,
            NoSteps::Off => Self::SizeOffLot,
            NoSteps::TooLarge => Self::SizeTooLarge,
        }
    }
}
