use crate::fault::Fault;
use crate::money::{mul_div, read_wide, write_wide};
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;
use std::collections::VecDeque;

/// Which purchase a sale is set against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    Fifo,
    Lifo,
    Average,
}

/// Lots of one price that are still open.
#[derive(Debug, Clone, Copy)]
struct Open {
    lots: i64,
    /// Thousandths of a tick.
    price: i64,
}

/// What an account holds of an instrument. Money is in 10^-18 of the instrument's currency.
#[derive(Debug, Default)]
pub struct Position {
    pub symbol: u32,
    /// Below zero: short. Never `i64::MIN`.
    pub lots: i64,
    /// What the open lots were bought for; below zero what a short position was sold for.
    pub cost: i128,
    pub realised: i128,
    /// Fees charged in the instrument's currency.
    pub fees: i128,
    /// Price of the last fill, thousandths of a tick.
    pub last: i64,
    /// Market value, of the market that its account has seen; None when it is beyond what is counted.
    pub value: Option<i128>,
    /// Oldest first, neighbours of different prices; empty with average cost.
    open: VecDeque<Open>,
}

impl Position {
    pub fn of(symbol: u32) -> Self {
        Self { symbol, value: Some(0), ..Self::default() }
    }

    /// Takes a fill of `signed` lots (not zero; below zero: sold) and returns by how much cost and realised profit changed.
    ///
    /// `point` is money per lot and thousandth of a tick. The caller has made sure that the sum of all notionals of the account fits
    /// int128, which bounds every product here, and that the new position fits int64.
    /// A fill through zero closes what is open and opens the rest on the other side at its price.
    pub fn fill(&mut self, method: Method, signed: i64, price: i64, point: i128) -> Result<(i128, i128), Fault> {
        let (cost, realised) = (self.cost, self.realised);
        let money = |lots: i64| i128::from(lots) * i128::from(price) * point;
        let side = self.lots.signum();
        let closing = if side * signed.signum() < 0 { self.lots.abs().min(signed.saturating_abs()) } else { 0 };
        if closing > 0 {
            let removed = if method == Method::Average {
                mul_div(self.cost, i128::from(closing), i128::from(self.lots.abs())).ok_or_else(overflow)?
            } else {
                i128::from(side) * self.close(method, closing, point)
            };
            self.realised += money(side * closing) - removed;
            self.cost -= removed;
            self.lots -= side * closing;
        }
        let opening = signed + side * closing;
        if opening != 0 {
            self.cost += money(opening);
            self.lots += opening;
            if method != Method::Average {
                self.open(opening.abs(), price);
            }
        }
        self.last = price;
        Ok((self.cost - cost, self.realised - realised))
    }

    fn open(&mut self, lots: i64, price: i64) {
        match self.open.back_mut() {
            Some(last) if last.price == price => last.lots += lots,
            _ => self.open.push_back(Open { lots, price }),
        }
    }

    /// Takes so many open lots away, oldest or newest first; what they were opened for.
    fn close(&mut self, method: Method, mut lots: i64, point: i128) -> i128 {
        let mut cost = 0;
        while lots > 0 {
            let end = if method == Method::Fifo { self.open.front_mut() } else { self.open.back_mut() };
            let Some(open) = end else { break };
            let taken = lots.min(open.lots);
            cost += i128::from(taken) * i128::from(open.price) * point;
            open.lots -= taken;
            lots -= taken;
            if open.lots == 0 {
                if method == Method::Fifo {
                    self.open.pop_front()
                } else {
                    self.open.pop_back()
                };
            }
        }
        cost
    }

    /// Market value at a price; None beyond `limit`.
    pub fn worth(&self, price: i64, point: i128, limit: i128) -> Option<i128> {
        let value = (i128::from(self.lots) * i128::from(price)).checked_mul(point)?;
        (-limit..=limit).contains(&value).then_some(value)
    }

    pub fn write(&self, into: &mut Writer) {
        [self.lots, self.last].iter().for_each(|value| into.i64(*value));
        [self.cost, self.realised, self.fees].iter().for_each(|value| write_wide(*value, into));
        into.count(self.open.len());
        for open in &self.open {
            into.i64(open.lots);
            into.i64(open.price);
        }
    }

    pub fn read(symbol: u32, from: &mut Reader) -> Result<Self, Fault> {
        let (lots, last) = (from.i64()?, from.i64()?);
        let (cost, realised, fees) = (read_wide(from)?, read_wide(from)?, read_wide(from)?);
        let mut open = VecDeque::new();
        for _ in 0..from.count()? {
            open.push_back(Open { lots: from.i64()?, price: from.i64()? });
        }
        Ok(Self { symbol, lots, cost, realised, fees, last, value: None, open })
    }
}

pub fn overflow() -> Fault {
    Fault::new("money-overflow", "an amount passed int128 though the turnover of its account does not")
}
