use crate::book::Book;
use crate::event::Sink;
use crate::instruction::{Conditions, Given, Refusal};
use crate::order::Place;
use crate::words::{Phase, Reason, Status, TimeInForce};

impl Book {
    /// Section 10 at the time that `advance` has reached. Errors: what `Conditions::check` finds.
    pub fn set<S: Sink>(&mut self, conditions: &Conditions, sink: &mut S) -> Result<(), Refusal> {
        conditions.check()?;
        self.limit(conditions);
        if conditions.lower.is_some() || conditions.upper.is_some() {
            let (lower, upper) = (self.lower, self.upper);
            self.end_all(Status::Canceled, Reason::PriceBand, sink, |order| {
                order.traits.has_price() && !(lower..=upper).contains(&order.price)
            });
        }
        if let Given::Is(phase) = conditions.phase
            && phase != self.phase
        {
            self.change_phase(phase, sink);
        }
        self.close(sink);
        Ok(())
    }

    /// Bands, reference and increments.
    pub(crate) fn limit(&mut self, conditions: &Conditions) {
        self.lower = conditions.lower.unwrap_or(self.lower);
        self.upper = conditions.upper.unwrap_or(self.upper);
        self.reference = conditions.reference.or(self.reference);
        self.increment_ticks = conditions.increment_ticks.unwrap_or(self.increment_ticks);
        self.increment_lots = conditions.increment_lots.unwrap_or(self.increment_lots);
    }

    fn change_phase<S: Sink>(&mut self, to: Phase, sink: &mut S) {
        let from = std::mem::replace(&mut self.phase, to);
        self.changes += 1;
        self.indicative.forget();
        if to == Phase::Continuous || (from == Phase::Auction && to == Phase::Closed) {
            self.uncross(sink);
        }
        if from == Phase::Auction {
            self.end_all(Status::Canceled, Reason::NoLiquidity, sink, |order| order.place == Place::Market);
        }
        match to {
            Phase::Continuous => {
                if let Some(last) = self.last {
                    self.look(last);
                }
            }
            Phase::Auction => self.end_all(Status::Canceled, Reason::Phase, sink, |order| {
                order.place != Place::Waiting && (order.traits.all_or_none() || order.traits.reduce_only())
            }),
            Phase::Closed => {
                self.end_all(Status::Expired, Reason::Day, sink, |order| order.traits.time_in_force() == TimeInForce::Day);
            }
            Phase::Halt => {}
        }
    }
}
