use super::params::{Instrument, Params};
use crate::column::Batch;
use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::lexicon::{Codes, Lexicon};
use crate::money::{SHARE_ONE, mul_div, units_of};

/// Why a row is refused; `operators/positions/refusal.ts` has the same order and the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Refusal {
    TsMissing,
    AccountMissing,
    SymbolMissing,
    SymbolUnknown,
    SideMissing,
    SideUnknown,
    PriceMissing,
    PriceNotFinite,
    PriceOutOfRange,
    PriceNotPositive,
    SizeMissing,
    SizeNotFinite,
    SizeNotPositive,
    SizeOffLot,
    SizeOutOfRange,
    FeeNotFinite,
    FeeOutOfRange,
    CurrencyMissing,
    CurrencyUnknown,
    AmountMissing,
    AmountNotFinite,
    AmountZero,
    AmountOutOfRange,
    PositionOutOfRange,
    TsOutOfRange,
}

/// A fill that can be one. Money is in 10^-18 of its currency.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    pub ts_ns: i64,
    pub symbol: u32,
    /// Below zero: sold.
    pub signed: i64,
    /// Thousandths of a tick.
    pub price: i64,
    /// Without sign, always positive or zero.
    pub notional: i128,
    pub fee: i128,
    pub fee_currency: usize,
}

/// Lots beyond which a Float64 size is not exact.
const MOST_LOTS: f64 = 9_007_199_254_740_992.0;
/// Thousandths of a tick beyond which a Float64 price is refused: the largest Float64 below 2^63.
const MOST_PRICE: f64 = 9_223_372_036_854_774_784.0;

/// Where the columns of port `fills` are, and what their words mean.
pub struct Fills {
    pub ts: usize,
    pub account: usize,
    symbol: usize,
    side: usize,
    price: usize,
    size: usize,
    in_ticks: bool,
    in_lots: bool,
    fee: Option<usize>,
    fee_currency: Option<usize>,
    liquidity: Option<usize>,
    symbols: Codes,
    sides: Codes,
    fee_currencies: Codes,
    liquidities: Codes,
    side_words: Lexicon,
    maker_word: Lexicon,
}

impl Fills {
    pub fn new(port: &Port) -> Result<Self, Fault> {
        let (ticks, lots) = (port.find("price_ticks"), port.find("size_lots"));
        let optional = |name: &str, kind| port.find(name).map(|_| port.column(name, kind)).transpose();
        Ok(Self {
            ts: port.column("ts_event", Kind::I64)?,
            account: port.column("account", Kind::Word)?,
            symbol: port.column("symbol", Kind::Word)?,
            side: port.column("side", Kind::Word)?,
            price: ticks.map_or_else(|| port.column("price", Kind::F64), |_| port.column("price_ticks", Kind::I64))?,
            size: lots.map_or_else(|| port.column("size", Kind::F64), |_| port.column("size_lots", Kind::I64))?,
            in_ticks: ticks.is_some(),
            in_lots: lots.is_some(),
            fee: optional("fee", Kind::F64)?,
            fee_currency: optional("fee_currency", Kind::Word)?,
            liquidity: optional("liquidity", Kind::Word)?,
            symbols: Codes::default(),
            sides: Codes::default(),
            fee_currencies: Codes::default(),
            liquidities: Codes::default(),
            side_words: Lexicon::new(["buy", "sell"]),
            maker_word: Lexicon::new(["maker"]),
        })
    }

    /// To be called once a batch.
    pub fn follow(&mut self, batch: &Batch) -> Result<(), Fault> {
        self.symbols.follow(&batch.columns[self.symbol])?;
        self.sides.follow(&batch.columns[self.side])?;
        if let Some(at) = self.fee_currency {
            self.fee_currencies.follow(&batch.columns[at])?;
        }
        if let Some(at) = self.liquidity {
            self.liquidities.follow(&batch.columns[at])?;
        }
        Ok(())
    }

    /// What a row says, or why it cannot be a fill.
    pub fn read(&mut self, batch: &Batch, row: usize, params: &Params, lexicons: &Lexicons) -> Result<Result<Fill, Refusal>, Fault> {
        let column = |at: usize| &batch.columns[at];
        if !column(self.ts).is_valid(row) {
            return Ok(Err(Refusal::TsMissing));
        }
        if !column(self.account).is_valid(row) {
            return Ok(Err(Refusal::AccountMissing));
        }
        if !column(self.symbol).is_valid(row) {
            return Ok(Err(Refusal::SymbolMissing));
        }
        let symbol = self.symbols.id(column(self.symbol), row, &lexicons.symbols)?;
        let Some((symbol, instrument)) = symbol.and_then(|id| Some((id, params.instruments.get(id as usize)?))) else {
            return Ok(Err(Refusal::SymbolUnknown));
        };
        if !column(self.side).is_valid(row) {
            return Ok(Err(Refusal::SideMissing));
        }
        let Some(side) = self.sides.id(column(self.side), row, &self.side_words)? else { return Ok(Err(Refusal::SideUnknown)) };
        let priced = if !column(self.price).is_valid(row) {
            Err(Refusal::PriceMissing)
        } else if self.in_ticks {
            price_of_ticks(column(self.price).i64s()?[row])
        } else {
            price_of(column(self.price).f64s()?[row], instrument)
        };
        let sized = if !column(self.size).is_valid(row) {
            Err(Refusal::SizeMissing)
        } else if self.in_lots {
            Some(column(self.size).i64s()?[row]).filter(|lots| *lots > 0).ok_or(Refusal::SizeNotPositive)
        } else {
            lots_of(column(self.size).f64s()?[row], instrument)
        };
        let (price, lots) = match (priced, sized) {
            (Ok(price), Ok(lots)) => (price, lots),
            (Err(refusal), _) | (_, Err(refusal)) => return Ok(Err(refusal)),
        };
        let Some(notional) = (i128::from(price) * i128::from(lots)).checked_mul(instrument.point).and_then(i128::checked_abs) else {
            return Ok(Err(Refusal::AmountOutOfRange));
        };
        let charged = self.fee(batch, row, notional, instrument.currency, params, lexicons)?;
        let ts_ns = column(self.ts).i64s()?[row];
        let signed = if side == 0 { lots } else { -lots };
        Ok(charged.map(|(fee, fee_currency)| Fill { ts_ns, symbol, signed, price, notional, fee, fee_currency }))
    }

    /// The fee that the row tells, else that of its part in the execution.
    fn fee(
        &mut self,
        batch: &Batch,
        row: usize,
        notional: i128,
        own: usize,
        params: &Params,
        lexicons: &Lexicons,
    ) -> Result<Result<(i128, usize), Refusal>, Fault> {
        let Some(at) = self.fee else {
            let maker = match self.liquidity {
                Some(at) if batch.columns[at].is_valid(row) => self.liquidities.id(&batch.columns[at], row, &self.maker_word)?.is_some(),
                _ => false,
            };
            let fee = mul_div(notional, if maker { params.maker } else { params.taker }, SHARE_ONE);
            return Ok(fee.map(|fee| (fee, own)).ok_or(Refusal::AmountOutOfRange));
        };
        if !batch.columns[at].is_valid(row) {
            return Ok(Ok((0, own)));
        }
        let value = batch.columns[at].f64s()?[row];
        if !value.is_finite() {
            return Ok(Err(Refusal::FeeNotFinite));
        }
        let Some(fee) = units_of(value) else { return Ok(Err(Refusal::FeeOutOfRange)) };
        Ok(match self.fee_currency {
            Some(at) if batch.columns[at].is_valid(row) => {
                let currency = self.fee_currencies.id(&batch.columns[at], row, &lexicons.currencies)?;
                currency.map(|currency| (fee, currency as usize)).ok_or(Refusal::CurrencyUnknown)
            }
            _ => Ok((fee, own)),
        })
    }
}

/// Words of the parameters, by number.
pub struct Lexicons {
    /// Instruments first, as in the parameters, then symbols that only give rates.
    pub symbols: Lexicon,
    pub currencies: Lexicon,
}

/// A price in thousandths of a tick.
pub fn price_of_ticks(ticks: i64) -> Result<i64, Refusal> {
    ticks.checked_mul(1000).ok_or(Refusal::PriceOutOfRange)
}

/// The same of a Float64, to the nearest.
pub fn price_of(price: f64, instrument: &Instrument) -> Result<i64, Refusal> {
    if !price.is_finite() {
        return Err(Refusal::PriceNotFinite);
    }
    let thousandths = (price / instrument.tick * 1000.0).round();
    if thousandths.abs() <= MOST_PRICE { Ok(thousandths as i64) } else { Err(Refusal::PriceOutOfRange) }
}

/// A positive size in lots: a multiple when it is within one part in 10^9 of one, and never more than a hundredth of a lot away.
fn lots_of(size: f64, instrument: &Instrument) -> Result<i64, Refusal> {
    if !size.is_finite() {
        return Err(Refusal::SizeNotFinite);
    }
    if size <= 0.0 {
        return Err(Refusal::SizeNotPositive);
    }
    let quotient = size / instrument.lot;
    let nearest = quotient.round();
    if nearest > MOST_LOTS {
        return Err(Refusal::SizeOutOfRange);
    }
    if nearest < 1.0 || (quotient - nearest).abs() > (quotient * 1e-9).min(0.01) {
        return Err(Refusal::SizeOffLot);
    }
    Ok(nearest as i64)
}
