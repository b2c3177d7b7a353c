use super::book::Position;
use super::market::Market;
use super::params::Instrument;
use crate::fault::Fault;
use crate::money::{RATE_ONE, mul_div};
use crate::money::{read_wide, write_wide};
use crate::snapshot::{Reader, Writer};

/// Most that notionals, fees and deposits of an account may come to together, 10^-18: no sum of its ledgers passes int128 then.
const MOST_TURNOVER: i128 = 40_000_000_000_000_000_000_000_000_000_000_000_000;

/// What an account has in one currency, 10^-18 of it.
///
/// cash = deposits + realised - fees - cost, so that cash + value = equity and realised + (value - cost) - fees = equity - deposits.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    pub deposits: i128,
    pub realised: i128,
    pub fees: i128,
    /// Cost of the open positions.
    pub cost: i128,
    /// Market value of the positions; None when one of them is beyond what is counted.
    pub value: Option<i128>,
    /// Deposits in base currency, each at the rate of its time; None beyond int128.
    settled: Option<i128>,
    /// Deposits that came before the first rate.
    unsettled: i128,
}

impl Ledger {
    fn new() -> Self {
        Self { value: Some(0), settled: Some(0), ..Self::default() }
    }

    pub fn cash(&self) -> i128 {
        self.deposits + self.realised - self.fees - self.cost
    }

    pub fn unrealised(&self) -> Option<i128> {
        self.value.map(|value| value - self.cost)
    }

    /// Nothing was ever here, or nothing is left of it.
    pub fn is_empty(&self) -> bool {
        [self.deposits, self.realised, self.fees, self.cost, self.unsettled] == [0; 5] && self.value == Some(0) && self.settled == Some(0)
    }

    /// What waited for a rate is worth this much in base currency.
    pub fn settle(&mut self, rate: i128) {
        let waiting = mul_div(std::mem::take(&mut self.unsettled), rate, RATE_ONE);
        self.settled = self.settled.zip(waiting).and_then(|(settled, waiting)| settled.checked_add(waiting));
    }
}

/// An account in base currency, 10^-18. equity = cash + value = deposits + realised + unrealised - fees + translation.
#[derive(Debug, Default)]
pub struct Equity {
    pub cash: i128,
    pub value: i128,
    pub deposits: i128,
    pub realised: i128,
    pub unrealised: i128,
    pub fees: i128,
    /// What deposits in other currencies have gained since, by rates that moved.
    pub translation: i128,
}

#[derive(Debug)]
pub struct Account {
    /// In the order in which they were first traded.
    pub positions: Vec<Position>,
    /// By currency.
    pub ledgers: Vec<Ledger>,
    turnover: i128,
    /// Version of the market that values are of.
    seen: u64,
}

impl Account {
    pub fn new(currencies: usize) -> Self {
        Self { positions: Vec::new(), ledgers: vec![Ledger::new(); currencies], turnover: 0, seen: 0 }
    }

    /// Counts an amount towards the turnover; false, and nothing changed, when it would be too much.
    pub fn turns(&mut self, amounts: [i128; 2]) -> bool {
        let sum = amounts.iter().try_fold(self.turnover, |sum, amount| sum.checked_add(amount.checked_abs()?));
        match sum {
            Some(sum) if sum <= MOST_TURNOVER => {
                self.turnover = sum;
                true
            }
            _ => false,
        }
    }

    /// Money that comes in from outside.
    pub fn deposit(&mut self, currency: usize, units: i128, rate: Option<i128>) {
        let ledger = &mut self.ledgers[currency];
        ledger.deposits += units;
        ledger.unsettled += units;
        if let Some(rate) = rate {
            ledger.settle(rate);
        }
    }

    /// Brings the values of all positions up to the market.
    pub fn refresh(&mut self, market: &Market, instruments: &[Instrument], limit: i128) {
        if self.seen == market.version {
            return;
        }
        self.seen = market.version;
        for position in &mut self.positions {
            let price = market.mark(position.symbol).unwrap_or(position.last);
            position.value = position.worth(price, instruments[position.symbol as usize].point, limit);
        }
        for currency in 0..self.ledgers.len() {
            self.sum_values(currency, instruments);
        }
    }

    /// The value of a position has changed to this.
    pub fn revalue(&mut self, at: usize, value: Option<i128>, instruments: &[Instrument]) {
        let position = &mut self.positions[at];
        let before = std::mem::replace(&mut position.value, value);
        let currency = instruments[position.symbol as usize].currency;
        match (self.ledgers[currency].value, before, value) {
            (Some(sum), Some(before), Some(value)) => self.ledgers[currency].value = Some(sum - before + value),
            _ => self.sum_values(currency, instruments),
        }
    }

    /// Values are within a limit such that a sum over all instruments fits int128.
    fn sum_values(&mut self, currency: usize, instruments: &[Instrument]) {
        let values = self.positions.iter().filter(|position| instruments[position.symbol as usize].currency == currency);
        self.ledgers[currency].value = values.map(|position| position.value).sum();
    }

    /// Everything in base currency; None while a rate or a value is missing.
    pub fn equity(&self, market: &Market) -> Option<Equity> {
        let mut all = Equity::default();
        for (ledger, (rate, floating)) in self.ledgers.iter().zip(market.rates()) {
            if ledger.is_empty() {
                continue;
            }
            let rate = rate?;
            let based = |units: i128| mul_div(units, rate, RATE_ONE);
            let (deposits, realised, fees, cost) =
                (based(ledger.deposits)?, based(ledger.realised)?, based(ledger.fees)?, based(ledger.cost)?);
            let unrealised = based(ledger.unrealised()?)?;
            let settled = if floating { ledger.settled? } else { deposits };
            all.cash = total(all.cash, [deposits, realised, fees.checked_neg()?, cost.checked_neg()?])?;
            all.value = total(all.value, [cost, unrealised])?;
            all.deposits = total(all.deposits, [settled])?;
            all.realised = total(all.realised, [realised])?;
            all.unrealised = total(all.unrealised, [unrealised])?;
            all.fees = total(all.fees, [fees])?;
            all.translation = total(all.translation, [deposits, settled.checked_neg()?])?;
        }
        all.cash.checked_add(all.value)?;
        Some(all)
    }

    pub fn write(&self, into: &mut Writer) {
        write_wide(self.turnover, into);
        for ledger in &self.ledgers {
            let settled = ledger.settled.unwrap_or_default();
            for value in [ledger.deposits, ledger.realised, ledger.fees, ledger.cost, ledger.unsettled, settled] {
                write_wide(value, into);
            }
            into.u32(u32::from(ledger.settled.is_some()));
        }
        into.count(self.positions.len());
        for position in &self.positions {
            into.u32(position.symbol);
            position.write(into);
        }
    }

    /// `currencies` and `symbols` give today's number of each number in the snapshot.
    pub fn read(from: &mut Reader, all: usize, currencies: &[usize], symbols: &[Option<u32>]) -> Result<Self, Fault> {
        let mut account = Self::new(all);
        account.turnover = read_wide(from)?;
        for currency in currencies {
            let mut values = [0; 6];
            for value in &mut values {
                *value = read_wide(from)?;
            }
            let [deposits, realised, fees, cost, unsettled, settled] = values;
            let settled = (from.u32()? != 0).then_some(settled);
            account.ledgers[*currency] = Ledger { deposits, realised, fees, cost, value: None, settled, unsettled };
        }
        for _ in 0..from.count()? {
            let symbol = symbols.get(from.u32()? as usize).copied().flatten();
            let symbol =
                symbol.ok_or_else(|| Fault::new("snapshot-foreign", "the snapshot holds a position in a symbol that is not listed"))?;
            account.positions.push(Position::read(symbol, from)?);
        }
        Ok(account)
    }
}

fn total<const N: usize>(from: i128, parts: [i128; N]) -> Option<i128> {
    parts.iter().try_fold(from, |sum, part| sum.checked_add(*part))
}
