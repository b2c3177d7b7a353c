use super::params::{Instrument, Params, Sizing};
use crate::column::Batch;
use crate::fault::Fault;

/// Keeps sizes that are whole lots from being missed by a rounding.
const EXACT: f64 = 1e-9;
/// Most lots of a position: what a Float64 counts exactly.
const MOST_LOTS: f64 = 9_007_199_254_740_991.0;

/// How many lots a position is to have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    Lots(i64),
    /// As many as `max_position` lets.
    Limited(i64),
    /// The rule gives none: why.
    None(&'static str),
}

fn value(batch: &Batch, column: usize, row: usize) -> Result<f64, Fault> {
    Ok(batch.columns[column].f64s()?[row])
}

/// Lots of a position on a side. Source of Kelly's fraction: J. L. Kelly (1956), The Bell System Technical Journal 35.
pub fn size(params: &Params, instrument: &Instrument, batch: &Batch, row: usize, buys: bool) -> Result<Size, Fault> {
    let wanted = match params.sizing {
        Sizing::Lots { lots } => lots,
        Sizing::FixedFraction { fraction } => lots_of(params, instrument, batch, row, fraction)?,
        Sizing::VolatilityTarget { target, column, cap } => {
            let volatility = value(batch, column, row)?;
            if volatility <= 0.0 {
                return Ok(Size::None("the volatility is not above 0"));
            }
            lots_of(params, instrument, batch, row, (target / volatility).min(cap))?
        }
        Sizing::Kelly { column, odds, multiple, cap } => {
            let up = value(batch, column, row)?;
            let wins = if buys { up } else { 1.0 - up };
            let fraction = multiple * (wins - (1.0 - wins) / odds);
            if fraction <= 0.0 {
                return Ok(Size::None("kelly gives no size"));
            }
            lots_of(params, instrument, batch, row, fraction.min(cap))?
        }
    };
    let most = params.max_position.map_or(MOST_LOTS, |most| (most / instrument.lot + EXACT).floor().min(MOST_LOTS));
    let lots = (wanted + EXACT).floor();
    Ok(if lots > most {
        Size::Limited(most as i64)
    } else if lots < 1.0 {
        Size::None("the size is below one lot")
    } else {
        Size::Lots(lots as i64)
    })
}

fn lots_of(params: &Params, instrument: &Instrument, batch: &Batch, row: usize, fraction: f64) -> Result<f64, Fault> {
    let price = value(batch, params.price, row)?;
    Ok(fraction * params.capital / (price * instrument.contract * instrument.lot))
}

/// The limit of an order: the price on its own side of the tick it falls on, and `offset_ticks` beyond. It may be below 1 tick.
pub fn limit_ticks(params: &Params, instrument: &Instrument, price: f64, buys: bool) -> i64 {
    let ticks = price / instrument.tick;
    let most = MOST_LOTS;
    if buys {
        ((ticks + EXACT).floor().min(most) as i64).saturating_add(params.offset_ticks)
    } else {
        ((ticks - EXACT).ceil().min(most) as i64).saturating_sub(params.offset_ticks)
    }
}
